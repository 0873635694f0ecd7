// Sums of rows, columns and whole tensors, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class Reduce
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        public static float SumRow(ReadOnlySpan<float> x) => Lanes.Reference.Sum(x);

        public static float MeanRow(ReadOnlySpan<float> x) => Lanes.Reference.Sum(x) / (float)x.Length;

        /// <summary>The chain-tree over rows of x[r, column]*1.</summary>
        public static float SumColumn(int rows, int columns, float[] x, int column) =>
            PresentTree.Sum(rows, _ => true, r => x[(r * columns) + column], _ => 1f);

        /// <summary>y[target] = the chain-tree of x*1 over the positions that map to target, in row-major order.</summary>
        public static void SumToShape(ReadOnlySpan<int> shape, float[] x, ReadOnlySpan<int> targetStrides, Span<float> y)
        {
            List<float>[] terms = new List<float>[y.Length];
            for (int i = 0; i < x.Length; i++)
            {
                int target = 0, rest = i;
                for (int d = shape.Length - 1; d >= 0; d--)
                {
                    target += rest % shape[d] * targetStrides[d];
                    rest /= shape[d];
                }

                (terms[target] ??= []).Add(x[i]);
            }

            for (int t = 0; t < y.Length; t++)
            {
                List<float> list = terms[t] ?? [];
                y[t] = PresentTree.Sum(list.Count, _ => true, k => list[k], _ => 1f);
            }
        }
    }
}
