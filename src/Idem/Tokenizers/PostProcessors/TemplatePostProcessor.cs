// Templates such as [BOS] A for one text and [BOS] A [BOS] B for two: special tokens by name, and the places of the texts.

namespace Idem.Tokenizers;

internal sealed class TemplatePostProcessor : IPostProcessor
{
    public const string Type = "TemplateProcessing";

    private readonly IReadOnlyList<Piece> _single;
    private readonly IReadOnlyList<Piece> _pair;
    private readonly SortedDictionary<string, Special> _specials;

    private TemplatePostProcessor(
        IReadOnlyList<Piece> single, IReadOnlyList<Piece> pair, SortedDictionary<string, Special> specials)
    {
        _single = single;
        _pair = pair;
        _specials = specials;
    }

    IReadOnlyList<Slot> IPostProcessor.Single => Slots(_single);

    IReadOnlyList<Slot> IPostProcessor.Pair => Slots(_pair);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        WritePieces(json, "single", _single);
        WritePieces(json, "pair", _pair);
        json.Name("special_tokens");
        json.BeginObject();
        foreach ((string name, Special special) in _specials)
        {
            json.Name(name);
            json.BeginObject();
            json.Member("id", name);
            json.Name("ids");
            json.BeginArray();
            special.Ids.ForEach(json.Value);
            json.EndArray();
            json.Name("tokens");
            json.BeginArray();
            special.Tokens.ForEach(json.Value);
            json.EndArray();
            json.EndObject();
        }

        json.EndObject();
        json.EndObject();
    }

    /// <summary>The template that puts a token before every text and one behind it, either of them perhaps absent.</summary>
    public static TemplatePostProcessor Around((string Token, int Id)? begin, (string Token, int Id)? end)
    {
        var specials = new SortedDictionary<string, Special>(CodePointOrder.Instance);
        List<Piece> single = [], pair = [];
        foreach ((string name, int typeId) in new[] { ("A", 0), ("B", 1) })
        {
            List<Piece> pieces = [];
            Add(begin, typeId, pieces);
            pieces.Add(new Piece(IsSpecial: false, name, typeId));
            Add(end, typeId, pieces);
            single.AddRange(typeId == 0 ? pieces : []);
            pair.AddRange(pieces);
        }

        return new TemplatePostProcessor(single, pair, specials);

        void Add((string Token, int Id)? token, int typeId, List<Piece> pieces)
        {
            if (token is var (content, id))
            {
                specials[content] = new Special([id], [content]);
                pieces.Add(new Piece(IsSpecial: true, content, typeId));
            }
        }
    }

    public static TemplatePostProcessor Read(JsonNode node)
    {
        var specials = new SortedDictionary<string, Special>(CodePointOrder.Instance);
        foreach ((string name, JsonNode special) in node.Required("special_tokens").Members())
        {
            specials.Add(name, new Special(
                [.. special.Required("ids").Items().Select(id => id.Id())],
                [.. special.Required("tokens").Items().Select(token => token.Text())]));
        }

        List<Piece> single = ReadPieces(node.Required("single"), specials);
        if (single.Where(piece => !piece.IsSpecial).Select(piece => piece.Name).ToArray() is not ["A"])
        {
            throw node.Required("single").Error("the template for one text must hold the sequence 'A' once and no other.");
        }

        List<Piece> pair = ReadPieces(node.Required("pair"), specials);
        if (!pair.Where(piece => !piece.IsSpecial).Select(piece => piece.Name).Order(StringComparer.Ordinal).SequenceEqual(["A", "B"]))
        {
            throw node.Required("pair").Error("the template for two texts must hold the sequences 'A' and 'B' once each and no other.");
        }

        return new TemplatePostProcessor(single, pair, specials);
    }

    private List<Slot> Slots(IReadOnlyList<Piece> pieces) =>
    [
        .. pieces.Select(piece => piece.IsSpecial
            ? new Slot(null, _specials[piece.Name].Ids, piece.TypeId)
            : new Slot(piece.Name == "A" ? 0 : 1, [], piece.TypeId)),
    ];

    private static List<Piece> ReadPieces(JsonNode list, SortedDictionary<string, Special> specials)
    {
        var pieces = new List<Piece>();
        foreach (JsonNode item in list.Items())
        {
            JsonNode? special = item.Optional("SpecialToken");
            JsonNode inner = special ?? item.Required("Sequence");
            var piece = new Piece(special is not null, inner.Text("id"), inner.Required("type_id").Id());
            if (piece.IsSpecial && !specials.ContainsKey(piece.Name))
            {
                throw inner.Error($"'{piece.Name}' is not among the template's special tokens.");
            }

            pieces.Add(piece);
        }

        return pieces;
    }

    private static void WritePieces(JsonText json, string member, IReadOnlyList<Piece> pieces)
    {
        json.Name(member);
        json.BeginArray();
        foreach (Piece piece in pieces)
        {
            json.BeginObject();
            json.Name(piece.IsSpecial ? "SpecialToken" : "Sequence");
            json.BeginObject();
            json.Member("id", piece.Name);
            json.Member("type_id", piece.TypeId);
            json.EndObject();
            json.EndObject();
        }

        json.EndArray();
    }

    private readonly record struct Piece(bool IsSpecial, string Name, int TypeId);

    private sealed record Special(List<int> Ids, List<string> Tokens);
}
