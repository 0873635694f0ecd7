// Fills the panels, on all threads: each task reads a stretch of the stored matrix that is contiguous there, through a reader that
// may convert it, so that a file's values go from its pages into the panels without a copy of the whole between.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Reads elements of a stored matrix, row-major, from <paramref name="start"/> on. It is called from several threads at once, and calls no kernel.</summary>
/// <param name="start">Index of the first element.</param>
/// <param name="destination">To be filled.</param>
public delegate void WeightReader(int start, Span<float> destination);

public sealed unsafe partial class PackedWeights
{
    /// <summary>Rows of a matrix stored as [k, n] that one task reads: a block of q8.</summary>
    private const int SlabRows = Q8Block.Length;

    /// <summary>Packs a matrix; bfloat16 rounds to nearest even once, and leaves values that are bfloat16 already as they are; q8 as its definition says.</summary>
    /// <param name="compute">Threads.</param>
    /// <param name="dtype">How values are to be stored.</param>
    /// <param name="transposed">The matrix is stored as [n, k] (the weights of a linear layer, [out, in]) instead of [k, n].</param>
    /// <param name="k">Length of the reduction.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="read">Reads the stored matrix.</param>
    /// <exception cref="ArgumentException">A size is negative, or the matrix has more than 2^31 - 1 elements.</exception>
    public static PackedWeights Pack(Compute compute, PackedDtype dtype, bool transposed, int k, int n, WeightReader read)
    {
        ArgumentNullException.ThrowIfNull(compute);
        ArgumentNullException.ThrowIfNull(read);
        if (k < 0 || n < 0 || (long)k * n > int.MaxValue)
        {
            throw new ArgumentException($"PackedWeights: k={k}, n={n}: sizes must not be negative, nor their product exceed {int.MaxValue}.");
        }

        PackedWeights weights = new(k, n, dtype);
        try
        {
            if (transposed)
            {
                compute.For(k == 0 ? 0 : MatMulPlan.CeilingDivide(n, MatMulPlan.PanelColumns), panel => weights.FillPanel(panel, read));
            }
            else
            {
                compute.For(n == 0 ? 0 : MatMulPlan.CeilingDivide(k, SlabRows), slab => weights.FillSlab(slab * SlabRows, read));
            }
        }
        catch
        {
            weights.Dispose();
            throw;
        }

        return weights;
    }

    // One panel, from as many stored rows as it has columns.
    private void FillPanel(int panel, WeightReader read)
    {
        int first = panel * MatMulPlan.PanelColumns, columns = Math.Min(MatMulPlan.PanelColumns, N - first);
        int count = columns * K, panelFloats = MatMulPlan.PanelColumns * K;
        byte* destination = Memory + (panel * PanelBytes);
        bool isFloat = Dtype != PackedDtype.BFloat16;
        float* rows = Scratch.Rent(isFloat ? count : count + (long)panelFloats);
        float* transposed = isFloat ? (float*)destination : rows + count;
        read(first * K, new Span<float>(rows, count));
        if (Dtype == PackedDtype.Q8)
        {
            for (int column = 0; column < MatMulPlan.PanelColumns; column++)
            {
                for (int k = 0; k < K; k += Q8Block.Length)
                {
                    int length = column < columns ? Math.Min(Q8Block.Length, K - k) : 0;
                    StoreBlock(destination + (k / Q8Block.Length * (long)Q8RecordBytes), column, rows + (column * (long)K) + k, length);
                }
            }

            return;
        }

        MatMulPacking.Transpose(rows, K, K, columns, transposed, MatMulPlan.PanelColumns);
        if (!isFloat)
        {
            HalfPrecision.NarrowBFloat16(new ReadOnlySpan<float>(transposed, panelFloats), new Span<ushort>(destination, panelFloats));
        }
    }

    // Some stored rows, a piece of every panel.
    private void FillSlab(int first, WeightReader read)
    {
        int depth = Math.Min(SlabRows, K - first), count = depth * N, pieceFloats = depth * MatMulPlan.PanelColumns;
        bool isFloat = Dtype == PackedDtype.Float32;
        float* rows = Scratch.Rent(count + (long)pieceFloats);
        read(first * N, new Span<float>(rows, count));
        if (Dtype == PackedDtype.Q8)
        {
            FillBlocks(first, rows, depth);
            return;
        }

        for (int column = 0; column < N; column += MatMulPlan.PanelColumns)
        {
            byte* destination = Memory + (((column * (long)K) + (first * (long)MatMulPlan.PanelColumns)) * ElementBytes);
            float* piece = isFloat ? (float*)destination : rows + count;
            MatMulPacking.Copy(rows + column, N, depth, Math.Min(MatMulPlan.PanelColumns, N - column), MatMulPlan.PanelColumns, piece, MatMulPlan.PanelColumns);
            if (!isFloat)
            {
                HalfPrecision.NarrowBFloat16(new ReadOnlySpan<float>(piece, pieceFloats), new Span<ushort>(destination, pieceFloats));
            }
        }
    }

    // One block of each column of a slab.
    private void FillBlocks(int first, float* rows, int depth)
    {
        float* block = stackalloc float[Q8Block.Length];
        for (int column = 0; column < MatMulPlan.CeilingDivide(N, MatMulPlan.PanelColumns) * MatMulPlan.PanelColumns; column++)
        {
            for (int i = 0; i < depth && column < N; i++)
            {
                block[i] = rows[(i * (long)N) + column];
            }

            byte* panel = Memory + (column / MatMulPlan.PanelColumns * PanelBytes);
            StoreBlock(panel + (first / Q8Block.Length * (long)Q8RecordBytes), column % MatMulPlan.PanelColumns, block, column < N ? depth : 0);
        }
    }

    private static void StoreBlock(byte* record, int column, float* values, int count)
    {
        sbyte* codes = stackalloc sbyte[Q8Block.Length];
        ((float*)record)[column] = Q8Storage.Quantize(values, count, codes);
        byte* group = record + Q8ScaleBytes + (column * 4);
        for (int i = 0; i < Q8Block.Length; i += 4, group += Q8GroupBytes)
        {
            *(uint*)group = *(uint*)(codes + i) ^ 0x80808080; // 128 added to each
        }
    }
}
