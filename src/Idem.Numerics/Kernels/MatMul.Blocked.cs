// The fast path of matrix multiplication: a task computes a block of rows by a group of column panels. The reduction goes by
// runs of leaves: of each run the block of a stays in the second-level cache, and each panel of b meets all of the block's tiles
// leaf by leaf, so that partial sums inside a run stay near too. Only sums that outlive a run lie far, see ChainTree's online
// form. A panel of b comes packed, or is packed leaf by leaf into the first-level cache; a is read where it lies.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>Rows of b, or floats along its transposed rows, that are packed at a time: a cache line of them.</summary>
    private const int SliceDepth = 16;

    private const int PanelsPackedTogether = 8;

    private static void RunBlocked<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        plan->Cut<S, F, D>(compute.Threads);
        if (plan->ShareB)
        {
            plan->Packed = (byte*)Scratch.RentShared(plan->Panels * MatMulPlan.PanelColumns * (long)plan->K);
            int groups = MatMulPlan.CeilingDivide(plan->Panels, PanelsPackedTogether);
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
        int firstPanel = index / plan->LeafCount * PanelsPackedTogether;
        int endPanel = Math.Min(firstPanel + PanelsPackedTogether, plan->Panels);
        int depth = plan->LeafDepth(leaf);
        for (int done = 0; done < depth; done += SliceDepth)
        {
            int slice = Math.Min(SliceDepth, depth - done);
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                float* destination = (float*)plan->Packed + (panel * MatMulPlan.PanelColumns * (nint)plan->K);
                PackB(plan, firstK + done, slice, panel, destination + ((firstK + done) * (nint)MatMulPlan.PanelColumns));
            }
        }
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
        nuint packedB = (nuint)(ChainTree.Leaf * MatMulPlan.PanelColumns);
        nuint inner = (nuint)Math.Min(plan->RunLevels, plan->LevelCount) * blockTileFloats;
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
        for (int panel = 0; panel < block->Panels; panel++)
        {
            int firstColumn = (block->FirstPanel + panel) * MatMulPlan.PanelColumns;
            int columns = plan->ColumnsOfPanel(block->FirstPanel + panel);
            for (int leaf = firstLeaf; leaf < endLeaf; leaf++)
            {
                int firstK = leaf * ChainTree.Leaf;
                int depth = plan->LeafDepth(leaf);
                PanelLeaf part = new()
                {
                    Leaf = leaf,
                    Panel = panel,
                    FirstColumn = firstColumn,
                    Columns = columns,
                    B = block->PackedB,
                    Step = MatMulPlan.PanelColumns * sizeof(float),
                };
                if (plan->Packed == null)
                {
                    if (!block->IsNextPacked)
                    {
                        PackB(plan, firstK, depth, block->FirstPanel + panel, block->NextB);
                    }

                    part.B = block->NextB;
                    block->NextB = block->PackedB;
                    block->PackedB = part.B;
                    part.FindNext(plan, block, firstLeaf, endLeaf);
                    block->IsNextPacked = part.NextPanel >= 0;
                }
                else
                {
                    nint offset = (firstColumn * (nint)plan->K) + (firstK * MatMulPlan.PanelColumns);
                    if (plan->IsBFloat16)
                    {
                        MatMulPacking.Widen((ushort*)plan->Packed + offset, depth * MatMulPlan.PanelColumns, block->PackedB);
                    }
                    else
                    {
                        part.B = (float*)plan->Packed + offset;
                    }
                }

                RunPanelLeaf<S, F, D>(plan, block, &part);
            }
        }
    }

    private static void PackB(MatMulPlan* plan, int firstK, int depth, int panel, float* destination)
    {
        int firstColumn = panel * MatMulPlan.PanelColumns;
        int columns = plan->ColumnsOfPanel(panel);
        if (plan->TransposeB)
        {
            float* source = plan->B + (firstColumn * plan->Ldb) + firstK;
            MatMulPacking.Transpose(source, plan->Ldb, depth, columns, destination, MatMulPlan.PanelColumns);
        }
        else
        {
            float* source = plan->B + (firstK * plan->Ldb) + firstColumn;
            MatMulPacking.Copy(source, plan->Ldb, depth, columns, MatMulPlan.PanelColumns, destination, MatMulPlan.PanelColumns);
        }
    }

    /// <summary>One leaf in all of the block's tiles of one panel.</summary>
    private static void RunPanelLeaf<S, F, D>(MatMulPlan* plan, Block* block, PanelLeaf* part)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int leaf = part->Leaf;
        int depth = plan->LeafDepth(leaf);
        bool isLast = leaf == plan->LeafCount - 1;
        bool isEdge = part->Columns < MatMulPlan.PanelColumns;
        nint tileFloats = plan->TileRows * MatMulPlan.PanelColumns;
        uint merge = ChainTree.LevelsToMerge(leaf, isLast);
        int levelAfter = ChainTree.LevelAfter(leaf);
        float* bias = isLast && plan->Bias != null ? BiasOf(plan, block, part->FirstColumn, part->Columns) : null;
        float* inner = block->InnerLevels;
        float* outer = block->OuterLevels + (part->Panel * plan->TilesPerBlock * (nint)plan->OuterLevels * tileFloats);
        for (int row = 0; row < block->Rows; row += plan->TileRows)
        {
            int rows = Math.Min(plan->TileRows, block->Rows - row);
            byte* a = plan->A + ((block->FirstRow + row) * plan->ARow) + (leaf * ChainTree.Leaf * plan->AStep);
            TileJoin join = new(merge, plan->RunLevels, inner, outer, tileFloats);
            float* level = join.First;
            float* c = plan->C + ((block->FirstRow + row) * plan->Ldc) + part->FirstColumn;
            float* sum = !isLast ? join.LevelAt(levelAfter) : isEdge ? block->Tile : c;
            nint sumStride = isLast && !isEdge ? plan->Ldc : MatMulPlan.PanelColumns;
            // What the sums are joined with and written to comes near while they are computed.
            MatMulPacking.Prefetch(sum, sumStride, rows, MatMulPlan.PanelColumns);
            if (level != null)
            {
                MatMulPacking.Prefetch(level, MatMulPlan.PanelColumns, rows, MatMulPlan.PanelColumns);
            }

            part->PackNext(plan, block, row / plan->TileRows);
            for (int column = 0; column < part->Columns; column += plan->TileColumns)
            {
                MatMulTile.Run<S, F, D, Float32Weights>(
                    rows, depth, a, plan->ARow, plan->AStep, (byte*)(part->B + column), part->Step, level == null ? null : level + column, sum + column, sumStride);
            }

            join.AddOthers<S, F, D>(rows, MatMulPlan.PanelColumns, bias, sum, sumStride);

            if (isLast && isEdge)
            {
                MatMulPacking.Copy(block->Tile, MatMulPlan.PanelColumns, rows, part->Columns, part->Columns, c, plan->Ldc);
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
        public bool IsNextPacked;
        public float* PackedB, NextB, Tile, EdgeBias, InnerLevels, OuterLevels;
    }

    /// <summary>One leaf of one panel: where it is packed, and what is packed next.</summary>
    private struct PanelLeaf
    {
        public int Leaf, Panel, FirstColumn, Columns;
        public float* B;
        public nint Step;

        /// <summary>The panel of the task that is packed next, or -1, its leaf, and how much of that each tile takes.</summary>
        public int NextPanel;
        private int _nextLeaf, _slice;

        public void FindNext(MatMulPlan* plan, Block* block, int firstLeaf, int endLeaf)
        {
            NextPanel = Panel;
            _nextLeaf = Leaf + 1;
            if (_nextLeaf == endLeaf && Panel + 1 < block->Panels)
            {
                NextPanel = Panel + 1;
                _nextLeaf = firstLeaf;
            }
            else if (_nextLeaf == endLeaf)
            {
                NextPanel = endLeaf < plan->LeafCount ? 0 : -1;
            }

            int tiles = MatMulPlan.CeilingDivide(block->Rows, plan->TileRows);
            _slice = MatMulPlan.CeilingDivide(ChainTree.Leaf / SliceDepth, tiles) * SliceDepth;
        }

        /// <summary>Before a tile: packs its share of the next panel, and asks for the share of the tile that follows.</summary>
        public readonly void PackNext(MatMulPlan* plan, Block* block, int tile)
        {
            if (_slice == 0 || NextPanel < 0)
            {
                return;
            }

            int depth = plan->LeafDepth(_nextLeaf), done = tile * _slice;
            if (done >= depth)
            {
                return;
            }

            int firstK = _nextLeaf * ChainTree.Leaf, panel = block->FirstPanel + NextPanel;
            PackB(plan, firstK + done, Math.Min(_slice, depth - done), panel, block->NextB + (done * MatMulPlan.PanelColumns));
            done += _slice;
            if (done < depth)
            {
                int slice = Math.Min(_slice, depth - done), columns = plan->ColumnsOfPanel(panel);
                float* source = plan->TransposeB
                    ? plan->B + (panel * MatMulPlan.PanelColumns * plan->Ldb) + firstK + done
                    : plan->B + ((firstK + done) * plan->Ldb) + (panel * MatMulPlan.PanelColumns);
                MatMulPacking.Prefetch(source, plan->Ldb, plan->TransposeB ? columns : slice, plan->TransposeB ? slice : columns);
            }
        }
    }
}
