// Softmax over each row and its derivative, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class Softmax
{
    /// <summary>The definitions, for one row.</summary>
    internal static class Reference
    {
        public static void Forward(ReadOnlySpan<float> x, Span<float> y)
        {
            float max = Max(x);
            for (int j = 0; j < x.Length; j++)
            {
                y[j] = Float32.Exp(x[j] - max);
            }

            float sum = Lanes.Reference.Sum(y[..x.Length]);
            for (int j = 0; j < x.Length; j++)
            {
                y[j] = y[j] / sum;
            }
        }

        /// <summary>y_j = e_j/s; dx_j = y_j*(dy_j-dot), dot = sum of y*dy.</summary>
        public static void Backward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
        {
            float dot = Lanes.Reference.Dot(y, dy);
            for (int j = 0; j < y.Length; j++)
            {
                dx[j] = y[j] * (dy[j] - dot);
            }
        }

        public static float Max(ReadOnlySpan<float> x)
        {
            float max = float.NegativeInfinity;
            foreach (float value in x)
            {
                max = MathF.Max(max, value);
            }

            return max;
        }
    }
}
