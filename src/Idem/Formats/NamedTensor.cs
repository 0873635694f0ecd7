// A stored tensor: name, element type, shape and bytes. What formats and digests work on; it computes nothing.

using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Idem.Formats;

/// <summary>A tensor as files know it.</summary>
public sealed class NamedTensor
{
    /// <summary>A tensor over <paramref name="data"/>, whose size must be that of the shape.</summary>
    /// <exception cref="ArgumentException">A name without a UTF-8 encoding, or a size that does not fit the shape.</exception>
    public NamedTensor(string name, DType dtype, ReadOnlySpan<long> shape, TensorData data)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(data);
        if (!NameOrder.IsEncodable(name))
        {
            throw new ArgumentException($"tensor name '{name}' holds a lone surrogate; names must be valid Unicode", nameof(name));
        }

        if (!TryByteCount(shape, dtype, out long bytes) || bytes != data.ByteCount)
        {
            throw new ArgumentException(
                $"tensor '{name}': shape [{string.Join(", ", shape.ToArray())}] of {dtype.Name()} does not take {data.ByteCount} bytes",
                nameof(data));
        }

        Name = name;
        DType = dtype;
        Shape = [.. shape];
        Data = data;
    }

    /// <summary>A float32 tensor over an array.</summary>
    public static NamedTensor Of(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values)
        => new(name, DType.F32, shape, TensorData.Of(values));

    /// <summary>The key of the tensor in its file.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>The bytes.</summary>
    public TensorData Data { get; }

    /// <summary>The elements as a span of <typeparamref name="T"/>, without a copy.</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> has another width, or the tensor exceeds a span.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != DType.Width())
        {
            throw new InvalidOperationException($"tensor '{Name}' holds {DType.Name()}, not {typeof(T).Name}");
        }

        if (Data.ByteCount > int.MaxValue)
        {
            throw new InvalidOperationException($"tensor '{Name}' has {Data.ByteCount} bytes, more than one span can hold; read it in windows of Data.Bytes");
        }

        return MemoryMarshal.Cast<byte, T>(Data.Bytes(0, (int)Data.ByteCount));
    }

    /// <summary>Bytes of a shape; false if a dimension is negative or the product overflows.</summary>
    internal static bool TryByteCount(ReadOnlySpan<long> shape, DType dtype, out long bytes)
    {
        bytes = dtype.Width();
        foreach (long dimension in shape)
        {
            UInt128 product = (UInt128)(ulong)bytes * (ulong)dimension;
            if (dimension < 0 || product > long.MaxValue)
            {
                return false;
            }

            bytes = (long)product;
        }

        return true;
    }
}
