// Packing of values as the q8 profile, a block of a column at a time.

namespace Idem.Numerics.Kernels;

public sealed unsafe partial class PackedWeights
{
    /// <summary>Rows of a matrix stored as [k, n] that one task reads: a block.</summary>
    private const int SlabRows = Q8Block.Length;

    private static PackedWeights PackQ8(Compute compute, bool transposed, int k, int n, WeightReader read)
    {
        PackedWeights weights = new(k, n, PackedDtype.Q8, isCoded: false, isBFloat16: false);
        try
        {
            if (transposed)
            {
                compute.For(weights.Panels, panel => weights.FillQ8Panel(panel, read));
            }
            else
            {
                compute.For(MatMulPlan.CeilingDivide(k, SlabRows), slab => weights.FillQ8Slab(slab * SlabRows, read));
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
    private void FillQ8Panel(int panel, WeightReader read)
    {
        int first = panel * MatMulPlan.PanelColumns, columns = Math.Min(MatMulPlan.PanelColumns, N - first), count = columns * K;
        byte* destination = Memory + (panel * PanelBytes);
        float* rows = Scratch.Rent(count);
        read(first * K, new Span<float>(rows, count));
        for (int column = 0; column < MatMulPlan.PanelColumns; column++)
        {
            for (int k = 0; k < K; k += Q8Block.Length)
            {
                int length = column < columns ? Math.Min(Q8Block.Length, K - k) : 0;
                StoreBlock(destination + (k / Q8Block.Length * (long)Q8RecordBytes), column, rows + (column * (long)K) + k, length);
            }
        }
    }

    // Some stored rows, a block of every column.
    private void FillQ8Slab(int first, WeightReader read)
    {
        int depth = Math.Min(SlabRows, K - first), count = depth * N;
        float* rows = Scratch.Rent(count), block = stackalloc float[Q8Block.Length];
        read(first * N, new Span<float>(rows, count));
        for (int column = 0; column < Panels * MatMulPlan.PanelColumns; column++)
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
