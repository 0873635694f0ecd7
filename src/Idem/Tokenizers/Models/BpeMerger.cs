// The merges of a BPE model and the loop that applies them: a linked list of symbols and a heap of candidate pairs ordered by
// (rank, position), so n symbols cost n log n whatever they are. Entries of the heap are not removed when a merge makes them
// stale; they are recognised when they come up.

namespace Idem.Tokenizers;

internal sealed class BpeMerger(int capacity)
{
    private const int None = -1;

    private readonly Dictionary<ulong, int> _rankOfPair = new(capacity);
    private readonly List<int> _joinedOfRank = new(capacity);

    /// <summary>Adds the merge of the next rank. A pair added twice has its later rank.</summary>
    public void Add(int left, int right, int joined)
    {
        _rankOfPair[Pair(left, right)] = _joinedOfRank.Count;
        _joinedOfRank.Add(joined);
    }

    /// <summary>Merges the tokens from <paramref name="begin"/> on in place; a joined token spans both stretches.</summary>
    public void Merge(TokenList tokens, int begin)
    {
        int count = tokens.Ids.Count - begin;
        if (count < 2)
        {
            return;
        }

        int[] id = [.. tokens.Ids.Skip(begin)];
        (int Start, int End)[]? span = tokens.Spans is null ? null : [.. tokens.Spans.Skip(begin)];
        int[] previous = new int[count];
        int[] next = new int[count];
        var candidates = new PriorityQueue<int, ulong>();
        for (int i = 0; i < count; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1 < count ? i + 1 : None;
        }

        for (int i = 0; i + 1 < count; i++)
        {
            Propose(candidates, id, i, i + 1);
        }

        while (candidates.TryDequeue(out int left, out ulong priority))
        {
            int right = id[left] == None ? None : next[left];
            int joined = _joinedOfRank[(int)(priority >> 32)];
            if (right == None || !_rankOfPair.TryGetValue(Pair(id[left], id[right]), out int rank) ||
                _joinedOfRank[rank] != joined)
            {
                continue; // a merge nearby has changed this pair since
            }

            if (span is not null)
            {
                span[left].End = span[right].End;
            }

            id[left] = joined;
            id[right] = None;
            next[left] = next[right];
            if (next[left] != None)
            {
                previous[next[left]] = left;
                Propose(candidates, id, left, next[left]);
            }

            if (previous[left] != None)
            {
                Propose(candidates, id, previous[left], left);
            }
        }

        tokens.Truncate(begin);
        for (int i = 0; i != None; i = next[i])
        {
            (int start, int end) = span?[i] ?? default;
            tokens.Add(id[i], start, end);
        }
    }

    private void Propose(PriorityQueue<int, ulong> candidates, int[] id, int left, int right)
    {
        if (_rankOfPair.TryGetValue(Pair(id[left], id[right]), out int rank))
        {
            candidates.Enqueue(left, ((ulong)(uint)rank << 32) | (uint)left);
        }
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
