// What a Replace or a Split looks for: a text as it stands, or one of the regular expressions that have a scanner here.

namespace Idem.Tokenizers;

internal sealed class TextPattern
{
    private readonly string? _literal;
    private readonly SplitPattern? _regex;

    private TextPattern(string literal) => _literal = literal;

    public TextPattern(SplitPattern regex) => _regex = regex;

    /// <summary>The first match at or after a place; none is empty.</summary>
    public bool TryFind(string text, int from, out int start, out int end)
    {
        if (_regex is not null)
        {
            return _regex.TryFind(text, from, out start, out end);
        }

        start = text.IndexOf(_literal!, from, StringComparison.Ordinal);
        end = start + _literal!.Length;
        return start >= 0;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member(_regex is null ? "String" : "Regex", _regex?.Regex ?? _literal);
        json.EndObject();
    }

    public static TextPattern Read(JsonNode node)
    {
        if (node.Optional("String") is { } literal)
        {
            return literal.Text() is { Length: > 0 } text ? new TextPattern(text) : throw literal.Error("the pattern is empty.");
        }

        JsonNode regex = node.Required("Regex");
        return new TextPattern(
            SplitPattern.Find(regex.Text()) ?? throw regex.Unsupported($"the regular expression '{regex.Text()}'"));
    }
}
