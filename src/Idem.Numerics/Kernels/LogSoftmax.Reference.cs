// Log-softmax over each row and its derivative, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class LogSoftmax
{
    /// <summary>The definitions, for one row.</summary>
    internal static class Reference
    {
        public static void Forward(ReadOnlySpan<float> x, Span<float> y)
        {
            float max = Softmax.Reference.Max(x);
            float[] e = new float[x.Length];
            for (int j = 0; j < x.Length; j++)
            {
                e[j] = Float32.Exp(x[j] - max);
            }

            float logSum = Float32.Log(Lanes.Reference.Sum(e));
            for (int j = 0; j < x.Length; j++)
            {
                y[j] = (x[j] - max) - logSum;
            }
        }

        /// <summary>y_j = x_j-max-log(s); dx_j = dy_j-exp(y_j)*total, total = sum of dy.</summary>
        public static void Backward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
        {
            float total = Lanes.Reference.Sum(dy);
            for (int j = 0; j < y.Length; j++)
            {
                dx[j] = Fma.Single(-Float32.Exp(y[j]), total, dy[j]);
            }
        }
    }
}
