// Fills the panels, on all threads: each task reads a stretch of the stored matrix that is contiguous there, through a reader that
// may convert it, so that a file's values go from its pages into the panels without a copy of the whole between.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Reads elements of a stored matrix, row-major, from <paramref name="start"/> on. It is called from several threads at once, and calls no kernel.</summary>
/// <param name="start">Index of the first element.</param>
/// <param name="destination">To be filled.</param>
public delegate void WeightReader(int start, Span<float> destination);

public sealed unsafe partial class PackedWeights
{
    /// <summary>Rows of a matrix stored as [k, n] that one task reads for q8: a block.</summary>
    private const int SlabRows = Q8Block.Length;

    /// <summary>Panels that a task fills from a matrix stored as [k, n].</summary>
    private const int PanelsReadTogether = 4;

    /// <summary>Panels are coded while fewer than one value in so many is an exception. Normally distributed values have one in 10,000.</summary>
    private const int ValuesPerException = 64;

    /// <summary>Values that tell whether a matrix may be of bfloat16.</summary>
    private const int ProbedValues = 1024;

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

        if (dtype != PackedDtype.Q8 && k > 0 && n > 0)
        {
            bool isBFloat16 = dtype == PackedDtype.BFloat16;
            PackedWeights? coded = isBFloat16 || BeginsWithBFloat16(k * n, read) ? Code(compute, dtype, isBFloat16: true, transposed, k, n, read) : null;
            coded ??= isBFloat16 ? null : Code(compute, dtype, isBFloat16: false, transposed, k, n, read);
            if (coded is not null)
            {
                return coded;
            }
        }

        PackedWeights weights = new(k, n, dtype, isCoded: false, dtype == PackedDtype.BFloat16);
        weights.Fill(compute, transposed, read);
        return weights;
    }

    // Null if the values do not fit, or are so few rows that it saves nothing.
    private static PackedWeights? Code(Compute compute, PackedDtype dtype, bool isBFloat16, bool transposed, int k, int n, WeightReader read)
    {
        if (CodedPanel.Bytes(k, isBFloat16) >= (long)MatMulPlan.PanelColumns * k * (isBFloat16 ? sizeof(ushort) : sizeof(float)))
        {
            return null;
        }

        PackedWeights weights = new(k, n, dtype, isCoded: true, isBFloat16);
        return weights.Fill(compute, transposed, read) ? weights : null;
    }

    private static bool BeginsWithBFloat16(int count, WeightReader read)
    {
        float* values = stackalloc float[ProbedValues];
        Span<float> probe = new(values, Math.Min(count, ProbedValues));
        read(0, probe);
        return AreBFloat16(values, probe.Length);
    }

    private static bool AreBFloat16(float* values, int count)
    {
        uint lower = 0;
        for (int i = 0; i < count; i++)
        {
            lower |= ((uint*)values)[i];
        }

        return (ushort)lower == 0;
    }

    // False if the values do not fit the coding; then, or after an error of the reader, the memory is freed.
    private bool Fill(Compute compute, bool transposed, WeightReader read)
    {
        bool isFilled = false;
        try
        {
            if (K == 0)
            {
                isFilled = true;
            }
            else if (Dtype == PackedDtype.Q8)
            {
                if (transposed)
                {
                    compute.For(Panels, panel => FillQ8Panel(panel, read));
                }
                else
                {
                    compute.For(N == 0 ? 0 : MatMulPlan.CeilingDivide(K, SlabRows), slab => FillQ8Slab(slab * SlabRows, read));
                }

                isFilled = true;
            }
            else
            {
                ExceptionLists? exceptions = IsCoded ? new ExceptionLists(Panels, (long)K * N / ValuesPerException) : null;
                int together = transposed ? 1 : PanelsReadTogether;
                compute.For(MatMulPlan.CeilingDivide(Panels, together), group => FillPanels(group * together, Math.Min(together, Panels - (group * together)), transposed, read, exceptions));
                isFilled = exceptions is null || Keep(exceptions);
            }
        }
        finally
        {
            if (!isFilled)
            {
                Dispose();
            }
        }

        return isFilled;
    }

    // Some panels side by side: of a matrix stored as [k, n] several, so that what is read of a row is long enough.
    private void FillPanels(int firstPanel, int panels, bool transposed, WeightReader read, ExceptionLists? exceptions)
    {
        if (exceptions is { IsRefused: true })
        {
            return;
        }

        int first = firstPanel * MatMulPlan.PanelColumns, columns = Math.Min(panels * MatMulPlan.PanelColumns, N - first);
        long panelFloats = (K + 1L) * MatMulPlan.PanelColumns, rowFloats = transposed ? (long)columns * K : columns;
        float* values = Scratch.Rent((panels * panelFloats) + panelFloats + Scratch.Round(rowFloats));
        float* halves = values + (panels * panelFloats), rows = halves + panelFloats;
        if (transposed)
        {
            read(first * K, new Span<float>(rows, columns * K));
            MatMulPacking.Transpose(rows, K, K, columns, values, MatMulPlan.PanelColumns);
        }
        else
        {
            for (int k = 0; k < K; k++)
            {
                read((k * N) + first, new Span<float>(rows, columns));
                for (int column = 0; column < columns; column += MatMulPlan.PanelColumns)
                {
                    float* to = values + (column / MatMulPlan.PanelColumns * panelFloats) + (k * (long)MatMulPlan.PanelColumns);
                    MatMulPacking.Copy(rows + column, 0, 1, Math.Min(MatMulPlan.PanelColumns, columns - column), MatMulPlan.PanelColumns, to, 0);
                }
            }
        }

        for (int i = 0; i < panels; i++)
        {
            Store(firstPanel + i, values + (i * panelFloats), (ushort*)halves, exceptions);
        }
    }

    // A panel whose values are [K, 32], with room for a row more.
    private void Store(int panel, float* values, ushort* halves, ExceptionLists? exceptions)
    {
        byte* destination = Memory + (panel * PanelBytes);
        int count = K * MatMulPlan.PanelColumns;
        if (Dtype == PackedDtype.BFloat16)
        {
            HalfPrecision.NarrowBFloat16(new ReadOnlySpan<float>(values, count), new Span<ushort>(exceptions is null ? destination : halves, count));
            if (exceptions is null)
            {
                return;
            }

            MatMulPacking.Widen(halves, count, values);
        }

        if (exceptions is null)
        {
            new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(destination, count));
        }
        else if (Dtype == PackedDtype.Float32 && IsBFloat16 && !AreBFloat16(values, count))
        {
            exceptions.Refuse();
        }
        else
        {
            exceptions.Add(panel, CodedPanelWriter.Write(values, K, IsBFloat16, destination));
        }
    }

    // Lists the exceptions in the panels' heads; false if there are too many.
    private bool Keep(ExceptionLists lists)
    {
        if (lists.IsRefused)
        {
            return false;
        }

        _exceptions = (CodedException*)NativeMemory.Alloc((nuint)Math.Max(1, lists.Count), (nuint)sizeof(CodedException));
        CodedException* next = _exceptions;
        for (int panel = 0; panel < Panels; panel++)
        {
            CodedHead* head = (CodedHead*)(Memory + (panel * PanelBytes));
            ReadOnlySpan<CodedException> list = lists[panel];
            head->Exceptions = next;
            head->ExceptionCount = list.Length;
            list.CopyTo(new Span<CodedException>(next, list.Length));
            next += list.Length;
        }

        return true;
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

    /// <summary>What the tasks found that tables lack.</summary>
    private sealed class ExceptionLists(int panels, long most)
    {
        private readonly List<CodedException>?[] _lists = new List<CodedException>?[panels];
        private long _count;

        public long Count => Volatile.Read(ref _count);

        /// <summary>Whether there are too many, or the values are others than was thought.</summary>
        public bool IsRefused => Count > most;

        public ReadOnlySpan<CodedException> this[int panel] => CollectionsMarshal.AsSpan(_lists[panel]);

        public void Add(int panel, List<CodedException>? list)
        {
            _lists[panel] = list;
            Interlocked.Add(ref _count, list?.Count ?? 0);
        }

        public void Refuse() => Interlocked.Add(ref _count, most + 1);
    }
}
