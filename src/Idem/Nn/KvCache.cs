// Keys and values of one sequence, layer by layer, in pages. A cache of its own makes pages as it grows; in an engine the pages come
// from a pool, and sequences share those whose ids agree. Neither pages nor capacity ever reach a result.

using Idem.Numerics.Kernels;

namespace Idem.Nn;

/// <summary>The keys and values that a sequence's positions left in each layer.</summary>
public sealed class KvCache
{
    private readonly KvLayout _layout;
    private readonly int? _capacity; // null: as far as the pages that it was given

    /// <summary>An empty cache with pages of its own.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="capacity">The most positions it can hold; memory is taken as they come.</param>
    /// <param name="width">Elements of a key, all heads together.</param>
    /// <param name="dtype">How they are held.</param>
    public KvCache(int layers, int capacity, int width, CacheDtype dtype = CacheDtype.Float32)
        : this(new KvLayout(layers, width, KvLayout.DefaultPageLength, dtype)) => _capacity = capacity;

    /// <summary>An empty cache for pages that it is given.</summary>
    internal KvCache(KvLayout layout)
    {
        _layout = layout;
        Pages = new KeyPageTable(layout.PageLength);
    }

    /// <summary>Layers.</summary>
    public int Layers => _layout.Layers;

    /// <summary>The most positions it can hold.</summary>
    public int Capacity => _capacity ?? (int)Pages.Rows;

    /// <summary>Elements of a key, all heads together.</summary>
    public int Width => _layout.Width;

    /// <summary>Positions held.</summary>
    public int Length { get; private set; }

    /// <summary>How keys and values are held: all that attends to them takes them as they are held, at once and later.</summary>
    public CacheDtype Dtype => _layout.Dtype;

    /// <summary>What lies where in its pages.</summary>
    internal KvLayout Layout => _layout;

    /// <summary>Its pages, in the order of positions.</summary>
    internal KeyPageTable Pages { get; }

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
        if (other._layout != _layout || length < 0 || length > other.Length || length > Capacity)
        {
            throw new ArgumentException(
                $"KvCache: {length} positions of a cache of {other.Length}, {other.Layers} layers of width {other.Width} in {other.Dtype}, do not fit into {Capacity}, {Layers} layers of width {Width} in {Dtype}.");
        }

        Length = 0;
        Reserve(length);
        for (int first = 0; first < length; first += _layout.PageLength)
        {
            int page = first / _layout.PageLength;
            _layout.Copy(other.Pages[page], Pages[page], Math.Min(_layout.PageLength, length - first));
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

    /// <summary>Lies in these pages from now on, which hold its first positions already.</summary>
    /// <param name="pages">Pages, in the order of positions.</param>
    /// <param name="length">Positions they hold.</param>
    internal void Place(ReadOnlySpan<KeyPage> pages, int length)
    {
        int same = 0;
        while (same < pages.Length && same < Pages.Count && ReferenceEquals(Pages[same], pages[same]))
        {
            same++;
        }

        Pages.Truncate(same);
        foreach (KeyPage page in pages[same..])
        {
            Pages.Add(page);
        }

        Length = length;
    }

    /// <summary>Writes rows of keys and values after the positions held, without counting them yet.</summary>
    internal void Write(int layer, int count, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int rowStride)
    {
        Reserve(count);
        for (int done = 0, together; done < count; done += together)
        {
            int position = Length + done, row = position % _layout.PageLength;
            together = Math.Min(count - done, _layout.PageLength - row);
            KeyPage page = Pages[position / _layout.PageLength];
            _layout.Write(page, _layout.Keys(layer) + (row * Width), together, keys[(done * rowStride)..], rowStride);
            _layout.Write(page, _layout.Values(layer) + (row * Width), together, values[(done * rowStride)..], rowStride);
        }
    }

    private void Reserve(int count)
    {
        Require(count);
        while (Pages.Rows < Length + count)
        {
            Pages.Add(_layout.NewPage());
        }
    }
}
