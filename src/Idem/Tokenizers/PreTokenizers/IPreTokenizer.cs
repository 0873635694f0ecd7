// Second stage: cuts a text into the pieces that the model may not join. A pre-tokenizer may also respell a piece.

namespace Idem.Tokenizers;

internal interface IPreTokenizer
{
    /// <summary>Whether the pieces depend on where in the text as given they stand, so that it must be traced.</summary>
    bool NeedsTrace => false;

    /// <summary>Appends the pieces of one piece, in order; empty pieces are never appended.</summary>
    void PreTokenize(TracedText text, List<TracedText> pieces);

    void Write(JsonText json);

    static IPreTokenizer Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelPreTokenizer.Type => ByteLevelPreTokenizer.Read(node),
        SplitPreTokenizer.Type => SplitPreTokenizer.Read(node),
        SequencePreTokenizer.Type => SequencePreTokenizer.Read(node),
        MetaspacePreTokenizer.Type => MetaspacePreTokenizer.Read(node),
        WhitespacePreTokenizer.Type => new WhitespacePreTokenizer(),
        WhitespaceSplitPreTokenizer.Type => new WhitespaceSplitPreTokenizer(),
        BertPreTokenizer.Type => new BertPreTokenizer(),
        PunctuationPreTokenizer.Type => PunctuationPreTokenizer.Read(node),
        DigitsPreTokenizer.Type => DigitsPreTokenizer.Read(node),
        DelimiterPreTokenizer.Type => DelimiterPreTokenizer.Read(node),
        FixedLengthPreTokenizer.Type => FixedLengthPreTokenizer.Read(node),
        var type => throw node.Unsupported($"the pre-tokenizer '{type}'"),
    };
}
