// Pre-tokenizers one after another: each cuts the pieces of the one before.

namespace Idem.Tokenizers;

internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public const string Type = "Sequence";

    public bool NeedsTrace => steps.Any(step => step.NeedsTrace);

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        var current = new List<TracedText> { text };
        foreach (IPreTokenizer step in steps)
        {
            var next = new List<TracedText>();
            foreach (TracedText piece in current)
            {
                step.PreTokenize(piece, next);
            }

            current = next;
        }

        pieces.AddRange(current);
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("pretokenizers");
        json.BeginArray();
        foreach (IPreTokenizer step in steps)
        {
            step.Write(json);
        }

        json.EndArray();
        json.EndObject();
    }

    public static SequencePreTokenizer Read(JsonNode node) =>
        new([.. node.Required("pretokenizers").Items().Select(IPreTokenizer.Read)]);
}
