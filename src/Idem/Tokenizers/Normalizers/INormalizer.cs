// First stage: rewrites the text before anything is split.

namespace Idem.Tokenizers;

internal interface INormalizer
{
    TracedText Normalize(TracedText text);

    void Write(JsonText json);

    static INormalizer Read(JsonNode node) => node.Text("type") switch
    {
        FormNormalizer.Nfc or FormNormalizer.Nfd or FormNormalizer.Nfkc or FormNormalizer.Nfkd => FormNormalizer.Read(node),
        LowercaseNormalizer.Type => new LowercaseNormalizer(),
        StripNormalizer.Type => StripNormalizer.Read(node),
        StripAccentsNormalizer.Type => new StripAccentsNormalizer(),
        NmtNormalizer.Type => new NmtNormalizer(),
        ByteLevelNormalizer.Type => new ByteLevelNormalizer(),
        ReplaceNormalizer.Type => ReplaceNormalizer.Read(node),
        PrependNormalizer.Type => PrependNormalizer.Read(node),
        BertNormalizer.Type => BertNormalizer.Read(node),
        PrecompiledNormalizer.Type => PrecompiledNormalizer.Read(node),
        SequenceNormalizer.Type => SequenceNormalizer.Read(node),
        var type => throw node.Unsupported($"the normalizer '{type}'"),
    };
}

/// <summary>Normalizers one after another.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public const string Type = "Sequence";

    public TracedText Normalize(TracedText text) => steps.Aggregate(text, static (current, step) => step.Normalize(current));

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("normalizers");
        json.BeginArray();
        foreach (INormalizer step in steps)
        {
            step.Write(json);
        }

        json.EndArray();
        json.EndObject();
    }

    public static SequenceNormalizer Read(JsonNode node) =>
        new([.. node.Required("normalizers").Items().Select(INormalizer.Read)]);
}
