// Extended grapheme clusters (Unicode Standard Annex #29), as far as their one user can see them: the precompiled character map
// treats a cluster below six bytes of UTF-8 as a whole and any other character by character. Hangul syllables of several
// characters, pairs of regional indicators and Indic conjuncts have six bytes and more, so their rules are left out: cutting
// such a cluster apart changes nothing there.

using System.Text;

namespace Idem.Tokenizers;

internal static class GraphemeClusters
{
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>The end of the cluster that begins at <paramref name="start"/>.</summary>
    public static int NextEnd(ReadOnlySpan<char> text, int start)
    {
        int previous = Decode(text, start, out int length);
        int end = start + length;
        bool pictographic = CharacterSet.Pictographic.Contains(previous);
        while (end < text.Length)
        {
            int next = Decode(text, end, out length);
            if (!Joins(previous, next, pictographic))
            {
                return end;
            }

            pictographic = CharacterSet.Pictographic.Contains(next) || (pictographic && CharacterSet.Extender.Contains(next));
            previous = next;
            end += length;
        }

        return end;
    }

    // pictographic: what stands before is a pictograph and extenders
    private static bool Joins(int previous, int next, bool pictographic)
    {
        if (previous < 0x80 && next < 0x80)
        {
            return previous == '\r' && next == '\n';
        }

        return !CharacterSet.Separate.Contains(previous) && !CharacterSet.Separate.Contains(next)
            && (CharacterSet.Extender.Contains(next)
                || CharacterSet.Prepended.Contains(previous)
                || (previous == ZeroWidthJoiner && pictographic && CharacterSet.Pictographic.Contains(next)));
    }

    private static int Decode(ReadOnlySpan<char> text, int index, out int length)
    {
        Rune.DecodeFromUtf16(text[index..], out Rune rune, out length);
        return rune.Value;
    }
}
