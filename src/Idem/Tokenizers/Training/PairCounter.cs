// How often every pair of neighbouring tokens occurs in the words of a corpus, kept up to date while pairs are merged.
// Only the words that hold a pair are touched when it is merged. Queue entries go stale when a count falls; an entry that comes
// up with a stale count goes back in with the true one.

namespace Idem.Tokenizers;

internal sealed class PairCounter
{
    private readonly List<int[]> _words = [];
    private readonly List<long> _wordCounts = [];
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly PriorityQueue<Candidate, Candidate> _queue = new(Comparer<Candidate>.Create(MostFrequentFirst));

    // Pairs that gained places since the queue was last fed, in the order they were met, with the words of those places.
    private readonly Dictionary<(int Left, int Right), List<int>> _gained = [];
    private readonly List<(int Left, int Right)> _gainedOrder = [];

    /// <summary>Adds a word that occurs <paramref name="count"/> times.</summary>
    public void AddWord(int[] tokens, long count)
    {
        int word = _words.Count;
        _words.Add(tokens);
        _wordCounts.Add(count);
        for (int i = 0; i + 1 < tokens.Length; i++)
        {
            Change((tokens[i], tokens[i + 1]), word, 1);
        }
    }

    /// <summary>Takes the most frequent pair and the words that hold it; false where none reaches the frequency.</summary>
    public bool TryTakeMostFrequent(int minFrequency, out int left, out int right, out List<int> words)
    {
        FeedQueue();
        (left, right, words) = (0, 0, []);
        while (_queue.TryDequeue(out Candidate? top, out _))
        {
            long count = _pairCounts[top.Pair];
            if (top.Count != count)
            {
                var corrected = top with { Count = count };
                _queue.Enqueue(corrected, corrected);
                continue;
            }

            if (count < minFrequency)
            {
                return false;
            }

            (left, right) = top.Pair;
            words = top.Words;
            return true;
        }

        return false;
    }

    /// <summary>Replaces a pair by one token in the given words, from left to right.</summary>
    public void Merge(int left, int right, int joined, List<int> words)
    {
        foreach (int word in words)
        {
            int[] tokens = _words[word];
            int kept = 0;
            for (int i = 0; i < tokens.Length; i++)
            {
                if (tokens[i] != left || i + 1 == tokens.Length || tokens[i + 1] != right)
                {
                    tokens[kept++] = tokens[i];
                    continue;
                }

                if (kept > 0)
                {
                    Change((tokens[kept - 1], left), word, -1);
                    Change((tokens[kept - 1], joined), word, 1);
                }

                i++;
                if (i + 1 < tokens.Length)
                {
                    Change((right, tokens[i + 1]), word, -1);
                    Change((joined, tokens[i + 1]), word, 1);
                }

                tokens[kept++] = joined;
            }

            _words[word] = tokens[..kept];
        }
    }

    private void Change((int Left, int Right) pair, int word, int sign)
    {
        _pairCounts[pair] = _pairCounts.GetValueOrDefault(pair) + (sign * _wordCounts[word]);
        if (sign < 0)
        {
            return;
        }

        if (!_gained.TryGetValue(pair, out List<int>? words))
        {
            _gained.Add(pair, words = []);
            _gainedOrder.Add(pair);
        }

        if (words.Count == 0 || words[^1] != word)
        {
            words.Add(word);
        }
    }

    private void FeedQueue()
    {
        foreach ((int Left, int Right) pair in _gainedOrder)
        {
            if (_pairCounts[pair] > 0)
            {
                var candidate = new Candidate(pair, _pairCounts[pair], _gained[pair]);
                _queue.Enqueue(candidate, candidate);
            }
        }

        _gained.Clear();
        _gainedOrder.Clear();
    }

    private static int MostFrequentFirst(Candidate a, Candidate b) =>
        a.Count != b.Count ? b.Count.CompareTo(a.Count) : a.Pair.CompareTo(b.Pair);

    private sealed record Candidate((int Left, int Right) Pair, long Count, List<int> Words);
}
