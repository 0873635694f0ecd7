// Memory of keys and values in pages: a sequence's rows lie in any pages, named by a table, so that sequences may share pages and no
// memory is set aside for what is not there yet. Where a row lies never reaches a result: kernels walk the table in the order of
// positions. Pages are pinned, so that kernels may hold their addresses; a table keeps its pages alive.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>One page: pinned memory for keys and values of some positions, all layers. What lies where is its owner's matter.</summary>
public sealed unsafe class KeyPage
{
    private readonly float[] _memory;
    private readonly int _start;

    /// <summary>A page of +0.</summary>
    /// <param name="floats">Its size.</param>
    public KeyPage(int floats)
    {
        _memory = AlignedArray.AllocateZeros(floats, out _start);
        Floats = floats;
        Address = (nint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, _start);
    }

    /// <summary>Its size.</summary>
    public int Floats { get; }

    /// <summary>All of it.</summary>
    public Span<float> Span => _memory.AsSpan(_start, Floats);

    internal nint Address { get; }
}

/// <summary>Which pages the rows of a sequence lie in: row j in page j / length, as its row j mod length.</summary>
/// <param name="length">Rows of a page.</param>
public sealed class KeyPageTable(int length)
{
    private KeyPage[] _pages = [];
    private nint[] _addresses = [];

    /// <summary>Rows of a page.</summary>
    public int Length { get; } = length > 0 ? length : throw new ArgumentOutOfRangeException(nameof(length), length, "a page has at least one row");

    /// <summary>Pages.</summary>
    public int Count { get; private set; }

    /// <summary>Rows of all pages.</summary>
    public long Rows => (long)Count * Length;

    /// <summary>A page.</summary>
    public KeyPage this[int index] => index < Count ? _pages[index] : throw new ArgumentOutOfRangeException(nameof(index), index, $"the table has {Count} pages");

    internal ReadOnlySpan<nint> Addresses => _addresses.AsSpan(0, Count);

    /// <summary>Adds a page at the end, of the size of those before.</summary>
    public void Add(KeyPage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        if (Count > 0 && page.Floats != _pages[0].Floats)
        {
            throw new ArgumentException($"KeyPageTable: a page of {page.Floats} floats among pages of {_pages[0].Floats}", nameof(page));
        }

        if (Count == _pages.Length)
        {
            int room = Math.Max(4, 2 * Count);
            Array.Resize(ref _pages, room);
            Array.Resize(ref _addresses, room);
        }

        _pages[Count] = page;
        _addresses[Count++] = page.Address;
    }

    /// <summary>Keeps the first pages only.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Count, nameof(count));
        Array.Clear(_pages, count, Count - count);
        Count = count;
    }
}
