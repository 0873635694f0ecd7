// Normalization Form C (Unicode Standard Annex #15) by the tables of Unicode 9.0, because those are the tables of Hugging
// Face's tokenizers library: later characters pass through unchanged there, so they must here for the ids to be equal.
// The runtime's own normalization is not used: it does nothing under invariant globalization.

using System.Text;

namespace Idem.Tokenizers;

internal static class Nfc
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Dictionary<int, byte> CombiningClass = [];
    private static readonly Dictionary<int, int[]> Decomposition = [];
    private static readonly Dictionary<(int First, int Second), int> Composition = [];

    static Nfc()
    {
        foreach (string line in UnicodeTable.Lines("nfc-9.0.txt"))
        {
            int sign = line.AsSpan().IndexOfAny('=', '!');
            int dots = line.IndexOf("..", StringComparison.Ordinal);
            if (dots >= 0)
            {
                byte value = byte.Parse(line.AsSpan(sign + 1), System.Globalization.CultureInfo.InvariantCulture);
                int last = UnicodeTable.Hex(line.AsSpan(dots + 2, sign - dots - 2));
                for (int c = UnicodeTable.Hex(line.AsSpan(0, dots)); c <= last; c++)
                {
                    CombiningClass.Add(c, value);
                }

                continue;
            }

            int code = UnicodeTable.Hex(line.AsSpan(0, sign));
            int[] parts = [.. line[(sign + 1)..].Split(' ').Select(part => UnicodeTable.Hex(part))];
            Decomposition.Add(code, parts);
            if (line[sign] == '=')
            {
                Composition.Add((parts[0], parts[1]), code);
            }
        }
    }

    public static string Normalize(string text)
    {
        if (IsBelowCombining(text))
        {
            return text;
        }

        List<int> codes = Decompose(text);
        Compose(codes);
        var result = new StringBuilder(text.Length);
        foreach (int code in codes)
        {
            result.Append(new Rune(code).ToString());
        }

        return result.ToString();
    }

    // Every character below U+0300 is its own composed form and combines with nothing before it.
    private static bool IsBelowCombining(string text) => !text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF');

    private static List<int> Decompose(string text)
    {
        var codes = new List<int>(text.Length);
        int unordered = 0; // codes[unordered..] is a run of non-starters still to be sorted
        foreach (Rune rune in text.EnumerateRunes())
        {
            int before = codes.Count;
            Append(rune.Value, codes);
            for (int i = before; i < codes.Count; i++)
            {
                if (ClassOf(codes[i]) == 0)
                {
                    SortRun(codes, unordered, i);
                    unordered = i + 1;
                }
            }
        }

        SortRun(codes, unordered, codes.Count);
        return codes;
    }

    private static void Append(int code, List<int> codes)
    {
        int syllable = code - HangulBase;
        if ((uint)syllable < HangulCount)
        {
            codes.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            codes.Add(VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount != 0)
            {
                codes.Add(TrailBase + (syllable % TrailCount));
            }
        }
        else if (Decomposition.TryGetValue(code, out int[]? parts))
        {
            foreach (int part in parts)
            {
                Append(part, codes);
            }
        }
        else
        {
            codes.Add(code);
        }
    }

    // Canonical ordering is a stable sort of each run of non-starters by combining class.
    private static void SortRun(List<int> codes, int start, int end)
    {
        if (end - start < 2)
        {
            return;
        }

        int[] sorted = [.. codes.Skip(start).Take(end - start).OrderBy(ClassOf)];
        for (int i = 0; i < sorted.Length; i++)
        {
            codes[start + i] = sorted[i];
        }
    }

    private static void Compose(List<int> codes)
    {
        int starter = -1; // index of the last starter kept
        int lastClass = -1; // class of the last character kept after it, -1 right after the starter
        int kept = 0;
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i];
            int cls = ClassOf(code);
            if (starter >= 0 && lastClass < cls && TryCompose(codes[starter], code, out int composed))
            {
                codes[starter] = composed;
                continue;
            }

            if (cls == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else
            {
                lastClass = cls;
            }

            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            composed = HangulBase + (((lead * VowelCount) + vowel) * TrailCount);
            return true;
        }

        int syllable = first - HangulBase, trail = second - TrailBase;
        if ((uint)syllable < HangulCount && syllable % TrailCount == 0 && trail > 0 && trail < TrailCount)
        {
            composed = first + trail;
            return true;
        }

        return Composition.TryGetValue((first, second), out composed);
    }

    private static int ClassOf(int code) => CombiningClass.GetValueOrDefault(code);
}
