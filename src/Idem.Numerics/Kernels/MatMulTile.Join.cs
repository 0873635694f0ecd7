// What follows a tile's chains: sums of earlier leaves are joined in the tree's order, then the bias is added.

using System.Numerics;

namespace Idem.Numerics.Kernels;

/// <summary>
/// The levels that the sums of one tile are joined with, each as the left operand: those in Merge (see
/// <see cref="Reduction.ChainTree.LevelsToMerge"/>), lowest first. Levels are dense rows of a panel, tileFloats apart; those inside a
/// run of leaves lie apart from those that outlive it.
/// </summary>
internal readonly unsafe struct TileJoin(uint merge, int runLevels, float* inner, float* outer, nint tileFloats)
{
    /// <summary>The first of them, which the tile adds while its sums are in registers; null if there is none.</summary>
    public float* First => merge == 0 ? null : LevelAt(BitOperations.TrailingZeroCount(merge));

    /// <summary>Where the sum of a level waits.</summary>
    public float* LevelAt(int level) => level < runLevels ? inner + (level * tileFloats) : outer + ((level - runLevels) * tileFloats);

    /// <summary>c = level + c for the others; then c = c + bias unless that is null.</summary>
    public void AddOthers<S, F, D>(int rows, int columns, float* bias, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (uint others = merge & (merge - 1); others != 0; others &= others - 1)
        {
            Add<S, F, D>(rows, columns, LevelAt(BitOperations.TrailingZeroCount(others)), MatMulPlan.PanelColumns, c, cStride);
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
