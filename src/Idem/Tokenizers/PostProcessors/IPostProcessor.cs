// Fourth stage: puts special tokens around the ids of one text. Pairs of texts are not encoded by this library.

namespace Idem.Tokenizers;

internal interface IPostProcessor
{
    List<int> Process(List<int> ids);

    void Write(JsonText json);

    static IPostProcessor Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelPostProcessor.Type => ByteLevelPostProcessor.Read(node),
        TemplatePostProcessor.Type => TemplatePostProcessor.Read(node),
        SequencePostProcessor.Type => SequencePostProcessor.Read(node),
        var type => throw node.Unsupported($"the post-processor '{type}'"),
    };
}

/// <summary>Concerns offsets only; the ids pass through.</summary>
internal sealed class ByteLevelPostProcessor(bool addPrefixSpace, bool trimOffsets, bool useRegex) : IPostProcessor
{
    public const string Type = ByteLevelPreTokenizer.Type;

    public List<int> Process(List<int> ids) => ids;

    public void Write(JsonText json) => ByteLevelPreTokenizer.WriteSettings(json, addPrefixSpace, trimOffsets, useRegex);

    public static ByteLevelPostProcessor Read(JsonNode node) => new(
        node.Flag("add_prefix_space", absent: true),
        node.Flag("trim_offsets", absent: true),
        node.Flag("use_regex", absent: true));
}

internal sealed class SequencePostProcessor(IReadOnlyList<IPostProcessor> steps) : IPostProcessor
{
    public const string Type = "Sequence";

    public List<int> Process(List<int> ids) => steps.Aggregate(ids, static (current, step) => step.Process(current));

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("processors");
        json.BeginArray();
        foreach (IPostProcessor step in steps)
        {
            step.Write(json);
        }

        json.EndArray();
        json.EndObject();
    }

    public static SequencePostProcessor Read(JsonNode node) =>
        new([.. node.Required("processors").Items().Select(IPostProcessor.Read)]);
}
