// Cuts by a regular expression out of SplitPattern's list, every match a piece of its own ("Isolated"). No regular-expression
// engine runs: a pattern that is not in the list is refused, never approximated.

namespace Idem.Tokenizers;

internal sealed class SplitPreTokenizer(SplitPattern pattern) : IPreTokenizer
{
    public const string Type = "Split";

    public void PreTokenize(string text, List<string> pieces)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = pattern.NextEnd(text, start);
            pieces.Add(text[start..end]);
            start = end;
        }
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("pattern");
        json.BeginObject();
        json.Member("Regex", pattern.Regex);
        json.EndObject();
        json.Member("behavior", "Isolated");
        json.Member("invert", false);
        json.EndObject();
    }

    public static SplitPreTokenizer Read(JsonNode node)
    {
        JsonNode kind = node.Required("pattern");
        JsonNode regex = kind.Optional("Regex") ?? throw kind.Unsupported("a split pattern that is not a 'Regex'");
        SplitPattern pattern = SplitPattern.Find(regex.Text())
            ?? throw regex.Unsupported($"the split pattern '{regex.Text()}'");
        if (node.Text("behavior") is not "Isolated" and var behavior)
        {
            throw node.Unsupported($"the split behavior '{behavior}'");
        }

        if (node.Flag("invert", absent: false))
        {
            throw node.Unsupported("an inverted split");
        }

        return new SplitPreTokenizer(pattern);
    }
}
