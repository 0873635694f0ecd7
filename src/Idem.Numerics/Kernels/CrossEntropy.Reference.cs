// Cross-entropy of each row's logits against a target class, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class CrossEntropy
{
    /// <summary>The definitions, for one row whose target is not ignored.</summary>
    internal static class Reference
    {
        public static float Forward(ReadOnlySpan<float> logits, int target, out float max, out float sum)
        {
            max = Softmax.Reference.Max(logits);
            float[] e = new float[logits.Length];
            for (int j = 0; j < logits.Length; j++)
            {
                e[j] = Float32.Exp(logits[j] - max);
            }

            sum = Lanes.Reference.Sum(e);
            return Float32.Log(sum) - (logits[target] - max);
        }

        /// <summary>loss = log(s)-(x_t-max); dx_j = (e_j/s-[j = t])*scale.</summary>
        public static void Backward(ReadOnlySpan<float> logits, int target, float max, float sum, float scale, Span<float> dlogits)
        {
            for (int j = 0; j < logits.Length; j++)
            {
                float p = Float32.Exp(logits[j] - max) / sum;
                dlogits[j] = (j == target ? p - 1f : p) * scale;
            }
        }
    }
}
