// What lies where in a page of keys and values: for each layer its keys, then its values, each [page length, width].

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>The layout of the pages of one model's keys and values.</summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Width">Elements of a key, all heads together.</param>
/// <param name="PageLength">Positions of a page.</param>
/// <param name="Dtype">How keys and values are held.</param>
public sealed record KvLayout(int Layers, int Width, int PageLength, CacheDtype Dtype)
{
    /// <summary>Positions of a page, unless stated otherwise.</summary>
    public const int DefaultPageLength = 64;

    /// <summary>Bytes of a page.</summary>
    public long PageBytes => PageFloats * (long)sizeof(float);

    internal bool IsBFloat16 => Dtype == CacheDtype.BFloat16;

    private int PageFloats
    {
        get
        {
            long elements = 2L * Layers * PageLength * Width;
            return checked((int)(IsBFloat16 ? (elements + 1) / 2 : elements));
        }
    }

    /// <summary>A page of this layout.</summary>
    public KeyPage NewPage() => new(PageFloats);

    /// <summary>Copies the first positions of a page.</summary>
    /// <param name="from">A page of this layout.</param>
    /// <param name="to">Another.</param>
    /// <param name="rows">Positions.</param>
    public void Copy(KeyPage from, KeyPage to, int rows)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        for (int part = 0; part < 2 * Layers; part++)
        {
            CopyRows(from, to, part * PageLength * Width, part * PageLength * Width, rows);
        }
    }

    /// <summary>Where a layer's keys begin, in elements.</summary>
    internal int Keys(int layer) => 2 * layer * PageLength * Width;

    /// <summary>Where a layer's values begin, in elements.</summary>
    internal int Values(int layer) => ((2 * layer) + 1) * PageLength * Width;

    /// <summary>Copies rows between any places of pages.</summary>
    internal void CopyRows(KeyPage from, KeyPage to, int first, int second, int rows)
    {
        if (IsBFloat16)
        {
            Narrow(from).Slice(first, rows * Width).CopyTo(Narrow(to)[second..]);
        }
        else
        {
            from.Span.Slice(first, rows * Width).CopyTo(to.Span[second..]);
        }
    }

    /// <summary>Writes rows of float32; bfloat16 rounds to nearest even.</summary>
    internal void Write(KeyPage page, int element, int count, ReadOnlySpan<float> rows, int rowStride)
    {
        if (!IsBFloat16)
        {
            Ops.CopyRows(rows, rowStride, page.Span[element..], Width, Width, count);
            return;
        }

        Span<ushort> held = Narrow(page);
        for (int row = 0; row < count; row++)
        {
            HalfPrecision.NarrowBFloat16(rows.Slice(row * rowStride, Width), held.Slice(element + (row * Width), Width));
        }
    }

    private static Span<ushort> Narrow(KeyPage page) => MemoryMarshal.Cast<float, ushort>(page.Span);
}

/// <summary>How keys and values are held.</summary>
public enum CacheDtype
{
    /// <summary>As computed: with the bits of the forward pass in training.</summary>
    Float32,

    /// <summary>Rounded to bfloat16 once: half the memory, results of their own, the same whichever way a sequence is computed.</summary>
    BFloat16,
}
