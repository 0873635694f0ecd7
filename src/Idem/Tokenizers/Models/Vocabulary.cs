// Tokens and ids, both ways. Ids need not begin at 0 nor be dense here: added tokens may fill the gaps, and Tokenizer checks
// that all ids together have no hole.

namespace Idem.Tokenizers;

internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly Dictionary<int, string> _tokens;

    private Vocabulary(Dictionary<string, int> ids, Dictionary<int, string> tokens)
    {
        _ids = ids;
        _idsBySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = tokens;
    }

    public int Count => _ids.Count;

    /// <summary>Tokens with their ids, in no promised order.</summary>
    public IEnumerable<KeyValuePair<string, int>> All => _ids;

    public bool TryGetId(ReadOnlySpan<char> token, out int id) => _idsBySpan.TryGetValue(token, out id);

    public string? Token(int id) => _tokens.GetValueOrDefault(id);

    /// <summary>A vocabulary whose ids are the positions in <paramref name="tokens"/>, all distinct.</summary>
    public static Vocabulary FromTokens(IReadOnlyList<string> tokens)
    {
        var ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        var byId = new Dictionary<int, string>(tokens.Count);
        for (int id = 0; id < tokens.Count; id++)
        {
            ids.Add(tokens[id], id);
            byId.Add(id, tokens[id]);
        }

        return new Vocabulary(ids, byId);
    }

    public static Vocabulary Read(JsonNode node)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach ((string token, JsonNode value) in node.Members())
        {
            int id = value.Id();
            if (!tokens.TryAdd(id, token))
            {
                throw value.Error($"the id {id} already belongs to '{tokens[id]}'.");
            }

            ids.Add(token, id);
        }

        return new Vocabulary(ids, tokens);
    }

    /// <summary>Writes the members in the order of their ids.</summary>
    public void Write(JsonText json)
    {
        json.BeginObject();
        foreach (int id in _tokens.Keys.Order())
        {
            json.Member(_tokens[id], id);
        }

        json.EndObject();
    }
}
