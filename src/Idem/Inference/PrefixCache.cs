// Keys and values of finished sequences, for prompts that begin with the same ids. A position's keys and values depend on the ids up
// to it alone, so that taking them over gives the bits of computing them. The oldest are forgotten first.

using Idem.Nn;

namespace Idem.Inference;

internal sealed class PrefixCache(int positions)
{
    private readonly List<Entry> _entries = []; // oldest first
    private int _held;

    /// <summary>Keeps a sequence's cache.</summary>
    /// <param name="ids">The ids of its positions; at least as many.</param>
    /// <param name="cache">Given away.</param>
    public void Add(List<int> ids, KvCache cache)
    {
        if (cache.Length == 0 || cache.Capacity > positions)
        {
            return;
        }

        _entries.Add(new Entry([.. ids.Take(cache.Length)], cache));
        _held += cache.Capacity;
        while (_held > positions)
        {
            Remove(0);
        }
    }

    /// <summary>How many first ids the best entry shares with a sequence.</summary>
    public int Match(ReadOnlySpan<int> ids, out int index)
    {
        index = -1;
        int best = 0;
        for (int i = 0; i < _entries.Count; i++)
        {
            int common = ids.CommonPrefixLength(_entries[i].Ids);
            if (common > best)
            {
                (best, index) = (common, i);
            }
        }

        return best;
    }

    /// <summary>A cache with the first positions of an entry, and room for more.</summary>
    /// <param name="index">Which entry.</param>
    /// <param name="length">Positions to take.</param>
    /// <param name="capacity">Room that is needed.</param>
    /// <param name="create">Makes a cache of a capacity.</param>
    public KvCache Take(int index, int length, int capacity, Func<int, KvCache> create)
    {
        Entry entry = _entries[index];
        if (length == entry.Ids.Length && entry.Cache.Capacity >= capacity)
        {
            Remove(index);
            return entry.Cache;
        }

        KvCache copy = create(capacity);
        copy.CopyFrom(entry.Cache, length);
        return copy;
    }

    private void Remove(int index)
    {
        _held -= _entries[index].Cache.Capacity;
        _entries.RemoveAt(index);
    }

    private sealed record Entry(int[] Ids, KvCache Cache);
}
