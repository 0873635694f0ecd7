// The fast path of matrix multiplication: one task computes a block of rows by a group of column panels, leaf by leaf.
// Per leaf the block of a is packed (it stays in the second-level cache), each panel of b is packed (first level) and met
// by all of the block's tiles. Partial sums of earlier leaves wait beside each other per tile, see ChainTree's online form.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    private const int FewRowsPieceDepth = 64;

    private static void Run<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        plan->Cut<S, F, D>(compute.Threads);
        compute.For(plan->TaskCount, plan, &RunTask<S, F, D>);
    }

    private static void RunTask<S, F, D>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int group = index / plan->RowBlocks;
        int firstRow = index % plan->RowBlocks * plan->BlockRows;
        int firstPanel = plan->FirstPanel(group);
        Block block = new()
        {
            FirstRow = firstRow,
            Rows = Math.Min(plan->BlockRows, plan->M - firstRow),
            FirstPanel = firstPanel,
            Panels = plan->FirstPanel(group + 1) - firstPanel,
        };
        int leafDepth = Math.Min(plan->K, ChainTree.Leaf);
        nuint tileFloats = (nuint)(plan->TileRows * plan->TileColumns);
        nuint packedA = plan->PackA ? RoundUp((nuint)(plan->BlockRows * leafDepth)) : 0;
        nuint packedB = (nuint)(leafDepth * plan->TileColumns);
        nuint levels = (nuint)plan->LevelCount * tileFloats * (nuint)(plan->BlockRows / plan->TileRows) * (nuint)block.Panels;
        block.PackedA = MatMulScratch.Get(packedA + packedB + RoundUp(tileFloats) + (nuint)plan->TileColumns + levels);
        block.PackedB = block.PackedA + packedA;
        block.EdgeTile = block.PackedB + packedB;
        block.EdgeBias = block.EdgeTile + RoundUp(tileFloats);
        block.Levels = block.EdgeBias + plan->TileColumns;
        for (int leaf = 0; leaf < plan->LeafCount; leaf++)
        {
            RunLeaf<S, F, D>(plan, &block, leaf);
        }
    }

    private static void RunLeaf<S, F, D>(MatMulPlan* plan, Block* block, int leaf)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int firstK = leaf * ChainTree.Leaf;
        int depth = Math.Min(plan->K - firstK, ChainTree.Leaf);
        if (plan->PackA)
        {
            PackA(plan, block, firstK, depth);
        }

        for (int panel = 0; panel < block->Panels; panel++)
        {
            int firstColumn = (block->FirstPanel + panel) * plan->TileColumns;
            int columns = Math.Min(plan->TileColumns, plan->N - firstColumn);
            if (plan->DirectB && columns == plan->TileColumns)
            {
                float* b = plan->B + (firstK * plan->Ldb) + firstColumn;
                RunPanel<S, F, D>(plan, block, leaf, panel, 0, depth, (byte*)b, plan->Ldb * sizeof(float));
                continue;
            }

            // A panel that few rows use is packed in pieces, which stay in the first-level cache; the chains go on across them.
            int pieceMax = plan->FewRows ? FewRowsPieceDepth : ChainTree.Leaf;
            int done = 0;
            do
            {
                int piece = Math.Min(pieceMax, depth - done);
                PackB(plan, block, firstK + done, piece, firstColumn, columns);
                RunPanel<S, F, D>(plan, block, leaf, panel, done, piece, (byte*)block->PackedB, plan->TileColumns * sizeof(float));
                done += piece;
            }
            while (done < depth);
        }
    }

    private static void PackB(MatMulPlan* plan, Block* block, int firstK, int depth, int firstColumn, int columns)
    {
        if (plan->TransposeB)
        {
            float* source = plan->B + (firstColumn * plan->Ldb) + firstK;
            MatMulPacking.Transpose(source, plan->Ldb, depth, columns, block->PackedB, plan->TileColumns);
        }
        else
        {
            float* source = plan->B + (firstK * plan->Ldb) + firstColumn;
            MatMulPacking.Copy(source, plan->Ldb, depth, columns, plan->TileColumns, block->PackedB, plan->TileColumns);
        }
    }

    /// <summary>The part [firstDepth, firstDepth + depth) of a leaf, in all of the block's tiles of one panel.</summary>
    private static void RunPanel<S, F, D>(
        MatMulPlan* plan, Block* block, int leaf, int panel, int firstDepth, int depth, byte* b, nint bStep)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int leafDepth = Math.Min(plan->K - (leaf * ChainTree.Leaf), ChainTree.Leaf);
        bool leafEnds = firstDepth + depth == leafDepth;
        int firstColumn = (block->FirstPanel + panel) * plan->TileColumns;
        int columns = Math.Min(plan->TileColumns, plan->N - firstColumn);
        bool isLast = leaf == plan->LeafCount - 1;
        bool isEdge = columns < plan->TileColumns;
        nint tileFloats = plan->TileRows * plan->TileColumns;
        nint tileLevels = plan->LevelCount * tileFloats;
        float* levels = block->Levels + (panel * (nint)(plan->BlockRows / plan->TileRows) * tileLevels);
        uint merge = ChainTree.LevelsToMerge(leaf, isLast);
        float* bias = isLast && plan->Bias != null ? BiasOf(plan, block, firstColumn, columns) : null;
        for (int row = 0; row < block->Rows; row += plan->TileRows, levels += tileLevels)
        {
            int rows = Math.Min(plan->TileRows, block->Rows - row);
            byte* a = plan->A + ((block->FirstRow + row) * plan->ARow) + (((leaf * ChainTree.Leaf) + firstDepth) * plan->AStep);
            nint aRow = plan->ARow, aStep = plan->AStep;
            if (plan->PackA)
            {
                a = (byte*)(block->PackedA + (row * (nint)depth));
                aRow = sizeof(float);
                aStep = rows * sizeof(float);
            }

            float* c = plan->C + ((block->FirstRow + row) * plan->Ldc) + firstColumn;
            float* sum = !isLast ? levels + (ChainTree.LevelAfter(leaf) * tileFloats) : isEdge ? block->EdgeTile : c;
            nint sumStride = isLast && !isEdge ? plan->Ldc : plan->TileColumns;
            if (plan->FewRows)
            {
                PrefetchNext(plan, block, leaf, panel, firstDepth, depth, leafDepth);
            }
            else
            {
                PrefetchNext(plan, block, leaf, panel, row, plan->TileRows, plan->BlockRows);
            }

            MatMulTile.Run<S, F, D>(plan->FewRows, rows, depth, a, aRow, aStep, b, bStep, sum, sumStride, firstDepth > 0);
            if (leafEnds && (merge != 0 || bias != null))
            {
                MatMulTile.Join<S, F, D>(rows, plan->TileColumns, levels, tileFloats, merge, bias, sum, sumStride);
            }

            if (leafEnds && isLast && isEdge)
            {
                MatMulPacking.Copy(block->EdgeTile, plan->TileColumns, rows, columns, columns, c, plan->Ldc);
            }
        }
    }

    /// <summary>The block's rows, tile by tile; the last tile is as narrow as its rows.</summary>
    private static void PackA(MatMulPlan* plan, Block* block, int firstK, int depth)
    {
        for (int row = 0; row < block->Rows; row += plan->TileRows)
        {
            int rows = Math.Min(plan->TileRows, block->Rows - row);
            float* source = (float*)(plan->A + ((block->FirstRow + row) * plan->ARow) + (firstK * plan->AStep));
            float* destination = block->PackedA + (row * (nint)depth);
            if (plan->TransposeA)
            {
                MatMulPacking.Copy(source, plan->AStep / sizeof(float), depth, rows, rows, destination, rows);
            }
            else
            {
                MatMulPacking.Transpose(source, plan->ARow / sizeof(float), depth, rows, destination, rows);
            }
        }
    }

    /// <summary>While a tile computes, its share (from part, parts long, of the whole) of the panel of b packed next comes near.</summary>
    private static void PrefetchNext(MatMulPlan* plan, Block* block, int leaf, int panel, int part, int parts, int whole)
    {
        bool isLastPanel = panel == block->Panels - 1;
        leaf += isLastPanel ? 1 : 0;
        if (plan->DirectB || leaf == plan->LeafCount || whole == 0)
        {
            return;
        }

        int firstK = leaf * ChainTree.Leaf;
        int depth = Math.Min(plan->K - firstK, ChainTree.Leaf);
        int firstColumn = (block->FirstPanel + (isLastPanel ? 0 : panel + 1)) * plan->TileColumns;
        int columns = Math.Min(plan->TileColumns, plan->N - firstColumn);
        int storedRows = plan->TransposeB ? columns : depth;
        int first = storedRows * part / whole, end = storedRows * Math.Min(part + parts, whole) / whole;
        float* source = plan->TransposeB
            ? plan->B + (firstColumn * plan->Ldb) + firstK
            : plan->B + (firstK * plan->Ldb) + firstColumn;
        MatMulPacking.Prefetch(source, plan->Ldb, first, end, plan->TransposeB ? depth : columns);
    }

    /// <summary>The bias values of a panel, where a whole tile's width may be read.</summary>
    private static float* BiasOf(MatMulPlan* plan, Block* block, int firstColumn, int columns)
    {
        if (columns == plan->TileColumns)
        {
            return plan->Bias + firstColumn;
        }

        MatMulPacking.Copy(plan->Bias + firstColumn, 0, 1, columns, plan->TileColumns, block->EdgeBias, 0);
        return block->EdgeBias;
    }

    /// <summary>Keeps the parts of the scratch memory on cache lines.</summary>
    private static nuint RoundUp(nuint floats) => (floats + 15) & ~(nuint)15;

    /// <summary>What one task works on, and its parts of the thread's scratch memory.</summary>
    private struct Block
    {
        public int FirstRow, Rows, FirstPanel, Panels;
        public float* PackedA, PackedB, EdgeTile, EdgeBias, Levels;
    }
}
