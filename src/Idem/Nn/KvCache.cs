// Keys and values of one sequence, layer by layer, in memory for a stated number of positions. Its capacity never reaches a result.

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
    public KvCache(int layers, int capacity, int width)
    {
        Capacity = capacity;
        Width = width;
        _keys = new Storage[layers];
        _values = new Storage[layers];
        for (int i = 0; i < layers; i++)
        {
            _keys[i] = StoragePool.Own(checked(capacity * width));
            _values[i] = StoragePool.Own(capacity * width);
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

    /// <summary>Keys of a layer, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    public Span<float> Keys(int layer) => _keys[layer].Span(0, Capacity * Width);

    /// <summary>Values of a layer, [capacity, width]; rows from <see cref="Length"/> on are undefined.</summary>
    public Span<float> Values(int layer) => _values[layer].Span(0, Capacity * Width);

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
        if (other.Layers != Layers || other.Width != Width || length < 0 || length > other.Length || length > Capacity)
        {
            throw new ArgumentException(
                $"KvCache: {length} positions of a cache of {other.Length}, {other.Layers} layers of width {other.Width}, do not fit into {Capacity}, {Layers} layers of width {Width}.");
        }

        for (int layer = 0; layer < Layers; layer++)
        {
            other.Keys(layer)[..(length * Width)].CopyTo(Keys(layer));
            other.Values(layer)[..(length * Width)].CopyTo(Values(layer));
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
}
