// GGUF files of Gemma hold the factors 1 + weight of norms; the weights are those less one.

namespace Idem.Numerics.Kernels;

/// <summary>Weights of norms that are stored as factors.</summary>
public static class StoredNorm
{
    /// <summary>
    /// weight = factor - 1, one rounding. Of a factor that was made as 1 + weight with one rounding it is exact, and 1 + weight gives the
    /// factor again.
    /// </summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void WeightsOf(ReadOnlySpan<float> factors, Span<float> weights)
    {
        if (factors.Length != weights.Length)
        {
            throw new ArgumentException($"StoredNorm: {factors.Length} factors give as many weights, not {weights.Length}.", nameof(weights));
        }

        for (int i = 0; i < factors.Length; i++)
        {
            weights[i] = factors[i] - 1f;
        }
    }
}
