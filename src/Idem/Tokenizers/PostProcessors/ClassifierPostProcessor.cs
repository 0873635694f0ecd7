// The fixed templates of BERT, [CLS] A [SEP] B [SEP], and of RoBERTa, <s> A </s></s> B </s> with one token type for all.

namespace Idem.Tokenizers;

internal sealed class ClassifierPostProcessor : IPostProcessor
{
    public const string Bert = "BertProcessing", Roberta = "RobertaProcessing";

    private readonly string _type;
    private readonly (string Token, int Id) _separator;
    private readonly (string Token, int Id) _classifier;
    private readonly ByteLevel? _offsets;

    private ClassifierPostProcessor(string type, (string Token, int Id) separator, (string Token, int Id) classifier, ByteLevel? offsets)
    {
        _type = type;
        _separator = separator;
        _classifier = classifier;
        _offsets = offsets;
        bool isBert = type == Bert;
        int second = isBert ? 1 : 0;
        Slot Of(int id, int typeId) => new(null, [id], typeId);
        Single = [Of(classifier.Id, 0), new Slot(0, [], 0), Of(separator.Id, 0)];
        Pair = isBert
            ? [.. Single, new Slot(1, [], second), Of(separator.Id, second)]
            : [.. Single, Of(separator.Id, 0), new Slot(1, [], second), Of(separator.Id, 0)];
        Trim = offsets is { TrimOffsets: true } ? new OffsetTrim(offsets.AddPrefixSpace) : null;
    }

    public IReadOnlyList<Slot> Single { get; }

    public IReadOnlyList<Slot> Pair { get; }

    public OffsetTrim? Trim { get; }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", _type);
        WriteToken(json, "sep", _separator);
        WriteToken(json, "cls", _classifier);
        if (_offsets is not null)
        {
            json.Member("trim_offsets", _offsets.TrimOffsets);
            json.Member("add_prefix_space", _offsets.AddPrefixSpace);
        }

        json.EndObject();
    }

    public static ClassifierPostProcessor Read(JsonNode node)
    {
        string type = node.Text("type");
        ByteLevel? offsets = type == Roberta
            ? new ByteLevel(node.Flag("add_prefix_space", absent: true), node.Flag("trim_offsets", absent: true), UseRegex: true)
            : null;
        return new ClassifierPostProcessor(type, ReadToken(node.Required("sep")), ReadToken(node.Required("cls")), offsets);
    }

    private static (string Token, int Id) ReadToken(JsonNode node)
    {
        JsonNode[] parts = [.. node.Items()];
        return parts.Length == 2 ? (parts[0].Text(), parts[1].Id()) : throw node.Error("expected a token and its id.");
    }

    private static void WriteToken(JsonText json, string name, (string Token, int Id) token)
    {
        json.Name(name);
        json.BeginArray();
        json.Value(token.Token);
        json.Value(token.Id);
        json.EndArray();
    }
}
