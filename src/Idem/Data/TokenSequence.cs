// Token ids of a text, two bytes each where the vocabulary allows it.

namespace Idem.Data;

/// <summary>An immutable sequence of token ids.</summary>
public sealed class TokenSequence
{
    private readonly ushort[]? _narrow;
    private readonly int[]? _wide;

    /// <summary>Copies ids that are all below <paramref name="vocabularySize"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative or not below the vocabulary's size.</exception>
    public TokenSequence(ReadOnlySpan<int> ids, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vocabularySize);
        if (ids.ContainsAnyExceptInRange(0, vocabularySize - 1))
        {
            throw new ArgumentOutOfRangeException(nameof(ids), $"An id is outside a vocabulary of {vocabularySize} tokens.");
        }

        Length = ids.Length;
        if (vocabularySize > ushort.MaxValue + 1)
        {
            _wide = ids.ToArray();
            return;
        }

        _narrow = new ushort[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            _narrow[i] = (ushort)ids[i];
        }
    }

    /// <summary>The number of ids.</summary>
    public int Length { get; }

    /// <summary>The id at an index.</summary>
    public int this[int index] => _narrow is not null ? _narrow[index] : _wide![index];

    /// <summary>Copies the ids from <paramref name="start"/> on until <paramref name="ids"/> is full.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The sequence ends before that.</exception>
    public void CopyTo(int start, Span<int> ids)
    {
        if (start < 0 || start > Length - ids.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{ids.Length} ids from there are not in a sequence of {Length}.");
        }

        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = this[start + i];
        }
    }
}
