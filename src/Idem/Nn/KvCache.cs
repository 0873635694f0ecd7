// Keys and values of one sequence, layer by layer, in memory for a stated number of positions. Its capacity never reaches a result.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>The keys and values that a sequence's positions left in each layer.</summary>
public sealed class KvCache
{
    private readonly Storage[] _keys;
    private readonly Storage[] _values;

    /// <summary>An empty cache.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="capacity">The most positions it can hold.</param>
    /// <param name="width">Elements of a key, all heads together.</param>
    /// <param name="dtype">How they are held.</param>
    public KvCache(int layers, int capacity, int width, CacheDtype dtype = CacheDtype.Float32)
    {
        Capacity = capacity;
        Width = width;
        Dtype = dtype;
        int floats = checked(capacity * width);
        floats = dtype == CacheDtype.Float32 ? floats : (floats + 1) / 2;
        _keys = new Storage[layers];
        _values = new Storage[layers];
        for (int i = 0; i < layers; i++)
        {
            _keys[i] = StoragePool.Own(floats);
            _values[i] = StoragePool.Own(floats);
        }
    }

    /// <summary>Layers.</summary>
    public int Layers => _keys.Length;

    /// <summary>The most positions it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Elements of a key, all heads together.</summary>
    public int Width { get; }

    /// <summary>Positions held.</summary>
    public int Length { get; private set; }

    /// <summary>How keys and values are held: all that attends to them takes them as they are held, at once and later.</summary>
    public CacheDtype Dtype { get; }

    /// <summary>Keys of a layer held in float32, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    /// <exception cref="InvalidOperationException">They are held otherwise.</exception>
    public Span<float> Keys(int layer) => Floats(_keys[layer]);

    /// <summary>Values of a layer held in float32, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    /// <exception cref="InvalidOperationException">They are held otherwise.</exception>
    public Span<float> Values(int layer) => Floats(_values[layer]);

    /// <summary>Encodings of a layer's keys held in bfloat16, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    /// <exception cref="InvalidOperationException">They are held otherwise.</exception>
    public Span<ushort> KeysBFloat16(int layer) => BFloat16(_keys[layer]);

    /// <summary>Encodings of a layer's values held in bfloat16, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    /// <exception cref="InvalidOperationException">They are held otherwise.</exception>
    public Span<ushort> ValuesBFloat16(int layer) => BFloat16(_values[layer]);

    /// <summary>Writes rows of keys and values after the positions held, without counting them yet; bfloat16 rounds to nearest even.</summary>
    internal void Write(int layer, int count, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int rowStride)
    {
        Write(_keys[layer], count, keys, rowStride);
        Write(_values[layer], count, values, rowStride);
    }

    /// <summary>Counts positions that were written in every layer.</summary>
    public void Advance(int count)
    {
        Require(count);
        Length += count;
    }

    /// <summary>Forgets all positions from <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Becomes a copy of the first positions of another cache of the same model.</summary>
    /// <param name="other">At least <paramref name="length"/> positions long.</param>
    /// <param name="length">Positions to copy.</param>
    public void CopyFrom(KvCache other, int length)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Layers != Layers || other.Width != Width || other.Dtype != Dtype || length < 0 || length > other.Length || length > Capacity)
        {
            throw new ArgumentException(
                $"KvCache: {length} positions of a cache of {other.Length}, {other.Layers} layers of width {other.Width} in {other.Dtype}, do not fit into {Capacity}, {Layers} layers of width {Width} in {Dtype}.");
        }

        for (int layer = 0; layer < Layers; layer++)
        {
            Copy(other._keys[layer], _keys[layer], length);
            Copy(other._values[layer], _values[layer], length);
        }

        Length = length;
    }

    /// <summary>Throws unless there is room for this many more.</summary>
    internal void Require(int count)
    {
        if (count < 0 || count > Capacity - Length)
        {
            throw new ArgumentException($"KvCache: {count} more positions do not fit after {Length} of {Capacity}; make a larger cache or truncate this one.");
        }
    }

    private void Write(Storage storage, int count, ReadOnlySpan<float> rows, int rowStride)
    {
        if (Dtype == CacheDtype.Float32)
        {
            Ops.CopyRows(rows, rowStride, Floats(storage)[(Length * Width)..], Width, Width, count);
            return;
        }

        Span<ushort> held = BFloat16(storage);
        for (int row = 0; row < count; row++)
        {
            HalfPrecision.NarrowBFloat16(rows.Slice(row * rowStride, Width), held.Slice((Length + row) * Width, Width));
        }
    }

    private void Copy(Storage from, Storage to, int length)
    {
        if (Dtype == CacheDtype.Float32)
        {
            Floats(from)[..(length * Width)].CopyTo(Floats(to));
        }
        else
        {
            BFloat16(from)[..(length * Width)].CopyTo(BFloat16(to));
        }
    }

    // Of another cache's storage too, whose capacity may differ.
    private Span<float> Floats(Storage storage) => Dtype == CacheDtype.Float32
        ? storage.Span(0, storage.Capacity)
        : throw new InvalidOperationException("KvCache: keys and values are held in BFloat16, not Float32.");

    private Span<ushort> BFloat16(Storage storage) => Dtype == CacheDtype.BFloat16
        ? MemoryMarshal.Cast<float, ushort>(storage.Span(0, storage.Capacity))
        : throw new InvalidOperationException("KvCache: keys and values are held in Float32, not BFloat16.");
}

/// <summary>How a <see cref="KvCache"/> holds keys and values.</summary>
public enum CacheDtype
{
    /// <summary>As computed: with the bits of the forward pass in training.</summary>
    Float32,

    /// <summary>Rounded to bfloat16 once: half the memory, results of their own, the same whichever way a sequence is computed.</summary>
    BFloat16,
}
