// What each token adds to a text, in bytes of UTF-8: a token may hold a part of a character, which no text of its own can show. Most
// tokens add the same wherever they stand; the first one of a text may add less, where a decoder takes a blank off the beginning.

using System.Text;

namespace Idem.Tokenizers;

/// <summary>The bytes of a tokenizer's tokens. Immutable, and safe to use from many threads.</summary>
public sealed class TokenBytes
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _isByteLevel, _hasByteTokens;
    private readonly HashSet<int> _added;
    private readonly int _probe; // a token with a text, to stand before others
    private readonly string _probeText;

    /// <summary>Prepares the bytes of a tokenizer's tokens; none is computed yet.</summary>
    public TokenBytes(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        IDecoder[] decoders = [.. Steps(tokenizer.Stages.Decoder)];
        _isByteLevel = decoders.Any(step => step is ByteLevelDecoder);
        _hasByteTokens = decoders.Any(step => step is ByteFallbackDecoder);
        IsRegular = !decoders.Any(step => step is BpeDecoder or CtcDecoder) && !(_isByteLevel && decoders.Any(step => step is not (ByteLevelDecoder or FuseDecoder)));
        _added = [.. tokenizer.AddedTokens.Select(token => token.Id)];
        _probe = Enumerable.Range(0, tokenizer.VocabularySize).FirstOrDefault(id => !_added.Contains(id) && IsPlain(tokenizer.Decode([id])));
        _probeText = tokenizer.Decode([_probe]);
    }

    /// <summary>Whether a text is its tokens' bytes one after another. Decoders that look at a token's neighbours make it otherwise.</summary>
    public bool IsRegular { get; }

    /// <summary>The bytes that a token adds after others; empty for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public byte[] Of(int id) => Raw(id) ?? Added(id);

    /// <summary>The bytes that a token adds as the first one of a text; empty for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public byte[] AtBeginning(int id) => Raw(id) ?? Encoding.UTF8.GetBytes(_tokenizer.Decode([id]));

    // Of tokens that spell bytes, which decoding would join to characters.
    private byte[]? Raw(int id)
    {
        string token = _tokenizer.IdToToken(id);
        return _tokenizer.Decode([id]).Length == 0 ? null // special, or nothing
            : _isByteLevel ? ByteLevelDecoder.Bytes(token)
            : _hasByteTokens && ByteTokens.TryParse(token, out byte value) && value >= 0x80 ? [value]
            : null;
    }

    private byte[] Added(int id)
    {
        string both = _tokenizer.Decode([_probe, id]);
        return both.StartsWith(_probeText, StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(both[_probeText.Length..]) : [];
    }

    private static bool IsPlain(string text) => text.Length > 0 && text.All(char.IsAsciiLetterOrDigit);

    private static IEnumerable<IDecoder> Steps(IDecoder? decoder) => decoder switch
    {
        null => [],
        SequenceDecoder sequence => sequence.Steps.SelectMany(Steps),
        _ => [decoder],
    };
}
