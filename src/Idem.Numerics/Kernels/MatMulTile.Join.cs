// What follows a tile's chains: earlier leaves are joined in the tree's order, then the bias is added.

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// c = level + c for each level in <paramref name="merge"/> (see <see cref="Reduction.ChainTree.LevelsToMerge"/>), lowest
    /// first; then c = c + bias unless that is null. Levels are dense tiles, <paramref name="tileFloats"/> apart.
    /// </summary>
    public static void Join<S, F, D>(
        int rows, int columns, float* levels, nint tileFloats, uint merge, float* bias, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column += S.Lanes)
            {
                F sum = S.Load(c + column);
                float* level = levels + column;
                for (uint rest = merge; rest != 0; rest >>= 1, level += tileFloats)
                {
                    if ((rest & 1) != 0)
                    {
                        sum = S.Add(S.Load(level), sum);
                    }
                }

                if (bias != null)
                {
                    sum = S.Add(sum, S.Load(bias + column));
                }

                S.Store(c + column, sum);
            }

            levels += columns;
            c += cStride;
        }
    }
}
