// Text to token ids and back, in the stages of Hugging Face's library: added tokens are cut out, then normalizer,
// pre-tokenizer, model, post-processor; and a decoder for the way back. Immutable, and safe to use from many threads.
//
// It does not pad or truncate. The ids of a text are a function of the text and of the tokenizer's JSON bytes alone: caches,
// threads and the runtime's Unicode version have no part in them.

using System.Text;

namespace Idem.Tokenizers;

/// <summary>A tokenizer, loaded from a Hugging Face <c>tokenizer.json</c> or trained here.</summary>
public sealed class Tokenizer
{
    private readonly TokenizerStages _stages;
    private readonly TextEncoder _encoder;
    private readonly Dictionary<string, int> _addedIds;
    private readonly HashSet<int> _specialIds;
    private readonly HashSet<int> _skippedIds;
    private readonly string[] _tokens;
    private readonly Dictionary<int, string> _normalizedTokens;

    internal Tokenizer(TokenizerStages stages, IReadOnlyList<AddedToken> addedTokens, string[] tokens)
    {
        _stages = stages;
        _tokens = tokens;
        AddedTokens = addedTokens;
        _encoder = new TextEncoder(stages, addedTokens);
        _addedIds = addedTokens.ToDictionary(t => t.Content, t => t.Id, StringComparer.Ordinal);
        _specialIds = [.. addedTokens.Where(t => t.Special).Select(t => t.Id)];

        // As in the library: what was normalized on the way in is decoded in its normalized form, and is special by that form.
        _normalizedTokens = addedTokens.Where(t => t.Normalized).ToDictionary(t => t.Id, t => _encoder.Normalize(t.Content));
        HashSet<string> specials = [.. addedTokens.Where(t => t.Special).Select(t => t.Content)];
        _skippedIds = [.. addedTokens.Where(t => specials.Contains(_normalizedTokens.GetValueOrDefault(t.Id, t.Content))).Select(t => t.Id)];
    }

    /// <summary>How many ids there are; every id from 0 up to this has a token.</summary>
    public int VocabularySize => _tokens.Length;

    /// <summary>The added tokens, special ones among them, in the order of the file.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    internal TokenizerStages Stages => _stages;

    /// <summary>
    /// Loads a tokenizer from a <c>tokenizer.json</c>, or from a folder that holds one; in a folder, what its
    /// <c>tokenizer_config.json</c> changes about the ids counts too (docs/formats.md, "Tokenizer files").
    /// </summary>
    /// <exception cref="TokenizerFormatException">A file is malformed or of a kind that is not supported.</exception>
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
    public byte[] ToJson() => TokenizerFile.Write(AddedTokens, _stages);

    /// <summary>The ids of a text. Added tokens that are spelled out in the text are recognised.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="addSpecialTokens">Whether the post-processor puts its special tokens around the ids.</param>
    /// <exception cref="TokenizationException">The vocabulary cannot express a part of the text.</exception>
    /// <exception cref="ArgumentException">The text holds an unpaired surrogate.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true) => _encoder.Ids(text, addSpecialTokens);

    /// <summary>The tokens of a text, or of a pair of texts, with their types and places.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="pair">The second text, if any.</param>
    /// <param name="addSpecialTokens">Whether the post-processor puts its special tokens around the ids.</param>
    /// <exception cref="TokenizationException">The vocabulary cannot express a part of the text.</exception>
    /// <exception cref="ArgumentException">A text holds an unpaired surrogate.</exception>
    public TokenEncoding EncodeWithOffsets(string text, string? pair = null, bool addSpecialTokens = true) =>
        _encoder.Encoding(text, pair, addSpecialTokens, _tokens);

    /// <summary>The text of ids. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var text = new StringBuilder();
        ITokenStream stream = StartDecoder(text);
        foreach (int id in ids)
        {
            Decode(id, skipSpecialTokens, stream);
        }

        stream.End();
        return text.ToString();
    }

    /// <summary>Begins to decode ids that arrive one by one.</summary>
    public StreamDecoder CreateStreamDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    /// <summary>The id of a token as the vocabulary spells it, or null.</summary>
    public int? TokenToId(string token) =>
        _addedIds.TryGetValue(token, out int id) || _stages.Model.TryGetId(token, out id) ? id : null;

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

    internal void Decode(int id, bool skipSpecialTokens, ITokenStream stream)
    {
        string token = IdToToken(id);
        if (!skipSpecialTokens || !_skippedIds.Contains(id))
        {
            stream.Text(_normalizedTokens.GetValueOrDefault(id, token));
            stream.EndToken();
        }
    }

    internal ITokenStream StartDecoder(StringBuilder text) => _stages.Decoder is { } decoder
        ? decoder.Start(new TextStream(text, ""))
        : new TextStream(text, " ");
}
