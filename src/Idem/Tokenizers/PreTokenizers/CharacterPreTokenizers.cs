// Pre-tokenizers that cut by what each character is.

namespace Idem.Tokenizers;

/// <summary>Words and runs of other characters, <c>\w+|[^\w\s]+</c>; white space goes.</summary>
internal sealed class WhitespacePreTokenizer : IPreTokenizer
{
    public const string Type = "Whitespace";

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        int start = 0;
        CharacterClass before = CharacterClass.WhiteSpace;
        for (int i = 0; i < text.Text.Length;)
        {
            CharacterClass here = CharacterClasses.At(text.Text, i, out int length);
            if (here.IsWord() != before.IsWord() || here.IsWhiteSpace() != before.IsWhiteSpace())
            {
                Add(text, start, i, before, pieces);
                start = i;
            }

            before = here;
            i += length;
        }

        Add(text, start, text.Text.Length, before, pieces);
    }

    public void Write(JsonText json) => json.Tagged(Type);

    private static void Add(TracedText text, int start, int end, CharacterClass kind, List<TracedText> pieces)
    {
        if (end > start && !kind.IsWhiteSpace())
        {
            pieces.Add(text.Slice(start, end));
        }
    }
}

/// <summary>Cuts at white space, which goes.</summary>
internal sealed class WhitespaceSplitPreTokenizer : IPreTokenizer
{
    public const string Type = "WhitespaceSplit";

    public void PreTokenize(TracedText text, List<TracedText> pieces) => Cut(text, pieces);

    public void Write(JsonText json) => json.Tagged(Type);

    internal static void Cut(TracedText text, List<TracedText> pieces) => SplitBehaviors.Cut(
        text,
        SplitBehaviors.ByCharacter(text.Text, static code => CharacterClasses.Of(code).IsWhiteSpace()),
        SplitBehavior.Removed,
        pieces);
}

/// <summary>Cuts at white space, which goes, and sets punctuation apart.</summary>
internal sealed class BertPreTokenizer : IPreTokenizer
{
    public const string Type = "BertPreTokenizer";

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        var words = new List<TracedText>();
        WhitespaceSplitPreTokenizer.Cut(text, words);
        foreach (TracedText word in words)
        {
            PunctuationPreTokenizer.Cut(word, SplitBehavior.Isolated, pieces);
        }
    }

    public void Write(JsonText json) => json.Tagged(Type);
}

/// <summary>Cuts at punctuation, ASCII symbols among it.</summary>
internal sealed class PunctuationPreTokenizer(SplitBehavior behavior) : IPreTokenizer
{
    public const string Type = "Punctuation";

    public void PreTokenize(TracedText text, List<TracedText> pieces) => Cut(text, behavior, pieces);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("behavior", behavior.ToString());
        json.EndObject();
    }

    public static PunctuationPreTokenizer Read(JsonNode node) =>
        new(node.Optional("behavior") is { } behavior ? SplitBehaviors.Read(behavior) : SplitBehavior.Isolated);

    internal static void Cut(TracedText text, SplitBehavior behavior, List<TracedText> pieces) =>
        SplitBehaviors.Cut(text, SplitBehaviors.ByCharacter(text.Text, CharacterSet.Punctuation.Contains), behavior, pieces);
}

/// <summary>Sets numbers apart, whole or each digit alone.</summary>
internal sealed class DigitsPreTokenizer(bool individualDigits) : IPreTokenizer
{
    public const string Type = "Digits";

    public void PreTokenize(TracedText text, List<TracedText> pieces) => SplitBehaviors.Cut(
        text,
        SplitBehaviors.ByCharacter(text.Text, CharacterSet.Numeric.Contains),
        individualDigits ? SplitBehavior.Isolated : SplitBehavior.Contiguous,
        pieces);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("individual_digits", individualDigits);
        json.EndObject();
    }

    public static DigitsPreTokenizer Read(JsonNode node) => new(node.Required("individual_digits").Flag());
}

/// <summary>Cuts at one character, which goes.</summary>
internal sealed class DelimiterPreTokenizer(string delimiter) : IPreTokenizer
{
    public const string Type = "CharDelimiterSplit";

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        int code = char.ConvertToUtf32(delimiter, 0);
        SplitBehaviors.Cut(text, SplitBehaviors.ByCharacter(text.Text, c => c == code), SplitBehavior.Removed, pieces);
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("delimiter", delimiter);
        json.EndObject();
    }

    public static DelimiterPreTokenizer Read(JsonNode node) => new(node.Required("delimiter").Character());
}

/// <summary>Cuts into pieces of so many characters.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : IPreTokenizer
{
    public const string Type = "FixedLength";

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        for (int start = 0; start < text.Text.Length;)
        {
            int end = start;
            for (int i = 0; i < length && end < text.Text.Length; i++)
            {
                end += Scanners.LengthAt(text.Text, end);
            }

            pieces.Add(text.Slice(start, end));
            start = end;
        }
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("length", length);
        json.EndObject();
    }

    public static FixedLengthPreTokenizer Read(JsonNode node)
    {
        int length = node.Optional("length")?.Id() ?? 5;
        return length > 0 ? new FixedLengthPreTokenizer(length) : throw node.Error("a piece of length 0 holds nothing.");
    }
}
