// The next token from a row of logits: ranking, truncation and the draw. This is the definition and the only implementation:
// a row is drawn from once a token, so there is nothing to tile. What may never change: the order of the steps in
// docs/arithmetic.md#sampling; equal logits rank by lower id; no step depends on how many other sequences are sampled.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>How the next token is chosen. The order of application is temperature, top-k, top-p.</summary>
/// <param name="Temperature">Divides the logits; 0 takes the largest logit (greedy).</param>
/// <param name="TopK">Keeps the k best-ranked tokens; 0 keeps all.</param>
/// <param name="TopP">Keeps the shortest best-ranked prefix whose probability reaches this share; 1 keeps all.</param>
public readonly record struct SamplingParameters(float Temperature, int TopK, float TopP)
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

        RequireNumbers(logits);
        ulong[] ranked = Rank(logits, parameters.Temperature);
        int kept = parameters.TopK == 0 ? ranked.Length : Math.Min(parameters.TopK, ranked.Length);

        // Cumulative weights in ascending rank, in float64. The weights are correctly rounded float32 exponentials.
        double[] cumulative = new double[kept];
        float largest = Logit(ranked[0]);
        double sum = 0;
        for (int rank = 0; rank < kept; rank++)
        {
            float logit = Logit(ranked[rank]);
            sum += logit == largest ? 1f : Float32.Exp(logit - largest); // equal infinities share the weight
            cumulative[rank] = sum;
        }

        if (parameters.TopP < 1f)
        {
            double share = parameters.TopP * sum;
            kept = 1 + FirstAtLeast(cumulative, share);
            sum = cumulative[kept - 1];
        }

        double threshold = uniform * (1.0 / (1UL << UniformBits)) * sum;
        int drawn = 0;
        while (drawn < kept - 1 && !(cumulative[drawn] > threshold))
        {
            drawn++;
        }

        return (int)(uint)ranked[drawn];
    }

    private static int FirstAtLeast(double[] cumulative, double share)
    {
        int rank = 0;
        while (rank < cumulative.Length - 1 && cumulative[rank] < share)
        {
            rank++;
        }

        return rank;
    }

    /// <summary>
    /// Tokens as (descending logit, ascending id), each packed in 64 bits: above, the tempered logit's encoding mapped so that
    /// larger logits have smaller codes; below, the id.
    /// </summary>
    private static ulong[] Rank(ReadOnlySpan<float> logits, float temperature)
    {
        ulong[] ranked = new ulong[logits.Length];
        for (int id = 0; id < logits.Length; id++)
        {
            float tempered = (logits[id] / temperature) + 0f; // -0 becomes +0: equal logits rank by id
            uint bits = BitConverter.SingleToUInt32Bits(tempered);
            uint ascending = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
            ranked[id] = ((ulong)~ascending << 32) | (uint)id;
        }

        Array.Sort(ranked);
        return ranked;
    }

    private static float Logit(ulong ranked)
    {
        uint ascending = ~(uint)(ranked >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending & 0x7FFFFFFF : ~ascending);
    }

    private static void RequireNumbers(ReadOnlySpan<float> logits)
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
