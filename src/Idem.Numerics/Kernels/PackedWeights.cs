// The right operand of products, laid out once and kept: what decoding reads for every token. Panels of 32 columns; in a panel
// the 32 values of each k side by side, k ascending, so that any tile on any path reads memory in one direction.
// What this deliberately is not: another arithmetic. Products with it have the bits of products with the matrix it was made of
// (for bfloat16: of its exact float32 values), and the layout is the same on every machine.

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

/// <summary>A matrix [k, n] packed for <see cref="MatMul.Multiply(Compute, int, ReadOnlySpan{float}, int, PackedWeights, ReadOnlySpan{float}, Span{float}, int)"/>, in memory of its own.</summary>
public sealed unsafe class PackedWeights : IDisposable
{
    private const int AlignmentBytes = 2 << 20; // a huge page
    private const int SpareBytes = 64; // an empty matrix has memory too
    private byte* _memory;

    private PackedWeights(int k, int n, PackedDtype dtype)
    {
        K = k;
        N = n;
        Dtype = dtype;
        Bytes = (long)MatMulPlan.CeilingDivide(n, MatMulPlan.PanelColumns) * MatMulPlan.PanelColumns * k * ElementBytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes + SpareBytes, AlignmentBytes);
        HugePages.Advise(_memory, (nuint)Bytes);
        GC.AddMemoryPressure(Bytes + SpareBytes);
    }

    /// <summary>Frees the memory.</summary>
    ~PackedWeights() => Free();

    /// <summary>Length of the reduction: the layer's inputs.</summary>
    public int K { get; }

    /// <summary>Columns of the product: the layer's outputs.</summary>
    public int N { get; }

    /// <summary>How a value is stored.</summary>
    public PackedDtype Dtype { get; }

    /// <summary>Size of the panels, the last one filled up.</summary>
    public long Bytes { get; }

    internal byte* Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory == null, this);
            return _memory;
        }
    }

    private int ElementBytes => Dtype == PackedDtype.Float32 ? sizeof(float) : sizeof(ushort);

    /// <summary>Packs float32 values.</summary>
    /// <param name="transposed">The values are stored as [n, k] (the weights of a linear layer, [out, in]) instead of [k, n].</param>
    /// <param name="k">Length of the reduction.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="values">The matrix, row-major.</param>
    /// <param name="stride">Distance between stored rows, at least their length.</param>
    /// <exception cref="ArgumentException">Sizes, stride and length do not fit.</exception>
    public static PackedWeights Pack(bool transposed, int k, int n, ReadOnlySpan<float> values, int stride)
    {
        CheckShape(transposed, k, n, values.Length, stride);
        PackedWeights weights = new(k, n, PackedDtype.Float32);
        fixed (float* source = values)
        {
            for (int column = 0; column < n && k > 0; column += MatMulPlan.PanelColumns)
            {
                int columns = Math.Min(MatMulPlan.PanelColumns, n - column);
                float* panel = (float*)weights._memory + (column * (nint)k);
                if (transposed)
                {
                    MatMulPacking.Transpose(source + (column * (nint)stride), stride, k, columns, panel, MatMulPlan.PanelColumns);
                }
                else
                {
                    MatMulPacking.Copy(source + column, stride, k, columns, MatMulPlan.PanelColumns, panel, MatMulPlan.PanelColumns);
                }
            }
        }

        return weights;
    }

    /// <summary>Packs bfloat16 encodings, which stay two bytes each; see the float32 form.</summary>
    /// <inheritdoc cref="Pack(bool, int, int, ReadOnlySpan{float}, int)"/>
    public static PackedWeights PackBFloat16(bool transposed, int k, int n, ReadOnlySpan<ushort> values, int stride)
    {
        CheckShape(transposed, k, n, values.Length, stride);
        PackedWeights weights = new(k, n, PackedDtype.BFloat16);
        nint rowStep = transposed ? 1 : stride, columnStep = transposed ? stride : 1;
        fixed (ushort* source = values)
        {
            ushort* destination = (ushort*)weights._memory;
            for (int panel = 0; panel < n; panel += MatMulPlan.PanelColumns)
            {
                for (int row = 0; row < k; row++, destination += MatMulPlan.PanelColumns)
                {
                    for (int column = 0; column < MatMulPlan.PanelColumns; column++)
                    {
                        destination[column] = panel + column < n ? source[(row * rowStep) + ((panel + column) * columnStep)] : (ushort)0;
                    }
                }
            }
        }

        return weights;
    }

    /// <summary>Frees the memory; the weights must not be used any more.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void CheckShape(bool transposed, int k, int n, int length, int stride)
    {
        if (k < 0 || n < 0)
        {
            throw new ArgumentException($"PackedWeights: sizes must not be negative: k={k}, n={n}.");
        }

        (int rows, int columns) = transposed ? (n, k) : (k, n);
        long needed = rows == 0 || columns == 0 ? 0 : ((long)(rows - 1) * stride) + columns;
        if (stride < columns || length < needed)
        {
            throw new ArgumentException(
                $"PackedWeights: a matrix stored as [{rows},{columns}] with row stride {stride} needs {needed} values; it has {length}.");
        }
    }

    private void Free()
    {
        if (_memory != null)
        {
            NativeMemory.AlignedFree(_memory);
            GC.RemoveMemoryPressure(Bytes + SpareBytes);
            _memory = null;
        }
    }
}

/// <summary>How <see cref="PackedWeights"/> store a value.</summary>
public enum PackedDtype
{
    /// <summary>Four bytes.</summary>
    Float32,

    /// <summary>The upper two bytes of a float32; computing widens them, exactly.</summary>
    BFloat16,
}
