// Byte-pair encoding: a piece begins as its characters, and the pair of neighbours with the lowest merge rank (the leftmost
// of equals) is joined until no pair has a rank. A character outside the vocabulary is spelled as the tokens of its bytes, or is
// the unknown token, as the file says. Source of the algorithm: Sennrich et al. 2016; of the fields and of what happens on ties:
// Hugging Face tokenizers, models/bpe.
//
// Refused by name: dropout, which is not deterministic.

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
    private readonly BpeSettings _settings;
    private readonly ByteTokens? _bytes;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private int _cached;

    private Bpe(
        Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeMerger merger, BpeSettings settings)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _merger = merger;
        _settings = settings;
        _bytes = settings.ByteFallback ? new ByteTokens(vocabulary) : null;
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
            if (FindMerge(vocabulary, left, right, "", out int leftId, out int rightId, out int joinedId) is { } missing)
            {
                throw new ArgumentException($"The merge of '{left}' and '{right}' names '{missing}', which is no token.");
            }

            merger.Add(leftId, rightId, joinedId);
        }

        return new Bpe(vocabulary, merges, merger, new BpeSettings());
    }

    public bool Tokenize(string piece, TokenList tokens)
    {
        if (_settings.IgnoreMerges && _vocabulary.TryGetId(piece, out int whole))
        {
            tokens.Add(whole, 0, piece.Length);
            return true;
        }

        bool mayCache = tokens.Spans is null && piece.Length <= CachedPieceLengthMax;
        if (mayCache && _cache.TryGetValue(piece, out int[]? known))
        {
            tokens.Ids.AddRange(known);
            return true;
        }

        int begin = tokens.Ids.Count;
        if (!AddCharacters(piece, tokens))
        {
            return false;
        }

        _merger.Merge(tokens, begin);
        if (mayCache && Volatile.Read(ref _cached) < CachedPiecesMax && _cache.TryAdd(piece, [.. tokens.Ids.Skip(begin)]))
        {
            Interlocked.Increment(ref _cached);
        }

        return true;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("dropout", null);
        json.Member("unk_token", _settings.UnknownToken);
        json.Member("continuing_subword_prefix", _settings.Prefix);
        json.Member("end_of_word_suffix", _settings.Suffix);
        json.Member("fuse_unk", _settings.FuseUnknown);
        json.Member("byte_fallback", _settings.ByteFallback);
        json.Member("ignore_merges", _settings.IgnoreMerges);
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
        BpeSettings settings = BpeSettings.Read(node);
        Vocabulary vocabulary = Vocabulary.Read(node.Required("vocab"));
        JsonNode list = node.Required("merges");
        var merges = new List<(string, string)>();
        var merger = new BpeMerger(list.Items().Count());
        foreach (JsonNode item in list.Items())
        {
            (string left, string right) = ReadMerge(item);
            if (FindMerge(vocabulary, left, right, settings.Prefix ?? "", out int leftId, out int rightId, out int joinedId) is { } missing)
            {
                throw item.Error($"the merge of '{left}' and '{right}' names '{missing}', which is not in the vocabulary.");
            }

            merger.Add(leftId, rightId, joinedId);
            merges.Add((left, right));
        }

        return new Bpe(vocabulary, merges, merger, settings);
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

    // The right part's prefix, where it has one, is not repeated in the middle of what they join to.
    private static string? FindMerge(
        Vocabulary vocabulary, string left, string right, string prefix, out int leftId, out int rightId, out int joinedId)
    {
        string joined = left + right[Math.Min(prefix.Length, right.Length)..];
        rightId = joinedId = 0;
        return !vocabulary.TryGetId(left, out leftId) ? left
            : !vocabulary.TryGetId(right, out rightId) ? right
            : !vocabulary.TryGetId(joined, out joinedId) ? joined
            : null;
    }

    // An unknown token waits for the next known character; tokens of bytes overtake it, as in the library.
    private bool AddCharacters(string piece, TokenList tokens)
    {
        (int Start, int End)? unknown = null;
        for (int start = 0; start < piece.Length;)
        {
            int end = start + Scanners.LengthAt(piece, start);
            if (TryGetCharacter(piece, start, end, out int id))
            {
                AddUnknown(unknown, tokens);
                unknown = null;
                tokens.Add(id, start, end);
            }
            else if (_bytes is null || !_bytes.TryAdd(piece, start, end, tokens))
            {
                if (_settings.UnknownToken is null || !_vocabulary.TryGetId(_settings.UnknownToken, out _))
                {
                    return false;
                }

                if (unknown is not null && !_settings.FuseUnknown)
                {
                    AddUnknown(unknown, tokens);
                    unknown = null;
                }

                unknown = (unknown?.Start ?? start, end);
            }

            start = end;
        }

        AddUnknown(unknown, tokens);
        return true;
    }

    private bool TryGetCharacter(string piece, int start, int end, out int id)
    {
        ReadOnlySpan<char> character = piece.AsSpan(start, end - start);
        string? prefix = start > 0 ? _settings.Prefix : null, suffix = end == piece.Length ? _settings.Suffix : null;
        return prefix is null && suffix is null
            ? _vocabulary.TryGetId(character, out id)
            : _vocabulary.TryGetId($"{prefix}{character}{suffix}", out id);
    }

    private void AddUnknown((int Start, int End)? unknown, TokenList tokens)
    {
        if (unknown is { } stretch && _vocabulary.TryGetId(_settings.UnknownToken, out int id))
        {
            tokens.Add(id, stretch.Start, stretch.End);
        }
    }
}
