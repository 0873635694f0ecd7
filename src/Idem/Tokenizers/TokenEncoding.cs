// Everything about the tokens of a text, or of two, as models and highlighters want it.

namespace Idem.Tokenizers;

/// <summary>A token's place.</summary>
/// <param name="Start">The first character of the text as given that it stands for, in code points.</param>
/// <param name="End">Behind the last one.</param>
public readonly record struct TokenOffsets(int Start, int End);

/// <summary>The tokens of a text, or of a pair of texts, one entry per token in every list.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="TypeIds">Which text a token belongs to, as the post-processor numbers them (<c>token_type_ids</c>).</param>
/// <param name="Offsets">Where a token stands in its own text; 0..0 for a token that the post-processor put in.</param>
/// <param name="SpecialTokensMask">1 for a token that the post-processor put in, otherwise 0.</param>
public sealed record TokenEncoding(
    IReadOnlyList<int> Ids,
    IReadOnlyList<int> TypeIds,
    IReadOnlyList<TokenOffsets> Offsets,
    IReadOnlyList<int> SpecialTokensMask);
