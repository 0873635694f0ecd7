// Normalization forms C, D, KC and KD (Unicode Standard Annex #15) by the tables of Unicode 9.0, because those are the tables
// of Hugging Face's tokenizers library: later characters pass through unchanged there, so they must here for the ids to be
// equal. The runtime's own normalization is not used: it does nothing under invariant globalization.
//
// Each character of a result carries a change in the sense of TextRewriter, so that offsets can follow.

using System.Text;

namespace Idem.Tokenizers;

internal static class UnicodeForm
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Dictionary<int, byte> CombiningClass = [];
    private static readonly Dictionary<int, int[]> Decomposition = [];
    private static readonly Dictionary<(int First, int Second), int> Composition = [];
    private static readonly Lazy<Dictionary<int, int[]>> Compatibility = new(ReadCompatibility);

    static UnicodeForm()
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
            int[] parts = Parts(line[(sign + 1)..]);
            Decomposition.Add(code, parts);
            if (line[sign] == '=')
            {
                Composition.Add((parts[0], parts[1]), code);
            }
        }
    }

    /// <summary>The text in form C, or KC where compatible.</summary>
    public static TracedText Compose(TracedText text, bool compatible)
    {
        // Below U+0300 every character is its own composed form and combines with nothing before it; below U+00A0 in KC too.
        if (!text.Text.AsSpan().ContainsAnyExceptInRange('\0', compatible ? '\u009F' : '\u02FF'))
        {
            return text;
        }

        List<(int Code, int Change)> characters = Decomposed(text.Text, compatible);
        Recompose(characters);
        return Rewrite(text, characters);
    }

    /// <summary>The text in form D, or KD where compatible.</summary>
    public static TracedText Decompose(TracedText text, bool compatible) =>
        text.Text.AsSpan().ContainsAnyExceptInRange('\0', '\u009F') ? Rewrite(text, Decomposed(text.Text, compatible)) : text;

    private static TracedText Rewrite(TracedText text, List<(int Code, int Change)> characters)
    {
        var result = new TextRewriter(text);
        foreach ((int code, int change) in characters)
        {
            result.Put(code, change);
        }

        return result.ToText();
    }

    private static List<(int Code, int Change)> Decomposed(string text, bool compatible)
    {
        var characters = new List<(int Code, int Change)>(text.Length);
        int unordered = 0; // characters[unordered..] is a run of non-starters still to be sorted
        foreach (Rune rune in text.EnumerateRunes())
        {
            int before = characters.Count;
            Append(rune.Value, characters, compatible);
            for (int i = before; i < characters.Count; i++)
            {
                characters[i] = (characters[i].Code, i > before ? 1 : 0);
                if (ClassOf(characters[i].Code) == 0)
                {
                    SortRun(characters, unordered, i);
                    unordered = i + 1;
                }
            }
        }

        SortRun(characters, unordered, characters.Count);
        return characters;
    }

    private static void Append(int code, List<(int Code, int Change)> characters, bool compatible)
    {
        int syllable = code - HangulBase;
        if ((uint)syllable < HangulCount)
        {
            characters.Add((LeadBase + (syllable / (VowelCount * TrailCount)), 0));
            characters.Add((VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount), 0));
            if (syllable % TrailCount != 0)
            {
                characters.Add((TrailBase + (syllable % TrailCount), 0));
            }
        }
        else if (compatible && Compatibility.Value.TryGetValue(code, out int[]? whole))
        {
            characters.AddRange(whole.Select(part => (part, 0)));
        }
        else if (Decomposition.TryGetValue(code, out int[]? parts))
        {
            foreach (int part in parts)
            {
                Append(part, characters, compatible);
            }
        }
        else
        {
            characters.Add((code, 0));
        }
    }

    // Canonical ordering is a stable sort of each run of non-starters by combining class.
    private static void SortRun(List<(int Code, int Change)> characters, int start, int end)
    {
        if (end - start < 2)
        {
            return;
        }

        (int, int)[] sorted = [.. characters.GetRange(start, end - start).OrderBy(character => ClassOf(character.Code))];
        for (int i = 0; i < sorted.Length; i++)
        {
            characters[start + i] = sorted[i];
        }
    }

    private static void Recompose(List<(int Code, int Change)> characters)
    {
        int starter = -1; // index of the last starter kept
        int lastClass = -1; // class of the last character kept after it, -1 right after the starter
        int kept = 0;
        for (int i = 0; i < characters.Count; i++)
        {
            (int code, int change) = characters[i];
            int cls = ClassOf(code);
            if (starter >= 0 && lastClass < cls && TryCompose(characters[starter].Code, code, out int composed))
            {
                characters[starter] = (composed, characters[starter].Change + change - 1);
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

            characters[kept++] = (code, change);
        }

        characters.RemoveRange(kept, characters.Count - kept);
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

    private static int[] Parts(string codes) => [.. codes.Split(' ').Select(part => UnicodeTable.Hex(part))];

    private static Dictionary<int, int[]> ReadCompatibility() =>
        UnicodeTable.Lines("nfkd-9.0.txt").Select(line => line.Split('=')).ToDictionary(
            pair => UnicodeTable.Hex(pair[0]), pair => Parts(pair[1]));
}
