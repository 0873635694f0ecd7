// "Ordinal name order" of tensors and files: by Unicode code point, which is the order of the UTF-8 bytes and of
// Python's and Rust's string comparison. string.CompareOrdinal differs above U+FFFF, so it is not used for formats.

using System.Buffers;
using System.Text;

namespace Idem.Formats;

/// <summary>Compares names by code point; the order every format of this project is sorted in.</summary>
public sealed class NameOrder : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static NameOrder Instance { get; } = new();

    private NameOrder()
    {
    }

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        int common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        return Weight(a[common]).CompareTo(Weight(b[common]));
    }

    /// <summary>Whether <paramref name="name"/> has a UTF-8 encoding (no lone surrogate).</summary>
    public static bool IsEncodable(string name)
    {
        ReadOnlySpan<char> rest = name;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int used) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[used..];
        }

        return true;
    }

    // Surrogates stand for code points above every other UTF-16 unit: move them past U+FFFF.
    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
