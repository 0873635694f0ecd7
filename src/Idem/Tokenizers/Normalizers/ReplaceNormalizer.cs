// Puts a text in the place of every match of a pattern. What is put in stands for the last character that was replaced, as in
// Hugging Face's library.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : INormalizer
{
    public const string Type = "Replace";

    public TracedText Normalize(TracedText text) => Apply(text, pattern, content);

    public void Write(JsonText json) => WriteSettings(json, pattern, content);

    public static ReplaceNormalizer Read(JsonNode node) => new(TextPattern.Read(node.Required("pattern")), node.Text("content"));

    internal static void WriteSettings(JsonText json, TextPattern pattern, string content)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("pattern");
        pattern.Write(json);
        json.Member("content", content);
        json.EndObject();
    }

    internal static TracedText Apply(TracedText text, TextPattern pattern, string content)
    {
        if (!pattern.TryFind(text.Text, 0, out int start, out int end))
        {
            return text;
        }

        var result = new TextRewriter(text);
        int done = 0;
        do
        {
            Copy(text.Text.AsSpan(done, start - done), result);
            PutInstead(text.Text.AsSpan(start, end - start), content, result);
            done = end;
        }
        while (pattern.TryFind(text.Text, done, out start, out end));
        Copy(text.Text.AsSpan(done), result);
        return result.ToText();
    }

    private static void Copy(ReadOnlySpan<char> text, TextRewriter result)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Put(rune.Value, 0);
        }
    }

    private static void PutInstead(ReadOnlySpan<char> replaced, string content, TextRewriter result)
    {
        result.Skip(WellFormed.CountCodePoints(replaced));
        foreach (Rune rune in content.EnumerateRunes())
        {
            result.Put(rune.Value, 1);
        }
    }
}
