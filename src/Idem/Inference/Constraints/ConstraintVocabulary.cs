// The tokens of a model as a constraint sees them: by what they add to a text.

using Idem.Tokenizers;

namespace Idem.Inference.Constraints;

/// <summary>Immutable, and shared by all constraints of a model.</summary>
internal sealed class ConstraintVocabulary
{
    /// <summary>Reads a tokenizer's tokens.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="size">Ids of the model, which may be more than the tokenizer's.</param>
    /// <param name="stopIds">The ids that end a text: no part of one.</param>
    /// <exception cref="NotSupportedException">The tokenizer's texts are not made of its tokens' bytes.</exception>
    public ConstraintVocabulary(Tokenizer tokenizer, int size, IReadOnlyList<int> stopIds)
    {
        TokenBytes bytes = new(tokenizer);
        if (!bytes.IsRegular)
        {
            throw new NotSupportedException("the model's tokenizer writes a token otherwise beside others, so texts cannot be held to a schema token by token");
        }

        Size = size;
        StopIds = stopIds;
        int count = Math.Min(size, tokenizer.VocabularySize);
        byte[][] later = [.. Enumerable.Range(0, count).Select(id => stopIds.Contains(id) ? [] : bytes.Of(id))];
        byte[][] first = [.. Enumerable.Range(0, count).Select(id => stopIds.Contains(id) ? [] : bytes.AtBeginning(id))];
        Later = new TokenTree(later);
        First = Enumerable.Range(0, count).All(id => first[id].AsSpan().SequenceEqual(later[id])) ? Later : new TokenTree(first);
    }

    /// <summary>Ids of the model.</summary>
    public int Size { get; }

    /// <summary>The ids that end a text.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>Tokens as the first one of a text.</summary>
    public TokenTree First { get; }

    /// <summary>Tokens after others.</summary>
    public TokenTree Later { get; }
}
