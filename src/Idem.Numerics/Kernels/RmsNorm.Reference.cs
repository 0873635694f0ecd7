// Root-mean-square normalisation of each row and its derivative, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class RmsNorm
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        /// <summary>One row.</summary>
        public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float eps, Span<float> y, out float rstd)
        {
            float columns = x.Length;
            float meanSquare = Lanes.Reference.Dot(x, x) / columns;
            rstd = 1f / MathF.Sqrt(meanSquare + eps);
            for (int i = 0; i < x.Length; i++)
            {
                y[i] = (x[i] * rstd) * weight[i];
            }
        }

        /// <summary>One row. xhat = x*rstd, y = xhat*w; with g = dy*w: dx = rstd*(g-xhat*mean(g*xhat)).</summary>
        public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float rstd, ReadOnlySpan<float> dy, Span<float> dx)
        {
            float columns = x.Length;
            float[] xhat = new float[x.Length], g = new float[x.Length];
            for (int i = 0; i < x.Length; i++)
            {
                xhat[i] = x[i] * rstd;
                g[i] = dy[i] * weight[i];
            }

            float meanGXhat = Lanes.Reference.Dot(g, xhat) / columns;
            for (int i = 0; i < x.Length; i++)
            {
                dx[i] = Fma.Single(-xhat[i], meanGXhat, g[i]) * rstd;
            }
        }

        /// <summary>y = xhat*w: dweight = chain-tree over rows of dy*xhat.</summary>
        public static void ParameterGradients(int rows, int columns, float[] x, float[] rstd, float[] dy, Span<float> dweight)
        {
            for (int c = 0; c < columns; c++)
            {
                int column = c;
                dweight[c] = PresentTree.Sum(rows, _ => true, r => dy[(r * columns) + column], r => x[(r * columns) + column] * rstd[r]);
            }
        }
    }
}
