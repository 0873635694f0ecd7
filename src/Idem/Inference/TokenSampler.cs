// From a row of logits to the next token of one generation: biases, penalties, what is allowed, the draw, and what is reported with
// the token. One definition for generation and for the replay of receipts. What a token is depends on the row, the settings and the
// sequence so far, on nothing else; so an engine draws the tokens of a step on all threads. Definition: docs/arithmetic.md#sampling.

using System.Buffers;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference.Constraints;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

internal static class TokenSampler
{
    /// <summary>The next token, without giving it to the generation; null where the constraint says that nothing can follow.</summary>
    /// <param name="generation">Whose turn it is.</param>
    /// <param name="row">Logits after its last id, [V].</param>
    public static GeneratedToken? Draw(Generation generation, ReadOnlyMemory<float> row)
    {
        SamplingSettings settings = generation.Settings;
        ReadOnlySpan<float> logits = row.Span;
        float[]? adjusted = null;
        if (generation.ConstraintState is not null || settings.LogitBias.Count > 0 || generation.Distinct.Count > 0)
        {
            adjusted = ArrayPool<float>.Shared.Rent(logits.Length);
            logits.CopyTo(adjusted);
            if (!Adjust(generation, adjusted.AsSpan(0, logits.Length)))
            {
                ArrayPool<float>.Shared.Return(adjusted);
                return null;
            }
        }

        ulong uniform = generation.Draws.Bits64((ulong)generation.Ids.Count) >> (64 - Sampling.UniformBits);
        int id = Sampling.Draw(adjusted is null ? logits : adjusted.AsSpan(0, logits.Length), settings.Parameters, uniform);
        if (adjusted is not null)
        {
            ArrayPool<float>.Shared.Return(adjusted);
        }

        LogNormalizer normalizer = LogSoftmax.Normalize(Compute.Current, logits);
        Digest digest = TensorDigest.Compute(NamedTensor.Of("logits", [row.Length], row));
        return new GeneratedToken(id, normalizer.Of(logits[id]), digest, Top(logits, normalizer, settings.TopLogProbabilities));
    }

    /// <summary>What is reported of a prompt's token.</summary>
    /// <param name="id">The token.</param>
    /// <param name="logits">Logits after the tokens before it.</param>
    /// <param name="top">How many of the most likely tokens.</param>
    public static PromptToken OfPrompt(int id, ReadOnlySpan<float> logits, int top)
    {
        LogNormalizer normalizer = LogSoftmax.Normalize(Compute.Current, logits);
        return new PromptToken(id, normalizer.Of(logits[id]), Top(logits, normalizer, top));
    }

    // Biases, then penalties, then what is not allowed becomes -inf.
    private static bool Adjust(Generation generation, Span<float> logits)
    {
        LogitBiases.Add(generation.Settings.LogitBias, logits);
        LogitPenalties penalties = generation.Settings.Penalties;
        foreach (int known in generation.Distinct)
        {
            logits[known] = penalties.Apply(logits[known], generation.CountOf(known));
        }

        return generation.ConstraintState is not { } state || Forbid(state, generation.Mask(logits.Length), logits);
    }

    private static bool Forbid(ITokenConstraintState state, TokenMask mask, Span<float> logits)
    {
        mask.Clear();
        if (!state.Allow(mask))
        {
            return false;
        }

        bool isPossible = false;
        for (int id = 0; id < logits.Length; id++)
        {
            if (!mask.IsAllowed(id))
            {
                logits[id] = float.NegativeInfinity;
            }

            isPossible |= logits[id] != float.NegativeInfinity;
        }

        return isPossible ? true : throw new InvalidOperationException("the constraint allows no token that the model can give");
    }

    private static TokenLogProbability[] Top(ReadOnlySpan<float> logits, LogNormalizer normalizer, int count)
    {
        if (count == 0)
        {
            return [];
        }

        int[] best = new int[Math.Min(count, logits.Length)];
        Sampling.Best(logits, best);
        TokenLogProbability[] top = new TokenLogProbability[best.Length];
        for (int i = 0; i < best.Length; i++)
        {
            top[i] = new TokenLogProbability(best[i], normalizer.Of(logits[best[i]]));
        }

        return top;
    }
}
