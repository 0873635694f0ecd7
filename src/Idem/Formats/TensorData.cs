// The bytes of a tensor wherever they live: in a mapped file, or in somebody's array. Read-only, little-endian.
// Tensors may be larger than a span can be, hence the windows.

using System.Runtime.InteropServices;

namespace Idem.Formats;

/// <summary>Read-only access to the little-endian, row-major bytes of one tensor.</summary>
public abstract class TensorData
{
    /// <summary>Bytes in all.</summary>
    public abstract long ByteCount { get; }

    /// <summary><paramref name="count"/> bytes from <paramref name="offset"/>, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window reaches outside the tensor.</exception>
    public abstract ReadOnlySpan<byte> Bytes(long offset, int count);

    /// <summary>A part of these bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It reaches outside the tensor.</exception>
    public TensorData Window(long offset, long count) => new Part(this, offset, count);

    /// <summary>Data over memory the caller must not change while this is in use.</summary>
    public static TensorData Of<T>(ReadOnlyMemory<T> values)
        where T : unmanaged => new InMemory<T>(values);

    /// <summary>Throws unless the window lies inside <paramref name="byteCount"/> bytes.</summary>
    protected static void CheckWindow(long byteCount, long offset, int count)
    {
        if (offset < 0 || count < 0 || offset > byteCount - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"bytes {offset}+{count} lie outside a tensor of {byteCount} bytes");
        }
    }

    private sealed class InMemory<T>(ReadOnlyMemory<T> values) : TensorData
        where T : unmanaged
    {
        private static readonly int ElementBytes = Marshal.SizeOf<T>();

        public override long ByteCount => (long)values.Length * ElementBytes;

        public override ReadOnlySpan<byte> Bytes(long offset, int count)
        {
            CheckWindow(ByteCount, offset, count);

            // Cut on whole elements first: the byte length of a large array does not fit a span.
            int first = (int)(offset / ElementBytes);
            int skip = (int)(offset % ElementBytes);
            int elements = (int)(((long)skip + count + ElementBytes - 1) / ElementBytes);
            return MemoryMarshal.AsBytes(values.Span.Slice(first, elements)).Slice(skip, count);
        }
    }

    private sealed class Part : TensorData
    {
        private readonly TensorData _whole;
        private readonly long _start;

        public Part(TensorData whole, long start, long byteCount)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(start);
            ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(start, whole.ByteCount - byteCount);
            (_whole, _start, ByteCount) = (whole, start, byteCount);
        }

        public override long ByteCount { get; }

        public override ReadOnlySpan<byte> Bytes(long offset, int count)
        {
            CheckWindow(ByteCount, offset, count);
            return _whole.Bytes(_start + offset, count);
        }
    }
}
