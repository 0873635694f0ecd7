// Products with few rows (decoding): each task streams its columns of b once, in groups of four vectors, taken at once by up to six
// rows and half by half by more. b comes packed (float32 or bfloat16, widened in registers), is read where it lies, or,
// transposed, is packed piece by piece. A packed panel is never read beside another: one behind the other they are a single stream,
// which memory gives half as fast again as two (docs/log.md). The order per output is that of the blocked path.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>Rows up to which a product is one of few rows.</summary>
    private const int FewRowsMax = 16;

    /// <summary>Rows of a transposed b that are packed at a time for one tile; chains go on across pieces.</summary>
    private const int PieceDepth = 64;

    /// <summary>Rows up to which a tile takes four vectors.</summary>
    private const int FourVectorRowsMax = 6;

    private static void RunFewRows<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int columns = plan->Packed == null ? 4 * S.Lanes : Math.Min(4 * S.Lanes, MatMulPlan.PanelColumns);
        bool isOneTile = columns == 4 * S.Lanes && plan->M <= FourVectorRowsMax;
        plan->CutFewRows(columns, isOneTile ? FourVectorRowsMax : MatMulTile.RowsMax<S, F, D>(), compute.Threads);
        delegate*<void*, int, void> task = plan->Packed == null
            ? &RunFewTask<S, F, D, Float32Weights>
            : plan->IsBFloat16 ? &RunFewTask<S, F, D, BFloat16Weights> : &RunFewTask<S, F, D, PackedFloat32Weights>;
        compute.For(plan->Groups, plan, task);
    }

    private static void RunFewTask<S, F, D, TWeight>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int width = plan->TileColumns;
        nuint sums = (nuint)(plan->M * width);
        FewColumns part = new() { Width = width };
        part.Piece = Scratch.Rent((long)((nuint)(ChainTree.Leaf * width) + (sums * (nuint)(plan->LevelCount + 1))));
        part.Sums = part.Piece + (ChainTree.Leaf * width);
        part.Levels = part.Sums + sums;
        for (int group = plan->FirstPanel(index); group < plan->FirstPanel(index + 1); group++)
        {
            part.First = group * width;
            part.Count = Math.Min(width, plan->N - part.First);
            for (int leaf = 0; leaf < plan->LeafCount; leaf++)
            {
                RunFewLeaf<S, F, D, TWeight>(plan, &part, leaf);
            }

            for (int row = 0; row < plan->M; row++)
            {
                float* sum = part.Sums + (row * width), c = plan->C + (row * plan->Ldc) + part.First;
                MatMulPacking.Copy(sum, 0, 1, part.Count, part.Count, c, 0);
            }
        }
    }

    private static void RunFewLeaf<S, F, D, TWeight>(MatMulPlan* plan, FewColumns* part, int leaf)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        int depth = plan->LeafDepth(leaf), half = 2 * S.Lanes;
        bool hasSecondHalf = part->Width > half, isOneTile = hasSecondHalf && plan->M <= FourVectorRowsMax;
        int pieceMax = isOneTile && plan->TransposeB ? PieceDepth : ChainTree.Leaf;
        int done = 0;
        do
        {
            int piece = Math.Min(pieceMax, depth - done), firstK = (leaf * ChainTree.Leaf) + done;
            byte* a = plan->A + (firstK * plan->AStep);
            part->Find<S, F, D, TWeight>(plan, firstK, piece);
            if (isOneTile)
            {
                MatMulTile.RunFewRows<S, F, D, TWeight>(
                    plan->M, piece, a, plan->ARow, plan->AStep, part->B, part->B2, part->Step, part->Sums, part->Width, done > 0);
            }

            for (int row = 0; row < plan->M && !isOneTile; row += plan->TileRows)
            {
                int rows = Math.Min(plan->TileRows, plan->M - row);
                float* sums = part->Sums + (row * part->Width);
                byte* rowsOfA = a + (row * plan->ARow);
                MatMulTile.Run<S, F, D, TWeight>(rows, piece, rowsOfA, plan->ARow, plan->AStep, part->B, part->Step, null, sums, part->Width);
                if (hasSecondHalf)
                {
                    MatMulTile.Run<S, F, D, TWeight>(rows, piece, rowsOfA, plan->ARow, plan->AStep, part->B2, part->Step, null, sums + half, part->Width);
                }
            }

            done += piece;
        }
        while (done < depth);
        part->Join<S, F, D>(plan, leaf);
    }

    /// <summary>Four vectors of columns, or two that are a panel: where their part of b is, and their sums, [M, Width].</summary>
    private struct FewColumns
    {
        public int First, Count, Width;
        public float* Piece, Sums, Levels;
        public byte* B, B2;
        public nint Step;

        /// <summary>Finds rows [firstK, firstK + depth) of b: B holds the first two vectors of columns and B2 the others.</summary>
        public void Find<S, F, D, TWeight>(MatMulPlan* plan, int firstK, int depth)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
            where TWeight : struct, IWeightFormat
        {
            int half = 2 * S.Lanes;
            if (plan->Packed != null)
            {
                Step = MatMulPlan.PanelColumns * TWeight.Bytes;
                B = Packed<TWeight>(plan, First, firstK);
                B2 = Width > half && First + half < plan->N ? Packed<TWeight>(plan, First + half, firstK) : B;
                return;
            }

            Step = Width * sizeof(float);
            B = (byte*)Piece;
            if (plan->TransposeB)
            {
                float* source = plan->B + (First * plan->Ldb) + firstK;
                MatMulPacking.Prefetch(source + depth, plan->Ldb, Count, Math.Min(PieceDepth, plan->K - firstK - depth));
                MatMulPacking.Transpose(source, plan->Ldb, depth, Count, Piece, Width);
            }
            else if (Count == Width)
            {
                B = (byte*)(plan->B + (firstK * plan->Ldb) + First);
                Step = plan->Ldb * sizeof(float);
            }
            else
            {
                MatMulPacking.Copy(plan->B + (firstK * plan->Ldb) + First, plan->Ldb, depth, Count, Width, Piece, Width);
            }

            B2 = B + (half * sizeof(float));
        }

        /// <summary>Joins the leaf's sums with those that await it; after the last leaf adds the bias.</summary>
        public readonly void Join<S, F, D>(MatMulPlan* plan, int leaf)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int count = plan->M * Width;
            bool isLast = leaf == plan->LeafCount - 1;
            for (uint merge = ChainTree.LevelsToMerge(leaf, isLast); merge != 0; merge &= merge - 1)
            {
                Add<S, F, D>(Levels + (System.Numerics.BitOperations.TrailingZeroCount(merge) * count), Sums, count);
            }

            if (!isLast)
            {
                float* level = Levels + (ChainTree.LevelAfter(leaf) * count);
                MatMulPacking.Copy(Sums, 0, 1, count, count, level, 0);
            }
            else if (plan->Bias != null)
            {
                MatMulPacking.Copy(plan->Bias + First, 0, 1, Count, Width, Piece, 0);
                for (int row = 0; row < plan->M; row++)
                {
                    Add<S, F, D>(Piece, Sums + (row * Width), Width);
                }
            }
        }

        private static byte* Packed<TWeight>(MatMulPlan* plan, int column, int firstK)
            where TWeight : struct, IWeightFormat
        {
            int within = column % MatMulPlan.PanelColumns;
            nint panel = (column - within) * (nint)plan->K;
            return plan->Packed + ((panel + (firstK * (nint)MatMulPlan.PanelColumns) + within) * TWeight.Bytes);
        }

        /// <summary>sums = addend + sums.</summary>
        private static void Add<S, F, D>(float* addend, float* sums, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int i = 0; i < count; i += S.Lanes)
            {
                S.Store(sums + i, S.Add(S.Load(addend + i), S.Load(sums + i)));
            }
        }
    }
}
