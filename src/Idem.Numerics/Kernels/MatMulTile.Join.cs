// What follows a tile's chains: earlier leaves are joined in the tree's order, then the bias is added.

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>Where a tile's sum of a level waits: levels inside a run of leaves lie apart from those that outlive it.</summary>
    public static float* Level(int runLevels, int level, float* inner, float* outer, nint tileFloats) =>
        level < runLevels ? inner + (level * tileFloats) : outer + ((level - runLevels) * tileFloats);

    /// <summary>
    /// c = tile, joined with each level in <paramref name="merge"/> (see <see cref="Reduction.ChainTree.LevelsToMerge"/>) as the
    /// left operand, lowest first, then with the bias unless that is null. Tile and levels are dense rows of a panel.
    /// </summary>
    public static void Join<S, F, D>(
        int rows, int columns, float* tile, uint merge, int runLevels, float* inner, float* outer, nint tileFloats, float* bias, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        // All but the last addition stay in the tile; the last goes from there to c.
        for (; merge != 0; merge &= merge - 1)
        {
            float* level = Level(runLevels, System.Numerics.BitOperations.TrailingZeroCount(merge), inner, outer, tileFloats);
            bool isLast = (merge & (merge - 1)) == 0 && bias == null && columns == MatMulPlan.PanelColumns;
            Add<S, F, D>(rows, level, MatMulPlan.PanelColumns, tile, isLast ? c : tile, isLast ? cStride : MatMulPlan.PanelColumns);
            if (isLast)
            {
                return;
            }
        }

        if (bias != null)
        {
            bool isWhole = columns == MatMulPlan.PanelColumns;
            Add<S, F, D>(rows, bias, 0, tile, isWhole ? c : tile, isWhole ? cStride : MatMulPlan.PanelColumns);
            if (isWhole)
            {
                return;
            }
        }

        MatMulPacking.Copy(tile, MatMulPlan.PanelColumns, rows, columns, columns, c, cStride);
    }

    /// <summary>c = addend + tile.</summary>
    private static void Add<S, F, D>(int rows, float* addend, nint addendStride, float* tile, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int row = 0; row < rows; row++, addend += addendStride, tile += MatMulPlan.PanelColumns, c += cStride)
        {
            for (int column = 0; column < MatMulPlan.PanelColumns; column += 2 * S.Lanes)
            {
                S.Store(c + column, S.Add(S.Load(addend + column), S.Load(tile + column)));
                S.Store(c + column + S.Lanes, S.Add(S.Load(addend + column + S.Lanes), S.Load(tile + column + S.Lanes)));
            }
        }
    }
}
