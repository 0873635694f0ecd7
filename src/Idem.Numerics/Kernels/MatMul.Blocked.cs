// The fast path of matrix multiplication: a task computes a block of rows by a group of column panels. The reduction goes by
// runs of leaves: of each run the block of a stays in the second-level cache, and each panel of b meets all of the block's tiles
// leaf by leaf, so that partial sums inside a run stay near too. Only sums that outlive a run lie far, see ChainTree's online
// form. Panels of b come packed, or a few side by side are packed leaf by leaf, a little before each tile, while the leaf before
// is computed: rows of b lie far apart, so each is read as far as the panels reach. a is read where it lies.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>Panels of b that are packed side by side before all tasks.</summary>
    private const int PanelsShared = 8;

    /// <summary>Floats between the leaves of panels packed side by side: apart from a multiple of a page.</summary>
    private const int PackedLeafFloats = (ChainTree.Leaf + 1) * MatMulPlan.PanelColumns;

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
            int groups = MatMulPlan.CeilingDivide(plan->Panels, PanelsShared);
            compute.For(plan->LeafCount * groups, plan, &PackShared);
        }

        compute.For(plan->TaskCount, plan, &RunTask<S, F, D>);
    }

    /// <summary>One leaf of a group of panels of b.</summary>
    private static void PackShared(void* state, int index)
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int leaf = index % plan->LeafCount;
        int firstK = leaf * ChainTree.Leaf;
        int firstPanel = index / plan->LeafCount * PanelsShared;
        int endPanel = Math.Min(firstPanel + PanelsShared, plan->Panels);
        float* destination = (float*)plan->Packed + (((firstPanel * (nint)plan->K) + firstK) * MatMulPlan.PanelColumns);
        PanelGroup group = new(plan, leaf, firstPanel, endPanel - firstPanel, destination, plan->K * (nint)MatMulPlan.PanelColumns);
        group.Pack(plan, 0, group.Pieces);
    }

    private static void RunTask<S, F, D>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int group = index / plan->RowBlocks;
        int rowBlock = index % plan->RowBlocks;
        int firstPanel = plan->FirstPanel(group);
        Block block = new()
        {
            FirstRow = rowBlock * plan->BlockRows,
            Rows = plan->RowsOfBlock(rowBlock),
            FirstPanel = firstPanel,
            Panels = plan->FirstPanel(group + 1) - firstPanel,
        };
        nuint tileFloats = (nuint)(plan->TileRows * MatMulPlan.PanelColumns);
        nuint blockTileFloats = tileFloats * (nuint)plan->TilesPerBlock;
        nuint packedB = (nuint)(plan->PanelsTogether * PackedLeafFloats);
        nuint inner = (nuint)Math.Min(plan->RunLevels, plan->LevelCount) * blockTileFloats * (nuint)plan->PanelsTogether;
        nuint outer = (nuint)plan->OuterLevels * blockTileFloats * (nuint)block.Panels;
        block.PackedB = Scratch.Rent((long)((2 * packedB) + tileFloats + MatMulPlan.PanelColumns + inner + outer));
        block.NextB = block.PackedB + packedB;
        block.Tile = block.NextB + packedB;
        block.EdgeBias = block.Tile + tileFloats;
        block.InnerLevels = block.EdgeBias + MatMulPlan.PanelColumns;
        block.OuterLevels = block.InnerLevels + inner;
        for (int leaf = 0; leaf < plan->LeafCount; leaf += plan->RunLeaves)
        {
            RunRun<S, F, D>(plan, &block, leaf, Math.Min(leaf + plan->RunLeaves, plan->LeafCount));
        }
    }

    /// <summary>The leaves [firstLeaf, endLeaf), for all of the block.</summary>
    private static void RunRun<S, F, D>(MatMulPlan* plan, Block* block, int firstLeaf, int endLeaf)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int first = 0; first < block->Panels; first += plan->PanelsTogether)
        {
            int end = Math.Min(first + plan->PanelsTogether, block->Panels);
            for (int leaf = firstLeaf; leaf < endLeaf; leaf++)
            {
                if (plan->Packed == null)
                {
                    block->TakePacked(plan, leaf, first, firstLeaf, endLeaf);
                }

                for (int panel = first; panel < end; panel++)
                {
                    RunPanelLeaf<S, F, D>(plan, block, leaf, panel, panel - first, PanelLeaf(plan, block, leaf, panel, panel - first));
                }
            }
        }
    }

    /// <summary>Where a leaf of a panel of the block is packed.</summary>
    private static float* PanelLeaf(MatMulPlan* plan, Block* block, int leaf, int panel, int inGroup)
    {
        if (plan->Packed == null)
        {
            return block->PackedB + (inGroup * PackedLeafFloats);
        }

        int firstK = leaf * ChainTree.Leaf, depth = plan->LeafDepth(leaf);
        byte* packed = plan->Packed + ((block->FirstPanel + panel) * plan->PanelBytes);
        if (plan->IsCoded)
        {
            CodedPanelReader coded = new(packed, plan->IsBFloat16, firstK);
            if (plan->IsBFloat16)
            {
                coded.Read<BFloat16Weights>(depth, block->PackedB);
            }
            else
            {
                coded.Read<PackedFloat32Weights>(depth, block->PackedB);
            }

            return block->PackedB;
        }

        if (!plan->IsBFloat16)
        {
            return (float*)packed + (firstK * MatMulPlan.PanelColumns);
        }

        MatMulPacking.Widen((ushort*)packed + (firstK * MatMulPlan.PanelColumns), depth * MatMulPlan.PanelColumns, block->PackedB);
        return block->PackedB;
    }

    /// <summary>One leaf in all of the block's tiles of one panel.</summary>
    private static void RunPanelLeaf<S, F, D>(MatMulPlan* plan, Block* block, int leaf, int panel, int inGroup, float* b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int depth = plan->LeafDepth(leaf);
        int firstColumn = (block->FirstPanel + panel) * MatMulPlan.PanelColumns;
        int columns = plan->ColumnsOfPanel(block->FirstPanel + panel);
        bool isLast = leaf == plan->LeafCount - 1;
        bool isEdge = columns < MatMulPlan.PanelColumns;
        nint tileFloats = plan->TileRows * MatMulPlan.PanelColumns;
        uint merge = ChainTree.LevelsToMerge(leaf, isLast);
        int levelAfter = ChainTree.LevelAfter(leaf);
        float* bias = isLast && plan->Bias != null ? BiasOf(plan, block, firstColumn, columns) : null;
        float* inner = block->InnerLevels + (inGroup * plan->TilesPerBlock * (nint)plan->RunLevels * tileFloats);
        float* outer = block->OuterLevels + (panel * plan->TilesPerBlock * (nint)plan->OuterLevels * tileFloats);
        for (int row = 0; row < block->Rows; row += plan->TileRows)
        {
            int rows = Math.Min(plan->TileRows, block->Rows - row);
            byte* a = plan->A + ((block->FirstRow + row) * plan->ARow) + (leaf * ChainTree.Leaf * plan->AStep);
            TileJoin join = new(merge, plan->RunLevels, inner, outer, tileFloats);
            float* level = join.First;
            float* c = plan->C + ((block->FirstRow + row) * plan->Ldc) + firstColumn;
            float* sum = !isLast ? join.LevelAt(levelAfter) : isEdge ? block->Tile : c;
            nint sumStride = isLast && !isEdge ? plan->Ldc : MatMulPlan.PanelColumns;
            // What the sums are joined with and written to comes near while they are computed.
            MatMulPacking.Prefetch(sum, sumStride, rows, MatMulPlan.PanelColumns);
            if (level != null)
            {
                MatMulPacking.Prefetch(level, MatMulPlan.PanelColumns, rows, MatMulPlan.PanelColumns);
            }

            block->PackNext(plan);
            for (int column = 0; column < columns; column += plan->TileColumns)
            {
                MatMulTile.Run<S, F, D, Float32Weights>(
                    rows, depth, a, plan->ARow, plan->AStep, (byte*)(b + column), MatMulPlan.PanelColumns * sizeof(float),
                    level == null ? null : level + column, sum + column, sumStride);
            }

            join.AddOthers<S, F, D>(rows, MatMulPlan.PanelColumns, bias, sum, sumStride);

            if (isLast && isEdge)
            {
                MatMulPacking.Copy(block->Tile, MatMulPlan.PanelColumns, rows, columns, columns, c, plan->Ldc);
            }

            inner += plan->RunLevels * tileFloats;
            outer += plan->OuterLevels * tileFloats;
        }
    }

    /// <summary>The bias values of a panel, where a whole panel's width may be read.</summary>
    private static float* BiasOf(MatMulPlan* plan, Block* block, int firstColumn, int columns)
    {
        if (columns == MatMulPlan.PanelColumns)
        {
            return plan->Bias + firstColumn;
        }

        MatMulPacking.Copy(plan->Bias + firstColumn, 0, 1, columns, MatMulPlan.PanelColumns, block->EdgeBias, 0);
        return block->EdgeBias;
    }

    /// <summary>What one task works on, and its parts of the thread's scratch memory.</summary>
    private struct Block
    {
        public int FirstRow, Rows, FirstPanel, Panels;

        /// <summary>What is computed with, and what is packed meanwhile.</summary>
        public float* PackedB, NextB;
        public float* Tile, EdgeBias, InnerLevels, OuterLevels;

        private PanelGroup _next;
        private bool _hasNext;
        private int _piece, _piecesPerTile;

        /// <summary>Turns to a leaf of the panels from <paramref name="first"/>, and to what comes after it.</summary>
        public void TakePacked(MatMulPlan* plan, int leaf, int first, int firstLeaf, int endLeaf)
        {
            if (!_hasNext)
            {
                _next = Group(plan, leaf, first, NextB);
                _next.Pack(plan, 0, _next.Pieces);
            }

            float* packed = NextB;
            NextB = PackedB;
            PackedB = packed;
            int panels = Math.Min(plan->PanelsTogether, Panels - first);
            int tiles = panels * MatMulPlan.CeilingDivide(Rows, plan->TileRows);
            if (leaf + 1 < endLeaf)
            {
                leaf++;
            }
            else if (first + panels < Panels)
            {
                first += panels;
                leaf = firstLeaf;
            }
            else
            {
                first = 0;
                leaf = endLeaf;
            }

            _hasNext = leaf < plan->LeafCount;
            if (_hasNext)
            {
                _next = Group(plan, leaf, first, NextB);
                _piece = 0;
                _piecesPerTile = MatMulPlan.CeilingDivide(_next.Pieces, tiles);
            }
        }

        /// <summary>Before a tile: packs its share of what comes next, and asks for the share of the tile that follows.</summary>
        public void PackNext(MatMulPlan* plan)
        {
            if (!_hasNext || _piece >= _next.Pieces)
            {
                return;
            }

            int end = Math.Min(_piece + _piecesPerTile, _next.Pieces);
            _next.Pack(plan, _piece, end);
            _piece = end;
            _next.Prefetch(plan, end, Math.Min(end + _piecesPerTile, _next.Pieces));
        }

        private readonly PanelGroup Group(MatMulPlan* plan, int leaf, int first, float* destination) => new(
            plan, leaf, FirstPanel + first, Math.Min(plan->PanelsTogether, Panels - first), destination, PackedLeafFloats);
    }
}
