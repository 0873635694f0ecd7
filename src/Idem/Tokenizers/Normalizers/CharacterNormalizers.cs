// Normalizers that look at one character at a time and have no settings.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class LowercaseNormalizer : INormalizer
{
    public const string Type = "Lowercase";

    public TracedText Normalize(TracedText text) => Apply(text);

    public void Write(JsonText json) => json.Tagged(Type);

    internal static TracedText Apply(TracedText text)
    {
        var result = new TextRewriter(text);
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            if (rune.Value == LowerCase.CapitalIWithDot)
            {
                result.Put(LowerCase.DotlessFirst, 0);
                result.Put(LowerCase.DotAbove, 1);
            }
            else
            {
                result.Put(LowerCase.Of(rune.Value), 0);
            }
        }

        return result.ToText();
    }
}

/// <summary>Drops combining marks.</summary>
internal sealed class StripAccentsNormalizer : INormalizer
{
    public const string Type = "StripAccents";

    public TracedText Normalize(TracedText text) =>
        CharacterFilter.Keep(text, static code => code < 0x300 || !CharacterSet.CombiningMark.Contains(code));

    public void Write(JsonText json) => json.Tagged(Type);
}

/// <summary>The clean-up of neural machine translation: control characters go, odd spaces become U+0020.</summary>
internal sealed class NmtNormalizer : INormalizer
{
    public const string Type = "Nmt";

    public TracedText Normalize(TracedText text) => CharacterFilter.Map(CharacterFilter.Keep(text, IsKept), ToSpace);

    public void Write(JsonText json) => json.Tagged(Type);

    private static bool IsKept(int code) =>
        code is not ((>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F);

    private static int ToSpace(int code) =>
        code is '\t' or '\n' or '\f' or '\r' or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD
            ? ' '
            : code;
}

/// <summary>Spells the text in the byte-level alphabet.</summary>
internal sealed class ByteLevelNormalizer : INormalizer
{
    public const string Type = ByteLevelPreTokenizer.Type;

    public TracedText Normalize(TracedText text) => ByteAlphabet.Spell(text);

    public void Write(JsonText json) => json.Tagged(Type);
}

internal static class CharacterFilter
{
    public static TracedText Keep(TracedText text, Func<int, bool> isKept)
    {
        var kept = new List<(int Code, int Change)>(text.Text.Length);
        int skipped = 0;
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            if (isKept(rune.Value))
            {
                kept.Add((rune.Value, 0));
            }
            else if (kept.Count == 0)
            {
                skipped++;
            }
            else
            {
                kept[^1] = (kept[^1].Code, kept[^1].Change - 1);
            }
        }

        var result = new TextRewriter(text, skipped);
        kept.ForEach(character => result.Put(character.Code, character.Change));
        return result.ToText();
    }

    public static TracedText Map(TracedText text, Func<int, int> map)
    {
        var result = new TextRewriter(text);
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            result.Put(map(rune.Value), 0);
        }

        return result.ToText();
    }
}
