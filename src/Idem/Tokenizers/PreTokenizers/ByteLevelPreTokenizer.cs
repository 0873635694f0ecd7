// GPT-2's pre-tokenizer: an optional space in front, an optional cut by GPT-2's pattern, and every piece spelled in the
// byte-level alphabet. `trim_offsets` concerns the post-processor of the same name.

namespace Idem.Tokenizers;

internal sealed record ByteLevel(bool AddPrefixSpace, bool TrimOffsets, bool UseRegex)
{
    public const string Type = "ByteLevel";

    /// <summary>The one JSON form that the pre-tokenizer, the post-processor and the decoder of this name share.</summary>
    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("add_prefix_space", AddPrefixSpace);
        json.Member("trim_offsets", TrimOffsets);
        json.Member("use_regex", UseRegex);
        json.EndObject();
    }

    public static ByteLevel Read(JsonNode node) => new(
        node.Flag("add_prefix_space", absent: true),
        node.Flag("trim_offsets", absent: true),
        node.Flag("use_regex", absent: true));
}

internal sealed class ByteLevelPreTokenizer(ByteLevel settings) : IPreTokenizer
{
    public const string Type = ByteLevel.Type;

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        if (text.Text.Length == 0)
        {
            return;
        }

        if (settings.AddPrefixSpace && text.Text[0] != ' ')
        {
            text = PrependNormalizer.Apply(text, " ");
        }

        if (!settings.UseRegex)
        {
            pieces.Add(ByteAlphabet.Spell(text));
            return;
        }

        for (int start = 0; SplitPattern.Gpt2.TryFind(text.Text, start, out _, out int end); start = end)
        {
            pieces.Add(ByteAlphabet.Spell(text.Slice(start, end)));
        }
    }

    public void Write(JsonText json) => settings.Write(json);

    public static ByteLevelPreTokenizer Read(JsonNode node) => new(ByteLevel.Read(node));
}
