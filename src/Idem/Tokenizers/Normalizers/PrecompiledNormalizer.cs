// SentencePiece's character map. A grapheme cluster below six bytes of UTF-8 is looked up as a whole, and whatever key begins
// it decides: the rest of the cluster is dropped. Only then its characters are looked up one by one. It looks wrong, and is
// what the library and its models agree on.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class PrecompiledNormalizer(Charsmap map) : INormalizer
{
    public const string Type = "Precompiled";

    private const int WholeBytesMax = 5;

    public TracedText Normalize(TracedText text)
    {
        var characters = new List<(int Code, int Change)>(text.Text.Length);
        bool isModified = false;
        ReadOnlySpan<char> all = text.Text;
        for (int start = 0; start < all.Length;)
        {
            int end = GraphemeClusters.NextEnd(all, start);
            ReadOnlySpan<char> cluster = all[start..end];
            if (Encoding.UTF8.GetByteCount(cluster) <= WholeBytesMax && map.Find(cluster) is { } whole)
            {
                Replace(characters, WellFormed.CountCodePoints(cluster), whole);
                isModified = true;
            }
            else
            {
                isModified |= ReplaceEach(cluster, characters);
            }

            start = end;
        }

        if (!isModified)
        {
            return text;
        }

        var result = new TextRewriter(text);
        characters.ForEach(character => result.Put(character.Code, character.Change));
        return result.ToText();
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("precompiled_charsmap", map.Base64);
        json.EndObject();
    }

    public static PrecompiledNormalizer Read(JsonNode node) => new(Charsmap.Read(node.Required("precompiled_charsmap")));

    private bool ReplaceEach(ReadOnlySpan<char> cluster, List<(int Code, int Change)> characters)
    {
        bool isModified = false;
        foreach (Rune rune in cluster.EnumerateRunes())
        {
            if (map.Find(rune.ToString()) is { } replacement)
            {
                Replace(characters, 1, replacement);
                isModified = true;
            }
            else
            {
                characters.Add((rune.Value, 0));
            }
        }

        return isModified;
    }

    // More characters than before: the last ones are put in. Fewer: the last one, new or old, uses up the rest.
    private static void Replace(List<(int Code, int Change)> characters, int oldCount, string replacement)
    {
        int before = characters.Count;
        foreach (Rune rune in replacement.EnumerateRunes())
        {
            characters.Add((rune.Value, 0));
        }

        int difference = characters.Count - before - oldCount;
        for (int i = characters.Count - Math.Max(difference, 0); i < characters.Count; i++)
        {
            characters[i] = (characters[i].Code, 1);
        }

        if (difference < 0 && characters.Count > 0)
        {
            characters[^1] = (characters[^1].Code, characters[^1].Change + difference);
        }
    }
}
