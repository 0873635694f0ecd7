// Byte-pair encoding: a piece begins as its characters, and the pair of neighbours with the lowest merge rank (the leftmost
// of equals) is joined until no pair has a rank. Source of the algorithm: Sennrich et al. 2016; of the fields and of what
// happens on ties: Hugging Face tokenizers, models/bpe.
//
// Refused by name: dropout (not deterministic), unk_token, byte_fallback, and non-empty subword prefixes and suffixes.

using System.Collections.Concurrent;

namespace Idem.Tokenizers;

internal sealed class Bpe : ITokenModel
{
    public const string Type = "BPE";

    // Pieces this short repeat, longer ones do not; a full cache just stops growing. Neither number can change an id.
    private const int CachedPieceLengthMax = 64;
    private const int CachedPiecesMax = 1 << 16;

    private readonly Vocabulary _vocabulary;
    private readonly IReadOnlyList<(string Left, string Right)> _merges;
    private readonly BpeMerger _merger;
    private readonly bool _ignoreMerges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private int _cached;

    private Bpe(
        Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeMerger merger, bool ignoreMerges)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _merger = merger;
        _ignoreMerges = ignoreMerges;
    }

    public int Count => _vocabulary.Count;

    public bool TryGetId(string token, out int id) => _vocabulary.TryGetId(token, out id);

    public string? Token(int id) => _vocabulary.Token(id);

    /// <summary>A model from ids by position and merges in rank order, all of whose parts and results are tokens.</summary>
    public static Bpe FromTokens(IReadOnlyList<string> tokens, IReadOnlyList<(string Left, string Right)> merges)
    {
        Vocabulary vocabulary = Vocabulary.FromTokens(tokens);
        var merger = new BpeMerger(merges.Count);
        foreach ((string left, string right) in merges)
        {
            if (FindMerge(vocabulary, left, right, out int leftId, out int rightId, out int joinedId) is { } missing)
            {
                throw new ArgumentException($"The merge of '{left}' and '{right}' names '{missing}', which is no token.");
            }

            merger.Add(leftId, rightId, joinedId);
        }

        return new Bpe(vocabulary, merges, merger, ignoreMerges: false);
    }

    public bool Tokenize(string piece, List<int> ids)
    {
        if (_ignoreMerges && _vocabulary.TryGetId(piece, out int whole))
        {
            ids.Add(whole);
            return true;
        }

        if (_cache.TryGetValue(piece, out int[]? known))
        {
            ids.AddRange(known);
            return true;
        }

        int begin = ids.Count;
        for (int i = 0; i < piece.Length;)
        {
            int length = char.IsHighSurrogate(piece[i]) && i + 1 < piece.Length ? 2 : 1;
            if (!_vocabulary.TryGetId(piece.AsSpan(i, length), out int id))
            {
                return false;
            }

            ids.Add(id);
            i += length;
        }

        _merger.Merge(ids, begin);
        if (piece.Length <= CachedPieceLengthMax && Volatile.Read(ref _cached) < CachedPiecesMax)
        {
            if (_cache.TryAdd(piece, [.. ids.Skip(begin)]))
            {
                Interlocked.Increment(ref _cached);
            }
        }

        return true;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("dropout", null);
        json.Member("unk_token", null);
        json.Member("continuing_subword_prefix", null);
        json.Member("end_of_word_suffix", null);
        json.Member("fuse_unk", false);
        json.Member("byte_fallback", false);
        json.Member("ignore_merges", _ignoreMerges);
        json.Name("vocab");
        _vocabulary.Write(json);
        json.Name("merges");
        json.BeginArray();
        foreach ((string left, string right) in _merges)
        {
            json.BeginArray();
            json.Value(left);
            json.Value(right);
            json.EndArray();
        }

        json.EndArray();
        json.EndObject();
    }

    public static Bpe Read(JsonNode node)
    {
        RefuseUnimplemented(node);
        Vocabulary vocabulary = Vocabulary.Read(node.Required("vocab"));
        JsonNode list = node.Required("merges");
        var merges = new List<(string, string)>();
        var merger = new BpeMerger(list.Items().Count());
        foreach (JsonNode item in list.Items())
        {
            (string left, string right) = ReadMerge(item);
            if (FindMerge(vocabulary, left, right, out int leftId, out int rightId, out int joinedId) is { } missing)
            {
                throw item.Error($"the merge of '{left}' and '{right}' names '{missing}', which is not in the vocabulary.");
            }

            merger.Add(leftId, rightId, joinedId);
            merges.Add((left, right));
        }

        return new Bpe(vocabulary, merges, merger, node.Flag("ignore_merges", absent: false));
    }

    private static void RefuseUnimplemented(JsonNode node)
    {
        if (node.Optional("dropout") is { } dropout)
        {
            throw dropout.Unsupported("BPE dropout");
        }

        if (node.TextOrNull("unk_token") is { } unknown)
        {
            throw node.Unsupported($"an 'unk_token' ('{unknown}') of BPE");
        }

        if (node.Flag("byte_fallback", absent: false))
        {
            throw node.Unsupported("'byte_fallback' of BPE");
        }

        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (node.TextOrNull(affix) is { Length: > 0 } value)
            {
                throw node.Unsupported($"'{affix}' ('{value}') of BPE");
            }
        }
    }

    // "left right" in older files, ["left", "right"] in newer ones
    private static (string Left, string Right) ReadMerge(JsonNode item)
    {
        string[] parts = item.Element.ValueKind == System.Text.Json.JsonValueKind.Array
            ? [.. item.Items().Select(part => part.Text())]
            : item.Text().Split(' ');
        return parts.Length == 2
            ? (parts[0], parts[1])
            : throw item.Error($"a merge has two parts, this one has {parts.Length}.");
    }

    private static string? FindMerge(
        Vocabulary vocabulary, string left, string right, out int leftId, out int rightId, out int joinedId)
    {
        string joined = left + right;
        rightId = joinedId = 0;
        return !vocabulary.TryGetId(left, out leftId) ? left
            : !vocabulary.TryGetId(right, out rightId) ? right
            : !vocabulary.TryGetId(joined, out joinedId) ? joined
            : null;
    }
}
