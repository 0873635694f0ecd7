// The next token from a row of logits: truncation and the draw. This is the definition; SamplingHead gives the same tokens while it
// ranks only as many as can matter. What may never change: the order of the steps in docs/arithmetic.md#sampling; equal logits rank by
// lower id; no step depends on how many other sequences are sampled.

using System.Buffers;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>How the next token is chosen. The order of application is temperature, top-k, top-p, min-p.</summary>
/// <param name="Temperature">Divides the logits; 0 takes the largest logit (greedy).</param>
/// <param name="TopK">Keeps the k best-ranked tokens; 0 keeps all.</param>
/// <param name="TopP">Keeps the shortest best-ranked prefix whose probability reaches this share; 1 keeps all.</param>
/// <param name="MinP">Keeps tokens at least this share as probable as the best one; 0 keeps all.</param>
public readonly record struct SamplingParameters(float Temperature, int TopK, float TopP, float MinP = 0f)
{
    /// <summary>The largest logit, always.</summary>
    public static SamplingParameters Greedy { get; } = new(0f, 0, 1f);

    /// <summary>Throws when a parameter is out of range.</summary>
    /// <exception cref="ArgumentException">Names the parameter, its value and the range.</exception>
    public void Validate()
    {
        if (!float.IsFinite(Temperature) || Temperature < 0f)
        {
            throw new ArgumentException(FormattableString.Invariant($"temperature is {Temperature}: use 0 (greedy) or a positive number"));
        }

        if (TopK < 0)
        {
            throw new ArgumentException(FormattableString.Invariant($"top-k is {TopK}: use 0 (all tokens) or a positive count"));
        }

        if (!(TopP > 0f && TopP <= 1f))
        {
            throw new ArgumentException(FormattableString.Invariant($"top-p is {TopP}: use a share above 0, up to 1 (all tokens)"));
        }

        if (!(MinP >= 0f && MinP <= 1f))
        {
            throw new ArgumentException(FormattableString.Invariant($"min-p is {MinP}: use a share from 0 (all tokens) to 1"));
        }
    }
}

/// <summary>Chooses tokens from logits (docs/arithmetic.md#sampling).</summary>
public static class Sampling
{
    /// <summary>Bits of the uniform integer that decides a draw.</summary>
    public const int UniformBits = 48;

    /// <summary>The id of the largest logit; the lowest such id when several are equal (+0 and -0 are).</summary>
    /// <exception cref="ArgumentException">The row is empty or holds NaN.</exception>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        RequireNumbers(logits);
        int best = 0;
        for (int id = 1; id < logits.Length; id++)
        {
            if (logits[id] > logits[best])
            {
                best = id;
            }
        }

        return best;
    }

    /// <summary>The ids of the largest logits, in descending order, equal ones by lower id.</summary>
    /// <param name="logits">[vocabulary] float32.</param>
    /// <param name="best">Receives as many ids as it has room for, at most the vocabulary.</param>
    /// <exception cref="ArgumentException">The row is empty, holds NaN, or is shorter than <paramref name="best"/>.</exception>
    public static void Best(ReadOnlySpan<float> logits, Span<int> best)
    {
        RequireNumbers(logits);
        if (best.Length > logits.Length)
        {
            throw new ArgumentException($"sampling: {best.Length} best of {logits.Length} logits", nameof(best));
        }

        ulong[] ranked = ArrayPool<ulong>.Shared.Rent(logits.Length);
        Ranking.Best(logits, 1f, best.Length, ranked);
        for (int rank = 0; rank < best.Length; rank++)
        {
            best[rank] = Ranking.Id(ranked[rank]);
        }

        ArrayPool<ulong>.Shared.Return(ranked);
    }

    /// <summary>Draws a token.</summary>
    /// <param name="logits">[vocabulary] float32.</param>
    /// <param name="parameters">How to choose.</param>
    /// <param name="uniform">An integer below 2^48, uniform: which of the kept tokens is drawn.</param>
    /// <exception cref="ArgumentException">The row is empty or holds NaN, or a parameter is out of range.</exception>
    public static int Draw(ReadOnlySpan<float> logits, in SamplingParameters parameters, ulong uniform)
    {
        parameters.Validate();
        if (parameters.Temperature == 0f)
        {
            return ArgMax(logits);
        }

        int id = SamplingHead.Draw(logits, parameters, uniform);
        return id >= 0 ? id : DrawFromAll(logits, parameters, uniform);
    }

    /// <summary>The definition of a draw at a temperature above 0: all tokens are ranked.</summary>
    internal static int DrawFromAll(ReadOnlySpan<float> logits, in SamplingParameters parameters, ulong uniform)
    {
        RequireNumbers(logits);
        int count = parameters.TopK == 0 ? logits.Length : Math.Min(parameters.TopK, logits.Length);
        ulong[] ranked = ArrayPool<ulong>.Shared.Rent(logits.Length);
        double[] cumulative = ArrayPool<double>.Shared.Rent(count);
        Ranking.Best(logits, parameters.Temperature, count, ranked);
        int drawn = Draw(ranked.AsSpan(0, count), cumulative.AsSpan(0, count), parameters, uniform);
        ArrayPool<ulong>.Shared.Return(ranked);
        ArrayPool<double>.Shared.Return(cumulative);
        return drawn;
    }

    // Cumulative weights in ascending rank, in float64. The weights are correctly rounded float32 exponentials.
    private static int Draw(ReadOnlySpan<ulong> ranked, Span<double> cumulative, in SamplingParameters parameters, ulong uniform)
    {
        float largest = Ranking.Logit(ranked[0]);
        double sum = 0;
        int probable = 0; // ranks that min-p keeps: a prefix, since weights do not increase
        for (int rank = 0; rank < ranked.Length; rank++)
        {
            float logit = Ranking.Logit(ranked[rank]);
            float weight = logit == largest ? 1f : Float32.Exp(logit - largest); // equal infinities share the weight
            probable += weight >= parameters.MinP ? 1 : 0;
            sum += weight;
            cumulative[rank] = sum;
        }

        int kept = parameters.TopP < 1f ? 1 + FirstAtLeast(cumulative, parameters.TopP * sum) : ranked.Length;
        kept = Math.Min(kept, probable);
        return Ranking.Id(ranked[FirstAbove(cumulative[..kept], Share(uniform) * cumulative[kept - 1])]);
    }

    /// <summary>The share of the kept weight that a uniform integer stands for.</summary>
    internal static double Share(ulong uniform) => uniform * (1.0 / (1UL << UniformBits));

    /// <summary>The first rank whose cumulative weight exceeds a threshold, else the last.</summary>
    internal static int FirstAbove(ReadOnlySpan<double> cumulative, double threshold)
    {
        int rank = 0;
        while (rank < cumulative.Length - 1 && !(cumulative[rank] > threshold))
        {
            rank++;
        }

        return rank;
    }

    /// <summary>The first rank whose cumulative weight reaches a share, else the last.</summary>
    internal static int FirstAtLeast(ReadOnlySpan<double> cumulative, double share)
    {
        int rank = 0;
        while (rank < cumulative.Length - 1 && cumulative[rank] < share)
        {
            rank++;
        }

        return rank;
    }

    internal static void RequireNumbers(ReadOnlySpan<float> logits)
    {
        if (logits.IsEmpty)
        {
            throw new ArgumentException("sampling: there are no logits");
        }

        for (int id = 0; id < logits.Length; id++)
        {
            if (float.IsNaN(logits[id]))
            {
                throw new ArgumentException($"sampling: the logit of token {id} is NaN; the model's weights are not usable");
            }
        }
    }
}
