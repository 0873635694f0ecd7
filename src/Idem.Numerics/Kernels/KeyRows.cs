// Keys or values as a cache holds them: float32, or bfloat16 that is widened, exactly, a block at a time where it is read.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>Rows of one head's keys or values, from one sequence after the other.</summary>
internal readonly unsafe struct KeyRows
{
    private readonly byte* _first;

    public KeyRows(float* first) => _first = (byte*)first;

    public KeyRows(ushort* first)
    {
        _first = (byte*)first;
        IsBFloat16 = true;
    }

    public bool IsBFloat16 { get; }

    /// <summary>Rows that begin at an element, as float32: where they lie, or widened into <paramref name="scratch"/>, which has room for them side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Read(long element, int rowStride, int rows, int size, float* scratch, out int stride)
    {
        if (!IsBFloat16)
        {
            stride = rowStride;
            return (float*)_first + element;
        }

        stride = size;
        Widen((ushort*)_first + element, rowStride, rows, size, scratch);
        return scratch;
    }

    /// <summary>The same rows side by side in <paramref name="packed"/>.</summary>
    public void Pack<S, F, D>(long element, int rowStride, int rows, int size, float* packed)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (IsBFloat16)
        {
            Widen((ushort*)_first + element, rowStride, rows, size, packed);
        }
        else
        {
            AttentionRows.Pack<S, F, D>((float*)_first + element, rowStride, rows, size, packed);
        }
    }

    private static void Widen(ushort* source, int rowStride, int rows, int size, float* destination)
    {
        for (int row = 0; row < rows; row++)
        {
            MatMulPacking.Widen(source + (row * (long)rowStride), size, destination + (row * (long)size));
        }
    }
}
