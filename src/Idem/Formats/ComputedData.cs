// Bytes of tensors that are made when they are asked for: other orders of stored elements, blocks taken apart, numbers derived.
// A window is made anew each time, so nothing whole is ever held; windows may be asked for by several threads at once.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;

namespace Idem.Formats;

/// <summary>Data that is computed window by window.</summary>
internal abstract class ComputedData : TensorData
{
    public sealed override ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        CheckWindow(ByteCount, offset, count);
        byte[] window = new byte[count];
        Fill(offset, window);
        return window;
    }

    /// <summary>Makes the bytes from <paramref name="offset"/> on.</summary>
    protected abstract void Fill(long offset, Span<byte> destination);
}

/// <summary>Rows in another order.</summary>
/// <param name="source">Stored rows.</param>
/// <param name="rowBytes">Bytes of each.</param>
/// <param name="storedRow">The stored row of a row.</param>
internal sealed class ReorderedRows(TensorData source, long rowBytes, Func<long, long> storedRow) : ComputedData
{
    public override long ByteCount => source.ByteCount;

    protected override void Fill(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            (long row, long within) = Math.DivRem(offset, rowBytes);
            int count = (int)Math.Min(rowBytes - within, destination.Length);
            source.Bytes((storedRow(row) * rowBytes) + within, count).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }
}

/// <summary>The transpose of a stored matrix; windows begin and end with elements.</summary>
/// <param name="source">[rows, columns].</param>
/// <param name="rows">Rows of the source.</param>
/// <param name="columns">Columns of the source.</param>
/// <param name="width">Bytes of an element.</param>
internal sealed class TransposedElements(TensorData source, long rows, long columns, int width) : ComputedData
{
    public override long ByteCount => source.ByteCount;

    protected override void Fill(long offset, Span<byte> destination)
    {
        long first = offset / width, end = (offset + destination.Length) / width; // [columns, rows]
        if (first * width != offset || end * width != offset + destination.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"bytes {offset}+{destination.Length} are not whole elements of {width} bytes");
        }

        long firstColumn = first / rows, lastColumn = (end - 1) / rows;
        for (long row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> line = source.Bytes(((row * columns) + firstColumn) * width, (int)(lastColumn - firstColumn + 1) * width);
            for (long column = firstColumn; column <= lastColumn; column++)
            {
                long at = (column * rows) + row;
                if (at >= first && at < end)
                {
                    line.Slice((int)(column - firstColumn) * width, width).CopyTo(destination[(int)((at - first) * width)..]);
                }
            }
        }
    }
}

/// <summary>The codes of stored blocks of Q8_0.</summary>
internal sealed class Q8Codes(TensorData blocks) : ComputedData
{
    public override long ByteCount => blocks.ByteCount / GgufTypes.Q8Bytes * GgufTypes.Q8Elements;

    protected override void Fill(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            (long block, long within) = Math.DivRem(offset, GgufTypes.Q8Elements);
            int count = (int)Math.Min(GgufTypes.Q8Elements - within, destination.Length);
            blocks.Bytes((block * GgufTypes.Q8Bytes) + sizeof(ushort) + within, count).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }
}

/// <summary>The scales of stored blocks of Q8_0; windows begin and end with elements.</summary>
internal sealed class Q8Scales(TensorData blocks) : ComputedData
{
    public override long ByteCount => blocks.ByteCount / GgufTypes.Q8Bytes * sizeof(ushort);

    protected override void Fill(long offset, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i += sizeof(ushort))
        {
            blocks.Bytes((offset + i) / sizeof(ushort) * GgufTypes.Q8Bytes, sizeof(ushort)).CopyTo(destination[i..]);
        }
    }
}

/// <summary>The weights of a norm that is stored as 1 + weight, as float32; windows begin and end with elements.</summary>
/// <param name="source">The stored factors.</param>
/// <param name="dtype">Their type: F32, F16 or BF16.</param>
internal sealed class NormWeights(TensorData source, DType dtype) : ComputedData
{
    public override long ByteCount => source.ByteCount / dtype.Width() * sizeof(float);

    protected override void Fill(long offset, Span<byte> destination)
    {
        Span<float> values = MemoryMarshal.Cast<byte, float>(destination);
        ReadOnlySpan<byte> stored = source.Bytes(offset / sizeof(float) * dtype.Width(), values.Length * dtype.Width());
        switch (dtype)
        {
            case DType.BF16: HalfPrecision.WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(stored), values); break;
            case DType.F16: HalfPrecision.WidenFloat16(MemoryMarshal.Cast<byte, ushort>(stored), values); break;
            default: stored.CopyTo(destination); break;
        }

        StoredNorm.WeightsOf(values, values);
    }
}
