// Ordinal order by Unicode code point, which is the order of UTF-8 bytes. string.CompareOrdinal goes by UTF-16 units and puts
// astral characters before U+E000.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class CodePointOrder : IComparer<string>
{
    public static readonly CodePointOrder Instance = new();

    public int Compare(string? x, string? y) =>
        Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
