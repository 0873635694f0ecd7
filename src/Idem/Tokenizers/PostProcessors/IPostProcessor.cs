// Fourth stage: what stands around the tokens of one text, or of two, and how offsets are trimmed. A post-processor is data; the
// tokenizer puts the tokens in their places.

namespace Idem.Tokenizers;

/// <summary>Tokens of their own, or the place of the first or second text (<see cref="Text"/> 0 or 1).</summary>
internal sealed record Slot(int? Text, IReadOnlyList<int> Ids, int TypeId);

internal interface IPostProcessor
{
    /// <summary>The slots around one text; null where nothing is put around.</summary>
    IReadOnlyList<Slot>? Single => null;

    /// <summary>The slots around two texts; null where one just follows the other.</summary>
    IReadOnlyList<Slot>? Pair => null;

    /// <summary>Whether white space at the ends of a token is left out of its offsets; null: no.</summary>
    OffsetTrim? Trim => null;

    void Write(JsonText json);

    static IPostProcessor Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelPostProcessor.Type => new ByteLevelPostProcessor(ByteLevel.Read(node)),
        TemplatePostProcessor.Type => TemplatePostProcessor.Read(node),
        ClassifierPostProcessor.Bert or ClassifierPostProcessor.Roberta => ClassifierPostProcessor.Read(node),
        SequencePostProcessor.Type => SequencePostProcessor.Read(node),
        var type => throw node.Unsupported($"the post-processor '{type}'"),
    };
}

/// <summary>Concerns offsets only.</summary>
internal sealed class ByteLevelPostProcessor(ByteLevel settings) : IPostProcessor
{
    public const string Type = ByteLevel.Type;

    public OffsetTrim? Trim { get; } = settings.TrimOffsets ? new OffsetTrim(settings.AddPrefixSpace) : null;

    public void Write(JsonText json) => settings.Write(json);
}

/// <summary>Several; at most one of them may put tokens around the text.</summary>
internal sealed class SequencePostProcessor(IReadOnlyList<IPostProcessor> steps) : IPostProcessor
{
    public const string Type = "Sequence";

    public IReadOnlyList<Slot>? Single { get; } = steps.Select(step => step.Single).FirstOrDefault(slots => slots is not null);

    public IReadOnlyList<Slot>? Pair { get; } = steps.Select(step => step.Pair).FirstOrDefault(slots => slots is not null);

    public OffsetTrim? Trim { get; } = steps.Select(step => step.Trim).FirstOrDefault(trim => trim is not null);

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

    public static SequencePostProcessor Read(JsonNode node)
    {
        IPostProcessor[] steps = [.. node.Required("processors").Items().Select(IPostProcessor.Read)];
        return steps.Count(step => step.Single is not null) <= 1
            ? new SequencePostProcessor(steps)
            : throw node.Unsupported("a sequence of several post-processors that put tokens around the text");
    }
}
