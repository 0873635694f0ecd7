// Fills panels, on all threads, from a stored matrix that is read through a converter, so that a file's values go from its pages into the panels
// without a copy of the whole between (of a matrix stored as [k, n] with one, since a panel there is a piece of every row).
// How panels are stored is found by trying: what does not fit is packed again in the next wider way. The outcome depends on the values only.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>
/// Reads elements of a stored matrix, row-major, from <paramref name="start"/> on. It is called from several threads at once, calls no kernel, and may be asked
/// for an element again, which must not have changed.
/// </summary>
/// <param name="start">Index of the first element.</param>
/// <param name="destination">To be filled.</param>
public delegate void WeightReader(int start, Span<float> destination);

public sealed unsafe partial class PackedWeights
{
    /// <summary>
    /// Panels are coded while no more than one value in so many is an exception. Normally distributed values have one in 10,000. At one in 512 one row goes
    /// 1.4 times as fast as over panels that are not coded, eight rows 0.96 times (docs/log.md).
    /// </summary>
    private const int ValuesPerException = 512;

    /// <summary>Values that tell whether a matrix may be of bfloat16.</summary>
    private const int ProbedValues = 1024;

    /// <summary>Values that are rounded at a time.</summary>
    private const int RoundedTogether = 1024;

    /// <summary>Why values cannot be packed in some way.</summary>
    private enum Misfit
    {
        None,
        NotBFloat16,
        TooManyExceptions,
    }

    /// <summary>Packs a matrix; bfloat16 rounds to nearest even once, and leaves values that are bfloat16 already as they are; q8 as its definition says.</summary>
    /// <param name="compute">Threads.</param>
    /// <param name="dtype">What the values shall be.</param>
    /// <param name="transposed">The matrix is stored as [n, k] (the weights of a linear layer, [out, in]) instead of [k, n].</param>
    /// <param name="k">Length of the reduction.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="read">Reads the stored matrix.</param>
    /// <exception cref="ArgumentException">A size is negative, or the panels' elements are more than 2^31 - 1.</exception>
    public static PackedWeights Pack(Compute compute, PackedDtype dtype, bool transposed, int k, int n, WeightReader read)
    {
        ArgumentNullException.ThrowIfNull(compute);
        ArgumentNullException.ThrowIfNull(read);
        CheckSizes(k, n);
        if (k == 0 || n == 0)
        {
            return new PackedWeights(k, n, dtype, isCoded: false, dtype == PackedDtype.BFloat16);
        }

        if (dtype == PackedDtype.Q8)
        {
            return PackQ8(compute, transposed, k, n, read);
        }

        bool isCoded = true, isBFloat16 = dtype == PackedDtype.BFloat16 || BeginsWithBFloat16((int)Math.Min((long)k * n, ProbedValues), read);
        PanelSource? source = null;
        while (true)
        {
            isCoded &= CodedPanel.Saves(k, n, isBFloat16);
            int columns = isCoded ? CodedPanel.Columns : MatMulPlan.PanelColumns;
            source = source?.Columns == columns ? source : new PanelSource(compute, transposed, k, n, columns, read);
            PackedWeights weights = new(k, n, dtype, isCoded, isBFloat16);
            switch (weights.Fill(compute, source))
            {
                case Misfit.NotBFloat16:
                    isBFloat16 = false;
                    break;
                case Misfit.TooManyExceptions:
                    isCoded = false;
                    break;
                default:
                    return weights;
            }
        }
    }

    private static void CheckSizes(int k, int n)
    {
        if (k < 0 || n < 0 || (long)k * n > int.MaxValue || k * (long)CodedPanel.Columns > int.MaxValue)
        {
            throw new ArgumentException(
                $"PackedWeights: k={k}, n={n}: sizes must not be negative, nor their product, nor {CodedPanel.Columns} k, exceed {int.MaxValue}.");
        }
    }

    // If the values do not fit, or the reader fails, the memory is freed.
    private Misfit Fill(Compute compute, PanelSource source)
    {
        Packing packing = new(Panels, (long)K * N / ValuesPerException);
        bool isFilled = false;
        try
        {
            compute.For(Panels, panel => FillPanel(panel, source, packing));
            isFilled = packing.Misfit == Misfit.None;
        }
        finally
        {
            if (!isFilled)
            {
                Dispose();
            }
        }

        if (isFilled && IsCoded)
        {
            Keep(packing);
        }

        return packing.Misfit;
    }

    private void FillPanel(int panel, PanelSource source, Packing packing)
    {
        if (packing.Misfit != Misfit.None)
        {
            return;
        }

        int count = K * PanelColumns;
        float* values = source.Read(panel);
        byte* destination = Memory + (panel * PanelBytes);
        if (Dtype == PackedDtype.BFloat16)
        {
            Round(values, count);
        }
        else if (IsBFloat16 && !AreBFloat16(values, count))
        {
            packing.RefuseBFloat16();
            return;
        }

        if (IsCoded)
        {
            packing.Add(panel, CodedPanelWriter.Write(values, K, IsBFloat16, destination));
        }
        else if (IsBFloat16)
        {
            for (int i = 0; i < count; i++)
            {
                ((ushort*)destination)[i] = (ushort)(((uint*)values)[i] >> 16);
            }
        }
        else
        {
            new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(destination, count));
        }
    }

    // Each value as the nearest bfloat16; in pieces, since the encodings are on the stack.
    private static void Round(float* values, int count)
    {
        ushort* halves = stackalloc ushort[RoundedTogether];
        for (int done = 0; done < count; done += RoundedTogether)
        {
            int piece = Math.Min(RoundedTogether, count - done);
            HalfPrecision.NarrowBFloat16(new ReadOnlySpan<float>(values + done, piece), new Span<ushort>(halves, piece));
            HalfPrecision.WidenBFloat16(new ReadOnlySpan<ushort>(halves, piece), new Span<float>(values + done, piece));
        }
    }

    private static bool BeginsWithBFloat16(int count, WeightReader read)
    {
        float* values = stackalloc float[ProbedValues];
        read(0, new Span<float>(values, count));
        return AreBFloat16(values, count);
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

    // Lists the exceptions in the panels' heads.
    private void Keep(Packing packing)
    {
        _exceptions = (CodedException*)NativeMemory.Alloc((nuint)(packing.Count + Panels), (nuint)sizeof(CodedException));
        CodedException* next = _exceptions;
        for (int panel = 0; panel < Panels; panel++)
        {
            CodedHead* head = (CodedHead*)(Memory + (panel * PanelBytes));
            ReadOnlySpan<CodedException> list = packing[panel];
            head->Exceptions = next;
            head->ExceptionCount = list.Length;
            list.CopyTo(new Span<CodedException>(next, list.Length));
            next += list.Length;
            *next++ = CodedException.None;
        }
    }

    /// <summary>What the tasks found.</summary>
    private sealed class Packing(int panels, long mostExceptions)
    {
        private readonly List<CodedException>?[] _lists = new List<CodedException>?[panels];
        private long _count;
        private volatile bool _isNotBFloat16;

        /// <summary>How many exceptions there are.</summary>
        public long Count => Volatile.Read(ref _count);

        public Misfit Misfit => _isNotBFloat16 ? Misfit.NotBFloat16 : Count > mostExceptions ? Misfit.TooManyExceptions : Misfit.None;

        /// <summary>A panel's exceptions.</summary>
        public ReadOnlySpan<CodedException> this[int panel] => CollectionsMarshal.AsSpan(_lists[panel]);

        public void Add(int panel, List<CodedException>? list)
        {
            _lists[panel] = list;
            Interlocked.Add(ref _count, list?.Count ?? 0);
        }

        public void RefuseBFloat16() => _isNotBFloat16 = true;
    }
}
