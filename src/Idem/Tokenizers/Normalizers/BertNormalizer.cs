// BERT's clean-up: control characters go and white space becomes U+0020; Chinese characters stand alone; accents go; lower case.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class BertNormalizer(bool cleanText, bool handleChineseChars, bool? stripAccents, bool lowercase) : INormalizer
{
    public const string Type = "BertNormalizer";

    public TracedText Normalize(TracedText text)
    {
        if (cleanText)
        {
            text = CharacterFilter.Map(CharacterFilter.Keep(text, IsKept), static code => IsWhiteSpace(code) ? ' ' : code);
        }

        if (handleChineseChars)
        {
            text = SetApart(text);
        }

        if (stripAccents ?? lowercase)
        {
            text = CharacterFilter.Keep(
                UnicodeForm.Decompose(text, compatible: false),
                static code => code < 0x300 || !CharacterSet.NonspacingMark.Contains(code));
        }

        return lowercase ? LowercaseNormalizer.Apply(text) : text;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("clean_text", cleanText);
        json.Member("handle_chinese_chars", handleChineseChars);
        json.Name("strip_accents");
        if (stripAccents is { } strip)
        {
            json.Value(strip);
        }
        else
        {
            json.Null();
        }

        json.Member("lowercase", lowercase);
        json.EndObject();
    }

    public static BertNormalizer Read(JsonNode node) => new(
        node.Required("clean_text").Flag(),
        node.Required("handle_chinese_chars").Flag(),
        node.Optional("strip_accents")?.Flag(),
        node.Required("lowercase").Flag());

    private static bool IsKept(int code) =>
        code is '\t' or '\n' or '\r' || (code is not (0 or 0xFFFD) && !CharacterSet.Control.Contains(code));

    private static bool IsWhiteSpace(int code) => CharacterClasses.Of(code).IsWhiteSpace();

    private static TracedText SetApart(TracedText text)
    {
        if (!text.Text.AsSpan().ContainsAnyInRange('\u3400', '\uFAFF'))
        {
            return text;
        }

        var result = new TextRewriter(text);
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            if (IsChinese(rune.Value))
            {
                // These changes, odd as they look, are the library's; they decide offsets.
                result.Put(' ', 0);
                result.Put(rune.Value, 1);
                result.Put(' ', 1);
            }
            else
            {
                result.Put(rune.Value, 0);
            }
        }

        return result.ToText();
    }

    // The library's own ranges: extension E begins at U+2B920 there, 0x100 later than it does.
    private static bool IsChinese(int code) => code is
        (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F);
}
