// Cuts at the matches of a pattern.

namespace Idem.Tokenizers;

internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public const string Type = "Split";

    public void PreTokenize(TracedText text, List<TracedText> pieces) =>
        SplitBehaviors.Cut(text, SplitBehaviors.ByPattern(text.Text, pattern, invert), behavior, pieces);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("pattern");
        pattern.Write(json);
        json.Member("behavior", behavior.ToString());
        json.Member("invert", invert);
        json.EndObject();
    }

    public static SplitPreTokenizer Read(JsonNode node) => new(
        TextPattern.Read(node.Required("pattern")),
        SplitBehaviors.Read(node.Required("behavior")),
        node.Flag("invert", absent: false));
}
