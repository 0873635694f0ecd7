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
        for (; merge != 0; merge >>= 1, levels += tileFloats)
        {
            if ((merge & 1) != 0)
            {
                Add<S, F, D>(rows, columns, levels, columns, c, cStride);
            }
        }

        if (bias != null)
        {
            Add<S, F, D>(rows, columns, bias, 0, c, cStride);
        }
    }

    private static void Add<S, F, D>(int rows, int columns, float* addend, nint addendStride, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int row = 0; row < rows; row++, addend += addendStride, c += cStride)
        {
            for (int column = 0; column < columns; column += 2 * S.Lanes)
            {
                S.Store(c + column, S.Add(S.Load(addend + column), S.Load(c + column)));
                S.Store(c + column + S.Lanes, S.Add(S.Load(addend + column + S.Lanes), S.Load(c + column + S.Lanes)));
            }
        }
    }
}
