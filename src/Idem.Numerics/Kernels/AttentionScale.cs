// The factor of attention scores.

namespace Idem.Numerics.Kernels;

/// <summary>Factors of attention scores, each step rounded to float32.</summary>
public static class AttentionScale
{
    /// <summary>1 / sqrt(headSize), square root and quotient each rounded to float32.</summary>
    public static float Of(int headSize) => 1f / MathF.Sqrt(headSize);

    /// <summary>The scale of a layer that also divides by its index plus one.</summary>
    public static float OfLayer(float scale, int layer) => scale / (layer + 1);
}
