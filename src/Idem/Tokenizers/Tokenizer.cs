// Text to token ids and back, in the stages of Hugging Face's library: added tokens are cut out, then normalizer,
// pre-tokenizer, model, post-processor; and a decoder for the way back. Immutable, and safe to use from many threads.
//
// It does not encode pairs of texts, pad, truncate or report character offsets. The ids of a text are a function of the text
// and of the tokenizer's JSON bytes alone: caches, threads and the runtime's Unicode version have no part in them.

using System.Text;

namespace Idem.Tokenizers;

/// <summary>A tokenizer, loaded from a Hugging Face <c>tokenizer.json</c> or trained here.</summary>
public sealed class Tokenizer
{
    private readonly INormalizer? _normalizer;
    private readonly IPreTokenizer? _preTokenizer;
    private readonly ITokenModel _model;
    private readonly IPostProcessor? _postProcessor;
    private readonly IDecoder? _decoder;
    private readonly AddedTokenMatcher _asGiven;
    private readonly AddedTokenMatcher _asNormalized;
    private readonly Dictionary<string, int> _addedIds;
    private readonly HashSet<int> _specialIds;
    private readonly string[] _tokens;

    internal Tokenizer(
        INormalizer? normalizer,
        IPreTokenizer? preTokenizer,
        ITokenModel model,
        IPostProcessor? postProcessor,
        IDecoder? decoder,
        IReadOnlyList<AddedToken> addedTokens,
        string[] tokens)
    {
        _normalizer = normalizer;
        _preTokenizer = preTokenizer;
        _model = model;
        _postProcessor = postProcessor;
        _decoder = decoder;
        _tokens = tokens;
        AddedTokens = addedTokens;
        _asGiven = new(addedTokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _asNormalized = new(addedTokens.Where(t => t.Normalized).Select(t => (Normalize(t.Content), t)));
        _addedIds = addedTokens.ToDictionary(t => t.Content, t => t.Id, StringComparer.Ordinal);
        _specialIds = [.. addedTokens.Where(t => t.Special).Select(t => t.Id)];
    }

    /// <summary>How many ids there are; every id from 0 up to this has a token.</summary>
    public int VocabularySize => _tokens.Length;

    /// <summary>The added tokens, special ones among them, in the order of the file.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Loads a tokenizer from a <c>tokenizer.json</c>, or from a folder that holds one.</summary>
    /// <exception cref="TokenizerFormatException">The file is malformed or of a kind that is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tokenizer Load(string path) => TokenizerFile.Load(path);

    /// <summary>Reads a tokenizer from the bytes of a <c>tokenizer.json</c>; <paramref name="name"/> stands in messages.</summary>
    /// <exception cref="TokenizerFormatException">The bytes are malformed or of a kind that is not supported.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name) => TokenizerFile.Parse(json, name);

    /// <summary>
    /// Writes <see cref="ToJson"/> to a file, or to <c>tokenizer.json</c> in an existing folder, replacing what was there.
    /// </summary>
    public void Save(string path) => TokenizerFile.Save(this, path);

    /// <summary>
    /// The tokenizer as the bytes of a <c>tokenizer.json</c>. Equal tokenizers give equal bytes on every machine, so these are
    /// the bytes to digest (docs/formats.md, "Tokenizer files").
    /// </summary>
    public byte[] ToJson() =>
        TokenizerFile.Write(AddedTokens, _normalizer, _preTokenizer, _postProcessor, _decoder, _model);

    /// <summary>The ids of a text. Added tokens that are spelled out in the text are recognised.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="addSpecialTokens">Whether the post-processor puts its special tokens around the ids.</param>
    /// <exception cref="TokenizationException">The vocabulary cannot express a part of the text.</exception>
    /// <exception cref="ArgumentException">The text holds an unpaired surrogate.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        WellFormed.Check(text);
        var ids = new List<int>();
        foreach ((int start, int end, AddedToken? token) in _asGiven.Cut(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                continue;
            }

            string normalized = Normalize(text[start..end]);
            foreach ((int from, int to, AddedToken? found) in _asNormalized.Cut(normalized))
            {
                if (found is not null)
                {
                    ids.Add(found.Id);
                }
                else
                {
                    EncodePlain(normalized[from..to], ids, text.AsSpan(0, start), normalized.AsSpan(0, from));
                }
            }
        }

        return [.. addSpecialTokens && _postProcessor is not null ? _postProcessor.Process(ids) : ids];
    }

    /// <summary>The text of ids. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var text = new StringBuilder();
        IDecoderStream stream = StartDecoder();
        foreach (int id in ids)
        {
            string token = IdToToken(id);
            if (!skipSpecialTokens || !_specialIds.Contains(id))
            {
                stream.Append(token, text);
            }
        }

        stream.Finish(text);
        return text.ToString();
    }

    /// <summary>Begins to decode ids that arrive one by one.</summary>
    public StreamDecoder CreateStreamDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    /// <summary>The id of a token as the vocabulary spells it, or null.</summary>
    public int? TokenToId(string token) =>
        _addedIds.TryGetValue(token, out int id) || _model.TryGetId(token, out id) ? id : null;

    /// <summary>The token of an id as the vocabulary spells it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string IdToToken(int id)
    {
        if ((uint)id >= (uint)_tokens.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(id), id, $"The vocabulary has ids from 0 to {_tokens.Length - 1}. Use the tokenizer the model was trained with.");
        }

        return _tokens[id];
    }

    /// <summary>Whether an id is a special token, such as the end of a text.</summary>
    public bool IsSpecial(int id) => _specialIds.Contains(id);

    internal IDecoderStream StartDecoder() => _decoder?.Start() ?? new JoiningStream(" ");

    private string Normalize(string text) => _normalizer?.Normalize(text) ?? text;

    private void EncodePlain(string text, List<int> ids, ReadOnlySpan<char> before, ReadOnlySpan<char> beforeNormalized)
    {
        var pieces = new List<string>();
        if (_preTokenizer is null)
        {
            pieces.Add(text);
        }
        else
        {
            _preTokenizer.PreTokenize(text, pieces);
        }

        foreach (string piece in pieces)
        {
            if (!_model.Tokenize(piece, ids))
            {
                throw Unknown(piece, text, WellFormed.CountCodePoints(before) + WellFormed.CountCodePoints(beforeNormalized));
            }
        }
    }

    // The first place of an unknown piece is the place that failed; a piece respelled in the byte alphabet has no place.
    private static TokenizationException Unknown(string piece, string text, int position)
    {
        int index = text.IndexOf(piece, StringComparison.Ordinal);
        position += index > 0 ? WellFormed.CountCodePoints(text.AsSpan(0, index)) : 0;
        string codes = string.Join(' ', piece.EnumerateRunes().Take(8).Select(rune => $"U+{rune.Value:X4}"));
        return new TokenizationException(
            piece,
            position,
            $"The vocabulary has no token for '{piece}' ({codes}) at character {position} of the text. " +
            "Remove or replace it, or train a tokenizer on text that contains it.");
    }
}
