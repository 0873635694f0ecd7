// Packing of blocks that a file holds: codes and scales as they are stored, none made anew.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Reads codes of a stored matrix of the q8 profile, row-major, from <paramref name="start"/> on. It is called from several threads at once.</summary>
/// <param name="start">Index of the first element.</param>
/// <param name="destination">To be filled.</param>
public delegate void CodeReader(int start, Span<sbyte> destination);

/// <summary>Reads encodings of its scales, row-major in the matrix of blocks, from <paramref name="start"/> on.</summary>
/// <param name="start">Index of the first scale.</param>
/// <param name="destination">To be filled.</param>
public delegate void ScaleReader(int start, Span<ushort> destination);

public sealed unsafe partial class PackedWeights
{
    /// <summary>Packs stored blocks of the q8 profile.</summary>
    /// <param name="compute">Threads.</param>
    /// <param name="transposed">The matrix is stored as [n, k], scales as [n, blocks], instead of [k, n] and [blocks, n].</param>
    /// <param name="k">Length of the reduction.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="codes">Reads the codes.</param>
    /// <param name="scales">Reads the scales.</param>
    /// <exception cref="ArgumentException">A size is negative, or the panels' elements are more than 2^31 - 1.</exception>
    public static PackedWeights PackStored(Compute compute, bool transposed, int k, int n, CodeReader codes, ScaleReader scales)
    {
        ArgumentNullException.ThrowIfNull(compute);
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentNullException.ThrowIfNull(scales);
        CheckSizes(k, n);
        PackedWeights weights = new(k, n, PackedDtype.Q8, isCoded: false, isBFloat16: false);
        try
        {
            if (transposed)
            {
                compute.For(k == 0 ? 0 : MatMulPlan.CeilingDivide(n, MatMulPlan.PanelColumns), panel => weights.FillStoredPanel(panel, codes, scales));
            }
            else
            {
                compute.For(n == 0 ? 0 : MatMulPlan.CeilingDivide(k, SlabRows), block => weights.FillStoredSlab(block, codes, scales));
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
    private void FillStoredPanel(int panel, CodeReader readCodes, ScaleReader readScales)
    {
        int first = panel * MatMulPlan.PanelColumns, columns = Math.Min(MatMulPlan.PanelColumns, N - first), blocks = Q8Block.Count(K);
        byte* destination = Memory + (panel * PanelBytes);
        sbyte[] codes = new sbyte[columns * K];
        ushort[] scales = new ushort[columns * blocks];
        readCodes(first * K, codes);
        readScales(first * blocks, scales);
        for (int column = 0; column < MatMulPlan.PanelColumns; column++)
        {
            for (int block = 0; block < blocks; block++)
            {
                byte* record = destination + (block * (long)Q8RecordBytes);
                int k = block * Q8Block.Length;
                if (column < columns)
                {
                    StoreBlock(record, column, scales[(column * blocks) + block], codes.AsSpan((column * K) + k, Math.Min(Q8Block.Length, K - k)), 1);
                }
                else
                {
                    StoreBlock(record, column, 0, default, 1);
                }
            }
        }
    }

    // One block of each column, a piece of every panel.
    private void FillStoredSlab(int block, CodeReader readCodes, ScaleReader readScales)
    {
        int first = block * Q8Block.Length, depth = Math.Min(Q8Block.Length, K - first);
        sbyte[] codes = new sbyte[depth * N];
        ushort[] scales = new ushort[N];
        readCodes(first * N, codes);
        readScales(block * N, scales);
        for (int column = 0; column < MatMulPlan.CeilingDivide(N, MatMulPlan.PanelColumns) * MatMulPlan.PanelColumns; column++)
        {
            byte* record = Memory + (column / MatMulPlan.PanelColumns * PanelBytes) + (block * (long)Q8RecordBytes);
            if (column < N)
            {
                StoreBlock(record, column % MatMulPlan.PanelColumns, scales[column], codes.AsSpan(column), N);
            }
            else
            {
                StoreBlock(record, column % MatMulPlan.PanelColumns, 0, default, 1);
            }
        }
    }

    // The codes of one block lie a stride apart; what is missing up to 32 is zero.
    private static void StoreBlock(byte* record, int column, ushort scale, ReadOnlySpan<sbyte> codes, int stride)
    {
        ((float*)record)[column] = HalfPrecision.WidenFloat16(scale);
        byte* group = record + Q8ScaleBytes + (column * 4);
        int count = Math.Min(Q8Block.Length, MatMulPlan.CeilingDivide(codes.Length, stride));
        for (int i = 0; i < Q8Block.Length; i++)
        {
            int code = i < count ? codes[i * stride] : 0;
            group[(i / 4 * Q8GroupBytes) + (i % 4)] = (byte)(code + 128);
        }
    }
}
