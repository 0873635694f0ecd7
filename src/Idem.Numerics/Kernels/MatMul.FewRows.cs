// Products with few rows (decoding): each task streams its columns of b once, in groups of some vectors. b comes packed (float32 or bfloat16, widened in
// registers), is read where it lies, or, transposed, is packed piece by piece. Coded panels are unpacked in registers where there are tiles for that, for each
// tile of rows anew, which up to some sixty rows costs less than to store what was unpacked and to read it again; else piece by piece into the first cache.
// Up to six rows, and any number over a coded panel, go on from piece to piece; else more rows take a leaf tile by tile.
// A packed panel is never read beside another: one behind the other they are a single stream, which memory gives half as fast again as two (docs/log.md).
// The order per output is that of the blocked path.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>Rows up to which a product is one of few rows, and the same where tiles unpack coded panels in registers.</summary>
    private const int FewRowsMax = 16, FewCodedRowsMax = 64;

    /// <summary>Rows whose chains go on across pieces.</summary>
    private const int ContinuedRowsMax = 6;

    /// <summary>Rows of b that are packed at a time for one tile, of a transposed b or a coded panel: so few that memory is asked for the next ones all along.</summary>
    private const int PieceDepth = 64, CodedPieceDepth = 32;

    /// <summary>Rows of a coded panel after which the next tile has its turn: of bfloat16, of float32. They are near then: 24 and 14 KiB.</summary>
    private const int BFloat16TurnDepth = ChainTree.Leaf, Float32TurnDepth = 64;

    private static void RunFewRows<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int columns = 4 * S.Lanes;
        if (plan->Packed != null)
        {
            columns = plan->IsCoded ? CodedPanel.Columns : Math.Min(columns, MatMulPlan.PanelColumns);
        }

        int rowsMax = UnpacksInRegisters<S, F, D>(plan) ? MatMulTile.CodedRowsMax<S, F, D>()
            : plan->IsCoded || plan->M <= ContinuedRowsMax ? ContinuedRowsMax
            : MatMulTile.RowsMax<S, F, D>();
        plan->CutFewRows(columns, rowsMax, compute.Threads);
        delegate*<void*, int, void> task = plan->Packed == null
            ? &RunFewTask<S, F, D, Float32Weights>
            : plan->IsBFloat16 ? &RunFewTask<S, F, D, BFloat16Weights> : &RunFewTask<S, F, D, PackedFloat32Weights>;
        compute.For(plan->Groups, plan, task);
    }

    // Tasks of few rows are panels: where there are not enough of them for all threads, blocks of rows give more.
    private static bool HasFewRows<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        plan->M <= FewRowsMax
        || (plan->M <= FewCodedRowsMax && UnpacksInRegisters<S, F, D>(plan) && MatMulPlan.CeilingDivide(plan->N, CodedPanel.Columns) >= 2 * compute.Threads);

    private static bool UnpacksInRegisters<S, F, D>(MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int rowsMax = MatMulTile.CodedRowsMax<S, F, D>(); // of 512 bits any number of tiles unpack; of 256 none for more rows than one holds
        return plan->IsCoded && rowsMax > 0 && (plan->M <= rowsMax || S.Lanes == 16);
    }

    private static void RunFewTask<S, F, D, TWeight>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        MatMulPlan* plan = (MatMulPlan*)state;
        int width = plan->TileColumns;
        int pieceRows = plan->IsCoded ? CodedPieceDepth : ChainTree.Leaf;
        nuint sums = (nuint)(plan->M * width);
        FewColumns part = new() { Width = width };
        part.Piece = Scratch.Rent((long)((nuint)(pieceRows * width) + (sums * (nuint)(plan->LevelCount + 1))));
        part.Sums = part.Piece + (pieceRows * width);
        part.Levels = part.Sums + sums;
        for (int group = plan->FirstPanel(index); group < plan->FirstPanel(index + 1); group++)
        {
            part.First = group * width;
            part.Count = Math.Min(width, plan->N - part.First);
            if (plan->IsCoded)
            {
                part.Coded = new CodedPanelReader(plan->Packed + (group * plan->PanelBytes), plan->IsBFloat16, 0);
            }

            for (int leaf = 0; leaf < plan->LeafCount; leaf++)
            {
                if (UnpacksInRegisters<S, F, D>(plan))
                {
                    RunCodedLeaf<S, F, D, TWeight>(plan, &part, leaf);
                }
                else
                {
                    RunFewLeaf<S, F, D, TWeight>(plan, &part, leaf);
                }

                part.Join<S, F, D>(plan, leaf);
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
        int depth = plan->LeafDepth(leaf), done = 0;
        int pieceMax = plan->IsCoded ? CodedPieceDepth : plan->TransposeB && plan->M <= ContinuedRowsMax ? PieceDepth : ChainTree.Leaf;
        do
        {
            int piece = Math.Min(pieceMax, depth - done), firstK = (leaf * ChainTree.Leaf) + done;
            if (plan->IsCoded)
            {
                part->Unpack<TWeight>(piece);
                RunFewPiece<S, F, D, Float32Weights>(plan, part, firstK, piece, done > 0);
            }
            else
            {
                part->Find<TWeight>(plan, firstK, piece);
                RunFewPiece<S, F, D, TWeight>(plan, part, firstK, piece, done > 0);
            }

            done += piece;
        }
        while (done < depth);
    }

    /// <summary>
    /// The leaf's sums from a coded panel, unpacked in registers. Tiles of rows take turns, so that all but the first read what is near, and share in asking for
    /// what comes next.
    /// </summary>
    private static void RunCodedLeaf<S, F, D, TWeight>(MatMulPlan* plan, FewColumns* part, int leaf)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        int depth = plan->LeafDepth(leaf), tiles = MatMulPlan.CeilingDivide(plan->M, plan->TileRows);
        byte* a = plan->A + (leaf * ChainTree.Leaf * plan->AStep);
        nint unitBytes = CodedPanel.UnitBytes(plan->IsBFloat16);
        if (tiles == 1)
        {
            MatMulTile.RunCoded<S, F, D, TWeight, MatMulTile.AheadAlone>(
                plan->M, depth, a, plan->ARow, plan->AStep, &part->Coded, part->Coded.Unit + MatMulPlan.AheadBytes, unitBytes, part->Piece, part->Sums, part->Width, false);
            return;
        }

        int turnDepth = plan->IsBFloat16 ? BFloat16TurnDepth : Float32TurnDepth;
        for (int done = 0; done < depth; done += turnDepth, a += turnDepth * plan->AStep)
        {
            int piece = Math.Min(turnDepth, depth - done);
            byte* ahead = part->Coded.Unit + (turnDepth * unitBytes);
            CodedPanelReader reader = part->Coded;
            for (int tile = 0; tile < tiles; tile++)
            {
                int row = tile * plan->TileRows;
                reader = part->Coded;
                MatMulTile.RunCoded<S, F, D, TWeight, MatMulTile.AheadShared>(
                    Math.Min(plan->TileRows, plan->M - row), piece, a + (row * plan->ARow), plan->ARow, plan->AStep, &reader,
                    ahead + (tile * piece * unitBytes / tiles), MatMulPlan.CeilingDivide((int)unitBytes, tiles), part->Piece, part->Sums + (row * part->Width), part->Width, done > 0);
            }

            part->Coded = reader;
        }
    }

    private static void RunFewPiece<S, F, D, TWeight>(MatMulPlan* plan, FewColumns* part, int firstK, int depth, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        bool goesOn = plan->IsCoded || plan->M <= ContinuedRowsMax;
        for (int row = 0; row < plan->M; row += plan->TileRows)
        {
            int rows = Math.Min(plan->TileRows, plan->M - row);
            byte* a = plan->A + (firstK * plan->AStep) + (row * plan->ARow);
            float* sums = part->Sums + (row * part->Width);
            // Sums of two vectors fit registers for any number of rows; unpacked columns are near, so that more passes cost little.
            int columns = !goesOn || part->Width == 2 * S.Lanes || (plan->IsCoded && rows > 2) ? 2 * S.Lanes : 4 * S.Lanes;
            for (int column = 0; column < part->Width; column += columns)
            {
                byte* b = part->B + (column * TWeight.Bytes);
                if (!goesOn)
                {
                    MatMulTile.Run<S, F, D, TWeight>(rows, depth, a, plan->ARow, plan->AStep, b, part->Step, null, null, null, sums + column, part->Width);
                }
                else if (columns == 2 * S.Lanes)
                {
                    MatMulTile.RunFewRows<S, F, D, MatMulTile.Vectors2, TWeight>(
                        rows, depth, a, plan->ARow, plan->AStep, b, part->Step, sums + column, part->Width, continues);
                }
                else
                {
                    MatMulTile.RunFewRows<S, F, D, MatMulTile.Vectors4, TWeight>(
                        rows, depth, a, plan->ARow, plan->AStep, b, part->Step, sums + column, part->Width, continues);
                }
            }
        }
    }

    /// <summary>A few vectors of columns: where their part of b is, and their sums, [M, Width].</summary>
    private struct FewColumns
    {
        public int First, Count, Width;
        public float* Piece, Sums, Levels;
        public byte* B;
        public nint Step;
        public CodedPanelReader Coded;

        /// <summary>The next rows of a coded panel.</summary>
        public void Unpack<TWeight>(int depth)
            where TWeight : struct, IWeightFormat
        {
            Coded.Read<TWeight>(depth, Piece, Piece + (CodedPanel.Columns / 2), CodedPanel.Columns);
            B = (byte*)Piece;
            Step = CodedPanel.Columns * sizeof(float);
        }

        /// <summary>Finds rows [firstK, firstK + depth) of b.</summary>
        public void Find<TWeight>(MatMulPlan* plan, int firstK, int depth)
            where TWeight : struct, IWeightFormat
        {
            if (plan->Packed != null)
            {
                int within = First % MatMulPlan.PanelColumns;
                Step = MatMulPlan.PanelColumns * TWeight.Bytes;
                B = plan->Packed + (First / MatMulPlan.PanelColumns * plan->PanelBytes) + (firstK * Step) + (within * TWeight.Bytes);
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
