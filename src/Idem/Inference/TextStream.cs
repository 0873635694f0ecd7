// Generated ids as text, token by token. A model's vocabulary may be larger than its tokenizer's (tables are padded to round sizes):
// ids that spell nothing add nothing.

using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>Decodes ids as they are generated.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
public sealed class TextStream(Tokenizer tokenizer)
{
    private readonly StreamDecoder _decoder = tokenizer.CreateStreamDecoder();

    /// <summary>The text that an id completes; empty while a character is not complete.</summary>
    public string Append(int id) => (uint)id < (uint)tokenizer.VocabularySize ? _decoder.Append(id) : "";

    /// <summary>What remains at the end.</summary>
    public string Finish() => _decoder.Finish();
}
