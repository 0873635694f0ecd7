// Unigram (Kudo 2018): every token has a score, and a piece is cut so that the sum is highest. A character that no token covers
// alone may be the unknown token, at the lowest score minus ten. Neighbouring unknown characters become one token, or its bytes
// where the model has tokens for them. Arithmetic and ties: docs/arithmetic.md, "Tokenizer scores"; the steps that begin at a
// place are offered shortest first, the unknown one last, as in Hugging Face tokenizers, models/unigram.

using Idem.Numerics.Kernels;

namespace Idem.Tokenizers;

internal sealed class Unigram : ITokenModel
{
    public const string Type = "Unigram";

    private readonly Vocabulary _vocabulary;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int? _unknownId;
    private readonly bool _byteFallback;
    private readonly ByteTokens? _bytes;
    private readonly TokenTrie _trie = new();

    private Unigram(string[] tokens, double[] scores, int? unknownId, bool byteFallback)
    {
        _vocabulary = Vocabulary.FromTokens(tokens);
        _scores = scores;
        _unknownScore = BestPath.UnknownScore(scores);
        _unknownId = unknownId;
        _byteFallback = byteFallback;
        _bytes = byteFallback ? new ByteTokens(_vocabulary) : null;
        for (int id = 0; id < tokens.Length; id++)
        {
            _trie.Add(tokens[id], id);
        }
    }

    public int Count => _vocabulary.Count;

    public bool TryGetId(string token, out int id) => _vocabulary.TryGetId(token, out id);

    public string? Token(int id) => _vocabulary.Token(id);

    public bool Tokenize(string piece, TokenList tokens)
    {
        var path = new BestPath(piece.Length);
        for (int start = 0; start < piece.Length; start += Scanners.LengthAt(piece, start))
        {
            if (path.IsReached(start))
            {
                OfferAll(piece, start, path);
            }
        }

        if (!path.IsReached(piece.Length))
        {
            return false; // there is no unknown token
        }

        List<(int Start, int End, int Label)> steps = [.. path.Backwards(piece.Length)];
        steps.Reverse();
        for (int i = 0; i < steps.Count;)
        {
            int next = i + 1;
            while (steps[i].Label == _unknownId && next < steps.Count && steps[next].Label == _unknownId)
            {
                next++;
            }

            AddToken(piece, steps[i].Start, steps[next - 1].End, steps[i].Label, tokens);
            i = next;
        }

        return true;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("unk_id");
        if (_unknownId is { } unknown)
        {
            json.Value(unknown);
        }
        else
        {
            json.Null();
        }

        json.Name("vocab");
        json.BeginArray();
        for (int id = 0; id < _scores.Length; id++)
        {
            json.BeginArray();
            json.Value(_vocabulary.Token(id));
            json.Value(_scores[id]);
            json.EndArray();
        }

        json.EndArray();
        json.Member("byte_fallback", _byteFallback);
        json.EndObject();
    }

    public static Unigram Read(JsonNode node)
    {
        var tokens = new List<string>();
        var scores = new List<double>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonNode entry in node.Required("vocab").Items())
        {
            JsonNode[] parts = [.. entry.Items()];
            if (parts.Length != 2)
            {
                throw entry.Error($"a token of Unigram is a text and a score, this one has {parts.Length} parts.");
            }

            tokens.Add(parts[0].Text());
            scores.Add(parts[1].Number());
            if (!seen.Add(tokens[^1]))
            {
                throw entry.Error($"'{tokens[^1]}' is there twice.");
            }
        }

        int? unknown = node.Optional("unk_id")?.Id();
        return unknown is null || unknown < tokens.Count
            ? new Unigram([.. tokens], [.. scores], unknown, node.Flag("byte_fallback", absent: false))
            : throw node.Required("unk_id").Error($"the unknown token's id {unknown} is not in the vocabulary of {tokens.Count}.");
    }

    private void OfferAll(string piece, int start, BestPath path)
    {
        int single = start + Scanners.LengthAt(piece, start);
        bool isSingleCovered = false;
        int node = TokenTrie.Root;
        for (int end = start; end < piece.Length;)
        {
            node = _trie.Step(node, piece[end]);
            if (node == TokenTrie.None)
            {
                break;
            }

            end++;
            if (_trie.IdAt(node) is var id && id != TokenTrie.None)
            {
                path.Offer(start, end, id, _scores[id]);
                isSingleCovered |= end == single;
            }
        }

        if (!isSingleCovered && _unknownId is { } unknown)
        {
            path.Offer(start, single, unknown, _unknownScore);
        }
    }

    // A stretch of unknown characters may still spell a token, which the path did not take; then it is that token.
    private void AddToken(string piece, int start, int end, int label, TokenList tokens)
    {
        if (label != _unknownId || _vocabulary.TryGetId(piece.AsSpan(start, end - start), out label))
        {
            tokens.Add(label, start, end);
        }
        else if (_bytes is null || !_bytes.TryAdd(piece, start, end, tokens))
        {
            tokens.Add(_unknownId!.Value, start, end);
        }
    }
}
