// The factor of embeddings in models that scale them (Gemma).

namespace Idem.Numerics.Kernels;

/// <summary>Factors of embeddings.</summary>
public static class EmbeddingScale
{
    /// <summary>sqrt(width), rounded to float32 once.</summary>
    public static float Of(int width) => MathF.Sqrt(width);
}
