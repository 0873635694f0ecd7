// Layer normalisation of each row and its derivative, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class LayerNorm
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        /// <summary>One row; a row's length as a float32 is the divisor of both means.</summary>
        public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float eps, Span<float> y, out float mean, out float rstd)
        {
            float columns = x.Length;
            mean = Lanes.Reference.Sum(x) / columns;
            float[] deviation = new float[x.Length];
            for (int i = 0; i < x.Length; i++)
            {
                deviation[i] = x[i] - mean;
            }

            float variance = Lanes.Reference.Dot(deviation, deviation) / columns;
            rstd = 1f / MathF.Sqrt(variance + eps);
            for (int i = 0; i < x.Length; i++)
            {
                float xhat = deviation[i] * rstd;
                y[i] = bias.IsEmpty ? xhat * weight[i] : Fma.Single(xhat, weight[i], bias[i]);
            }
        }

        /// <summary>
        /// One row. xhat = (x-mean)*rstd, y = xhat*w+b; with g = dy*w:
        /// dx = rstd*(g-mean(g)-xhat*mean(g*xhat)).
        /// </summary>
        public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float mean, float rstd, ReadOnlySpan<float> dy, Span<float> dx)
        {
            float columns = x.Length;
            float[] xhat = new float[x.Length], g = new float[x.Length];
            for (int i = 0; i < x.Length; i++)
            {
                xhat[i] = (x[i] - mean) * rstd;
                g[i] = dy[i] * weight[i];
            }

            float meanG = Lanes.Reference.Sum(g) / columns;
            float meanGXhat = Lanes.Reference.Dot(g, xhat) / columns;
            for (int i = 0; i < x.Length; i++)
            {
                dx[i] = Fma.Single(-xhat[i], meanGXhat, g[i] - meanG) * rstd;
            }
        }

        /// <summary>y = xhat*w+b: dweight = chain-tree over rows of dy*xhat, dbias = chain-tree over rows of dy*1.</summary>
        public static void ParameterGradients(int rows, int columns, float[] x, float[] mean, float[] rstd, float[] dy, Span<float> dweight, Span<float> dbias)
        {
            for (int c = 0; c < columns; c++)
            {
                int column = c;
                dweight[c] = PresentTree.Sum(rows, _ => true, r => dy[(r * columns) + column], r => (x[(r * columns) + column] - mean[r]) * rstd[r]);
                if (!dbias.IsEmpty)
                {
                    dbias[c] = PresentTree.Sum(rows, _ => true, r => dy[(r * columns) + column], _ => 1f);
                }
            }
        }
    }
}
