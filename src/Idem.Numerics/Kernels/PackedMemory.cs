// Where packed weights lie: one behind the other in regions of whole huge pages, in the order of their making. A matrix of a small model
// is smaller than a huge page; alone it would lie in small ones, where reading stops at every border (docs/log.md, "Decoding beside llama.cpp").
// A region is freed when the last of its weights is: models come and go as a whole, so nothing is reused in between, but what was taken last (weights that turn
// out to need another storage are returned at once).

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

/// <summary>A part of a region; to be returned once.</summary>
internal unsafe struct PackedMemory
{
    private const nuint HugePageBytes = 2 << 20;
    private const nuint RegionBytes = 16 * HugePageBytes;
    private const nuint AlignmentBytes = 256;

    private static readonly Lock s_lock = new();

    /// <summary>The region that is being filled.</summary>
    private static Region? s_current;

    private Region? _region;
    private nuint _end;

    /// <summary>The first byte; null where there is no memory.</summary>
    public byte* Start { get; private set; }

    /// <summary>Takes memory; its content is undefined.</summary>
    /// <param name="bytes">How much.</param>
    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    public static PackedMemory Rent(nuint bytes)
    {
        lock (s_lock)
        {
            if (s_current is null || s_current.Size - s_current.Used < bytes)
            {
                Region region = new(Math.Max(RegionBytes, (bytes + HugePageBytes - 1) / HugePageBytes * HugePageBytes));
                if (region.Size > RegionBytes)
                {
                    return region.Take(bytes); // a region of its own; the current one goes on
                }

                s_current?.FreeIfUnused();
                s_current = region;
            }

            return s_current.Take(bytes);
        }
    }

    /// <summary>Gives the memory back; does nothing where there is none.</summary>
    public void Return()
    {
        if (_region is { } region)
        {
            byte* start = Start;
            _region = null;
            Start = null;
            lock (s_lock)
            {
                region.Release(start, _end, isCurrent: region == s_current);
            }
        }
    }

    private sealed class Region
    {
        private readonly byte* _start;
        private int _parts;

        public Region(nuint size)
        {
            Size = size;
            _start = (byte*)NativeMemory.AlignedAlloc(size, HugePageBytes);
            HugePages.Advise(_start, size, isStreamed: true);
        }

        public nuint Size { get; }

        public nuint Used { get; private set; }

        public PackedMemory Take(nuint bytes)
        {
            byte* start = _start + Used;
            Used = Math.Min(Size, (Used + bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes);
            PackedMemory part = new() { _region = this, Start = start, _end = Used };
            _parts++;
            return part;
        }

        public void Release(byte* start, nuint end, bool isCurrent)
        {
            _parts--;
            if (isCurrent)
            {
                Used = _parts == 0 ? 0 : end == Used ? (nuint)(start - _start) : Used;
            }
            else if (!isCurrent)
            {
                FreeIfUnused();
            }
        }

        public void FreeIfUnused()
        {
            if (_parts == 0)
            {
                NativeMemory.AlignedFree(_start);
            }
        }
    }
}
