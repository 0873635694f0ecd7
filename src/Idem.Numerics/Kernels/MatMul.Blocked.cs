// The fast path of matrix multiplication: a task computes a block of rows by some column panels. The reduction goes by runs of leaves. Of each run, panels of b
// stand packed in the second-level cache; tile by tile of rows meets them, and of a tile all leaves of the run follow each other, so that partial sums inside
// the run stay in the first level. Only sums that outlive a run lie far, see ChainTree's online form. Where b is not packed beforehand, the first tile of rows
// packs what it reads, while what the next panels need is asked for; a transposed b is packed before. a is read where it lies.
// A product with a transposed b of more rows than c has is computed as its transpose: then the smaller operand is packed.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    private static void RunBlocked<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        plan->Cut<S, F, D>(compute.Threads);
        if (plan->ShareB)
        {
            plan->Packed = (byte*)Scratch.RentShared(plan->Panels * MatMulPlan.PanelColumns * (long)plan->K);
            plan->PanelBytes = plan->K * (long)MatMulPlan.PanelColumns * sizeof(float);
            compute.For(plan->LeafCount * plan->Panels, plan, &PackShared);
        }

        compute.For(plan->TaskCount, plan, &RunTask<S, F, D>);
    }

    /// <summary>One leaf of a panel of b.</summary>
    private static void PackShared(void* state, int index)
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int leaf = index % plan->LeafCount, panel = index / plan->LeafCount;
        nint firstK = leaf * ChainTree.Leaf;
        plan->Pack(panel, (int)firstK, plan->LeafDepth(leaf), (float*)(plan->Packed + (panel * plan->PanelBytes)) + (firstK * MatMulPlan.PanelColumns));
    }

    private static void RunTask<S, F, D>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        MatMulBlock block = new(plan, index);
        for (int leaf = 0; leaf < plan->LeafCount; leaf += plan->RunLeaves)
        {
            int end = Math.Min(leaf + plan->RunLeaves, plan->LeafCount);
            for (int first = 0; first < block.Panels; first += plan->PanelsTogether)
            {
                block.Turn(plan, leaf, end, first);
                for (int row = 0; row < block.Rows; row += plan->TileRows)
                {
                    for (int panel = first; panel < block.EndPanel; panel++)
                    {
                        RunTile<S, F, D>(plan, &block, row, panel);
                    }
                }
            }
        }
    }

    /// <summary>A tile of rows by one panel, all leaves of the run.</summary>
    private static void RunTile<S, F, D>(MatMulPlan* plan, MatMulBlock* block, int row, int panel)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int rows = Math.Min(plan->TileRows, block->Rows - row);
        int firstRow = block->FirstRow + row, firstColumn = (block->FirstPanel + panel) * MatMulPlan.PanelColumns;
        int columns = Math.Min(MatMulPlan.PanelColumns, plan->N - firstColumn);
        nint tileFloats = plan->TileRows * MatMulPlan.PanelColumns;
        byte* a = plan->A + (firstRow * plan->ARow) + (block->FirstLeaf * ChainTree.Leaf * plan->AStep);
        byte* b = block->PanelOfRun(panel);
        byte* source = row == 0 && block->PacksInTile && columns == MatMulPlan.PanelColumns
            ? (byte*)(plan->B + (block->FirstLeaf * ChainTree.Leaf * plan->Ldb) + firstColumn)
            : null;
        float* outer = block->OuterLevels + (((panel * plan->TilesPerBlock) + (row / plan->TileRows)) * (nint)plan->OuterLevels * tileFloats);
        bool isWhole = columns == MatMulPlan.PanelColumns && !plan->TransposeC;
        bool isFirstVisit = block->EndPanel <= plan->PanelsTogether && panel == block->EndPanel - 1 && row + rows < block->Rows && plan->AStep == sizeof(float);
        int inPlace = row % plan->PlaceRows;
        float* tile = block->TileOf(plan, panel) + (inPlace * MatMulPlan.PanelColumns);
        for (int leaf = block->FirstLeaf; leaf < block->EndLeaf; leaf++)
        {
            int depth = plan->LeafDepth(leaf);
            bool isLast = leaf == plan->LeafCount - 1;
            int levelAfter = ChainTree.LevelAfter(leaf);
            TileJoin join = new(ChainTree.LevelsToMerge(leaf, isLast), plan->RunLevels, block->InnerLevels, outer, tileFloats);
            float* level = join.First;
            float* c = plan->C + (firstRow * plan->Ldc) + firstColumn;
            float* sum = !isLast ? join.LevelAt(levelAfter) : isWhole ? c : tile;
            nint sumStride = isLast && isWhole ? plan->Ldc : MatMulPlan.PanelColumns;
            if (level >= outer && level != null)
            {
                MatMulPacking.Prefetch(level, MatMulPlan.PanelColumns, rows, MatMulPlan.PanelColumns);
            }

            TileAhead ahead = block->Ahead.Take(depth);
            ahead.C = (byte*)sum;
            ahead.CStride = sumStride * sizeof(float);
            if (isLast && plan->TransposeC)
            {
                ahead.C = (byte*)(plan->C + ((firstColumn + (inPlace * columns / plan->PlaceRows)) * plan->Ldc) + firstRow - inPlace);
                ahead.CStride = plan->Ldc * sizeof(float);
            }

            if (isFirstVisit)
            {
                ahead.A = rows * plan->ARow;
            }

            for (int column = 0; column < columns; column += plan->TileColumns)
            {
                float* columnLevel = level == null ? null : level + column;
                if (source != null)
                {
                    MatMulTile.Run<S, F, D, Float32ToPack>(
                        rows, depth, a, plan->ARow, plan->AStep, source + (column * sizeof(float)), plan->Ldb * sizeof(float), (float*)b + column, &ahead,
                        columnLevel, sum + column, sumStride);
                }
                else
                {
                    MatMulTile.Run<S, F, D, Float32Panels>(
                        rows, depth, a, plan->ARow, plan->AStep, b + (column * sizeof(float)), MatMulPlan.PanelColumns * sizeof(float), null, &ahead,
                        columnLevel, sum + column, sumStride);
                }
            }

            join.AddOthers<S, F, D>(rows, MatMulPlan.PanelColumns, isLast ? block->BiasOf(plan, firstColumn, columns) : null, sum, sumStride);
            if (isLast && !isWhole && (inPlace + plan->TileRows >= plan->PlaceRows || row + rows == block->Rows))
            {
                Place<S, F, D>(plan, tile - (inPlace * MatMulPlan.PanelColumns), firstRow - inPlace, inPlace + rows, firstColumn, columns);
            }

            a += ChainTree.Leaf * plan->AStep;
            b += ChainTree.Leaf * MatMulPlan.PanelColumns * sizeof(float);
            source = source == null ? null : source + (ChainTree.Leaf * plan->Ldb * sizeof(float));
        }
    }

    /// <summary>Results that could not be stored where they belong: a part of a panel's width, or of a product computed as its transpose.</summary>
    private static void Place<S, F, D>(MatMulPlan* plan, float* tile, int firstRow, int rows, int firstColumn, int columns)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (!plan->TransposeC)
        {
            MatMulPacking.Copy(tile, MatMulPlan.PanelColumns, rows, columns, columns, plan->C + (firstRow * plan->Ldc) + firstColumn, plan->Ldc);
            return;
        }

        for (int row = 0; row < rows && plan->Bias != null; row++)
        {
            F bias = S.Create(plan->Bias[firstRow + row]);
            float* sums = tile + (row * MatMulPlan.PanelColumns);
            for (int column = 0; column < columns; column += S.Lanes)
            {
                S.Store(sums + column, S.Add(bias, S.Load(sums + column)));
            }
        }

        MatMulPacking.TransposeExactly(tile, MatMulPlan.PanelColumns, columns, rows, plan->C + (firstColumn * plan->Ldc) + firstRow, plan->Ldc);
    }
}
