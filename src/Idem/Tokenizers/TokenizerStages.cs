// The five stages of a tokenizer; any but the model may be absent.

namespace Idem.Tokenizers;

internal sealed record TokenizerStages(
    INormalizer? Normalizer,
    IPreTokenizer? PreTokenizer,
    ITokenModel Model,
    IPostProcessor? PostProcessor,
    IDecoder? Decoder);
