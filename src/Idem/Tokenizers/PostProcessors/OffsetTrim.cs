// Leaves the white space at the ends of byte-level tokens out of their offsets, by the rules of Hugging Face's library: a blank
// that was put in front of the text has no place in it and takes nothing away.

using System.Text;

namespace Idem.Tokenizers;

internal sealed record OffsetTrim(bool AddPrefixSpace)
{
    private static readonly char Blank = ByteAlphabet.ToChar((byte)' ');

    /// <summary>The offsets, in characters, of a token.</summary>
    public (int Start, int End) Apply(string token, (int Start, int End) offsets, bool isFirst)
    {
        int leading = token.EnumerateRunes().TakeWhile(IsBlank).Count();
        int trailing = token.EnumerateRunes().Reverse().TakeWhile(IsBlank).Count();
        (int start, int end) = offsets;
        if (leading > 0)
        {
            bool isPutInFront = (isFirst || start == 0) && AddPrefixSpace && leading == 1;
            start = Math.Min(start + (isPutInFront ? 0 : leading), end);
        }

        if (trailing > 0 && end >= trailing)
        {
            end = Math.Max(end - trailing, start);
        }

        return (start, end);
    }

    private static bool IsBlank(Rune rune) => rune.Value == Blank || CharacterClasses.Of(rune.Value).IsWhiteSpace();
}
