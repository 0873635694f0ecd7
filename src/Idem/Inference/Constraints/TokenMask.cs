// A set of token ids, a bit each.

using System.Numerics;

namespace Idem.Inference.Constraints;

/// <summary>Which tokens of a vocabulary are allowed.</summary>
public sealed class TokenMask
{
    private readonly ulong[] _words;

    /// <summary>A mask that allows nothing.</summary>
    /// <param name="vocabulary">Ids are below this.</param>
    public TokenMask(int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        Vocabulary = vocabulary;
        _words = new ulong[(vocabulary + 63) / 64];
    }

    /// <summary>Ids are below this.</summary>
    public int Vocabulary { get; }

    /// <summary>How many ids are allowed.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>64 ids a word, the lowest id in the lowest bit; bits beyond the vocabulary are 0.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>Whether an id is allowed; ids beyond the vocabulary are not.</summary>
    public bool IsAllowed(int id) => (uint)id < (uint)Vocabulary && ((_words[id >> 6] >> (id & 63)) & 1) != 0;

    /// <summary>Allows an id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not in the vocabulary.</exception>
    public void Allow(int id)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)Vocabulary, nameof(id));
        _words[id >> 6] |= 1UL << (id & 63);
    }

    /// <summary>Allows all ids.</summary>
    public void AllowAll()
    {
        Array.Fill(_words, ulong.MaxValue);
        if (Vocabulary % 64 is > 0 and int rest)
        {
            _words[^1] = (1UL << rest) - 1;
        }
    }

    /// <summary>Allows no id any more.</summary>
    public void Clear() => Array.Clear(_words);

    /// <summary>Allows the ids that another mask of this vocabulary allows, besides those it allows already.</summary>
    public void Add(TokenMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Vocabulary, Vocabulary, nameof(other));
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] |= other._words[i];
        }
    }
}
