// Puts a text in front of any that is not empty.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public const string Type = "Prepend";

    public TracedText Normalize(TracedText text) => Apply(text, prefix);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("prepend", prefix);
        json.EndObject();
    }

    public static PrependNormalizer Read(JsonNode node) => new(node.Text("prepend"));

    /// <summary>What is put in front stands for the same part as the first character behind it.</summary>
    internal static TracedText Apply(TracedText text, string prefix)
    {
        if (text.Text.Length == 0 || prefix.Length == 0)
        {
            return text;
        }

        if (!text.IsTraced)
        {
            return new TracedText(prefix + text.Text, null, null);
        }

        var result = new TextRewriter(text);
        int change = 0;
        foreach (Rune rune in prefix.EnumerateRunes())
        {
            result.Put(rune.Value, change);
            change = 1;
        }

        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            result.Put(rune.Value, change);
            change = 0;
        }

        return result.ToText();
    }
}
