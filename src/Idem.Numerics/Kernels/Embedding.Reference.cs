// Rows of a table by index, and the table's gradient, one IEEE operation at a time. This file DEFINES the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class Embedding
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        /// <summary>y[t] = table[ids[t]]; dtable[v] = the chain-tree over the tokens t with ids[t] = v of dy[t]*1; +0 if there are none.</summary>
        public static void Backward(int[] ids, int vocabulary, int width, float[] dy, Span<float> dtable)
        {
            for (int v = 0; v < vocabulary; v++)
            {
                for (int c = 0; c < width; c++)
                {
                    int row = v, column = c;
                    dtable[(v * width) + c] = PresentTree.Sum(ids.Length, t => ids[t] == row, t => dy[(t * width) + column], _ => 1f);
                }
            }
        }
    }
}
