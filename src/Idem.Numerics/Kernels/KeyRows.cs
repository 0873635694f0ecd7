// Keys or values as their owner holds them: float32, or bfloat16 that is widened, exactly, a block at a time where it is read; in one
// run of memory, or in pages. Where rows lie decides how far a read reaches, never what it gives.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>Rows of keys or values, all heads side by side, from one sequence after the other.</summary>
internal readonly unsafe struct KeyRows
{
    private readonly byte* _first;
    private readonly nint* _pages; // null: one run of memory
    private readonly int _pageLength, _rowStride;
    private readonly long _batchStride;

    /// <summary>Float32 in one run of memory.</summary>
    public KeyRows(float* first, int rowStride, int batchStride)
        : this((byte*)first, false, rowStride, batchStride)
    {
    }

    /// <summary>Bfloat16 in one run of memory.</summary>
    public KeyRows(ushort* first, int rowStride, int batchStride)
        : this((byte*)first, true, rowStride, batchStride)
    {
    }

    /// <summary>One sequence in pages.</summary>
    /// <param name="pages">Addresses of pages.</param>
    /// <param name="pageLength">Rows of a page.</param>
    /// <param name="offset">Where a page's rows begin, in elements.</param>
    /// <param name="rowStride">Elements between rows.</param>
    /// <param name="isBFloat16">What an element is.</param>
    public KeyRows(nint* pages, int pageLength, int offset, int rowStride, bool isBFloat16)
        : this((byte*)0 + ((long)offset * (isBFloat16 ? sizeof(ushort) : sizeof(float))), isBFloat16, rowStride, 0)
    {
        _pages = pages;
        _pageLength = pageLength;
    }

    private KeyRows(byte* first, bool isBFloat16, int rowStride, int batchStride)
    {
        _first = first;
        IsBFloat16 = isBFloat16;
        _rowStride = rowStride;
        _batchStride = batchStride;
    }

    public bool IsBFloat16 { get; }

    /// <summary>How many of some rows lie in one run of memory, from the first on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Together(int row, int rows) => _pages == null ? rows : Math.Min(rows, _pageLength - (row % _pageLength));

    /// <summary>
    /// Rows that lie together, as float32: where they lie, or widened into <paramref name="scratch"/>, which has room for them side by side.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Read(int batch, int row, int column, int rows, int size, float* scratch, out int stride)
    {
        byte* first = Address(batch, row, column);
        if (!IsBFloat16)
        {
            stride = _rowStride;
            return (float*)first;
        }

        stride = size;
        Widen((ushort*)first, rows, size, scratch);
        return scratch;
    }

    /// <summary>Any rows, side by side in <paramref name="packed"/>.</summary>
    public void Pack<S, F, D>(int batch, int row, int column, int rows, int size, float* packed)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        while (rows > 0)
        {
            int count = Together(row, rows);
            byte* first = Address(batch, row, column);
            if (IsBFloat16)
            {
                Widen((ushort*)first, count, size, packed);
            }
            else
            {
                AttentionRows.Pack<S, F, D>((float*)first, _rowStride, count, size, packed);
            }

            packed += (long)count * size;
            row += count;
            rows -= count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Address(int batch, int row, int column)
    {
        int bytes = IsBFloat16 ? sizeof(ushort) : sizeof(float);
        return _pages == null
            ? _first + (((batch * _batchStride) + ((long)row * _rowStride) + column) * bytes)
            : (byte*)_pages[row / _pageLength] + (long)_first + ((((long)(row % _pageLength) * _rowStride) + column) * bytes);
    }

    private void Widen(ushort* source, int rows, int size, float* destination)
    {
        for (int row = 0; row < rows; row++)
        {
            MatMulPacking.Widen(source + (row * (long)_rowStride), size, destination + (row * (long)size));
        }
    }
}
