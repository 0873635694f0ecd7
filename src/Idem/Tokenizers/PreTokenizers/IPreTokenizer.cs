// Second stage: cuts a text into the pieces that the model may not join. A pre-tokenizer may also respell a piece.

namespace Idem.Tokenizers;

internal interface IPreTokenizer
{
    /// <summary>Appends the pieces of one piece, in order; empty pieces are never appended.</summary>
    void PreTokenize(string text, List<string> pieces);

    void Write(JsonText json);

    static IPreTokenizer Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelPreTokenizer.Type => ByteLevelPreTokenizer.Read(node),
        SplitPreTokenizer.Type => SplitPreTokenizer.Read(node),
        SequencePreTokenizer.Type => SequencePreTokenizer.Read(node),
        var type => throw node.Unsupported($"the pre-tokenizer '{type}'"),
    };
}
