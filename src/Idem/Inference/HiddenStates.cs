// What a model makes of a text: the states of all its tokens, and one state for the whole. An encoder pools with its pooler; a
// decoder, and an encoder without one, give the state of one token: the last, which has seen all others, or the first.

using Idem.Models;
using Idem.Tensors;

namespace Idem.Inference;

/// <summary>The hidden states of a sequence.</summary>
/// <param name="Pooling">How the pooled state was made: pooler, first_token or last_token.</param>
/// <param name="Pooled">[C].</param>
/// <param name="Rows">[T, C].</param>
public sealed record HiddenStates(string Pooling, float[] Pooled, Tensor Rows)
{
    /// <summary>Computes them.</summary>
    /// <param name="model">In evaluation mode.</param>
    /// <param name="ids">At least one id, at most the model's context.</param>
    /// <exception cref="ArgumentException">There are too many ids, or none.</exception>
    public static HiddenStates Of(LanguageModel model, int[] ids)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Length == 0 || ids.Length > model.Config.ContextLength)
        {
            throw new ArgumentException(ids.Length == 0
                ? "the text has no tokens; give at least one character"
                : $"{ids.Length} tokens exceed the model's context of {model.Config.ContextLength}; shorten the text");
        }

        using NoGradScope scope = Autograd.NoGrad();
        if (model is Bert bert)
        {
            BertStates states = bert.Encode(ids, 1);
            return bert.Parts.HasFlag(BertParts.Pooler)
                ? new HiddenStates("pooler", bert.Pool(states).ToArray(), states.Rows)
                : new HiddenStates("first_token", states.Rows.ToArray()[..bert.Config.HiddenSize], states.Rows);
        }

        Tensor hidden = model.HiddenStates(ids);
        return new HiddenStates("last_token", hidden.ToArray()[^model.Config.Width..], hidden);
    }
}
