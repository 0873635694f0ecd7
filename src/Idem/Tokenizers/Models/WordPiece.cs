// WordPiece: a word is the longest token that begins it, then the longest continuation, and so on; a word that gets stuck, or
// is too long, is one unknown token. Source: Schuster and Nakajima 2012; fields and limits: Hugging Face tokenizers,
// models/wordpiece. Time: the word's length times the longest token's.

namespace Idem.Tokenizers;

internal sealed class WordPiece : ITokenModel
{
    public const string Type = "WordPiece";

    private readonly Vocabulary _vocabulary;
    private readonly TokenTrie _trie = new();
    private readonly int _continuation;
    private readonly string _unknownToken;
    private readonly string _prefix;
    private readonly int _charactersMax;

    private WordPiece(Vocabulary vocabulary, string unknownToken, string prefix, int charactersMax)
    {
        _vocabulary = vocabulary;
        _unknownToken = unknownToken;
        _prefix = prefix;
        _charactersMax = charactersMax;
        foreach ((string token, int id) in vocabulary.All)
        {
            _trie.Add(token, id);
        }

        _continuation = _trie.Walk(prefix);
    }

    public int Count => _vocabulary.Count;

    public bool TryGetId(string token, out int id) => _vocabulary.TryGetId(token, out id);

    public string? Token(int id) => _vocabulary.Token(id);

    public bool Tokenize(string piece, TokenList tokens)
    {
        int before = tokens.Ids.Count;
        bool isKnown = WellFormed.CountCodePoints(piece) <= _charactersMax;
        for (int start = 0; isKnown && start < piece.Length;)
        {
            int end = Longest(piece, start, out int id);
            isKnown = end > start;
            tokens.Add(id, start, end);
            start = end;
        }

        if (isKnown)
        {
            return true;
        }

        tokens.Truncate(before);
        if (!_vocabulary.TryGetId(_unknownToken, out int unknown))
        {
            return false;
        }

        tokens.Add(unknown, 0, piece.Length);
        return true;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("unk_token", _unknownToken);
        json.Member("continuing_subword_prefix", _prefix);
        json.Member("max_input_chars_per_word", _charactersMax);
        json.Name("vocab");
        _vocabulary.Write(json);
        json.EndObject();
    }

    public static WordPiece Read(JsonNode node) => new(
        Vocabulary.Read(node.Required("vocab")),
        node.Text("unk_token"),
        node.Text("continuing_subword_prefix"),
        node.Required("max_input_chars_per_word").Id());

    private int Longest(string piece, int start, out int id)
    {
        int end = start;
        id = TokenTrie.None;
        int node = start == 0 ? TokenTrie.Root : _continuation;
        for (int i = start; i < piece.Length && node != TokenTrie.None; i++)
        {
            node = _trie.Step(node, piece[i]);
            if (node != TokenTrie.None && _trie.IdAt(node) != TokenTrie.None)
            {
                id = _trie.IdAt(node);
                end = i + 1;
            }
        }

        return end;
    }
}
