// GPT-2's pre-tokenizer: an optional space in front, an optional cut by GPT-2's pattern, and every piece spelled in the
// byte-level alphabet. `trim_offsets` only concerns character offsets, which this library does not report; it is kept for saving.

namespace Idem.Tokenizers;

internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool trimOffsets, bool useRegex) : IPreTokenizer
{
    public const string Type = "ByteLevel";

    public void PreTokenize(string text, List<string> pieces)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (addPrefixSpace && text[0] != ' ')
        {
            text = " " + text;
        }

        if (!useRegex)
        {
            pieces.Add(ByteAlphabet.Spell(text));
            return;
        }

        for (int start = 0; start < text.Length;)
        {
            int end = SplitPattern.Gpt2.NextEnd(text, start);
            pieces.Add(ByteAlphabet.Spell(text.AsSpan(start, end - start)));
            start = end;
        }
    }

    public void Write(JsonText json) => WriteSettings(json, addPrefixSpace, trimOffsets, useRegex);

    public static ByteLevelPreTokenizer Read(JsonNode node) => new(
        node.Flag("add_prefix_space", absent: true),
        node.Flag("trim_offsets", absent: true),
        node.Flag("use_regex", absent: true));

    /// <summary>The one JSON form that the pre-tokenizer, the post-processor and the decoder of this name share.</summary>
    internal static void WriteSettings(JsonText json, bool addPrefixSpace, bool trimOffsets, bool useRegex)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("add_prefix_space", addPrefixSpace);
        json.Member("trim_offsets", trimOffsets);
        json.Member("use_regex", useRegex);
        json.EndObject();
    }
}
