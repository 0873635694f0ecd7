// A permutation of 0 .. count-1 computed index by index: the order of data is a pure function of (seed, epoch, index), with
// no table, no state and no shuffle to repeat. A Feistel network permutes the numbers of m bits, m the least with
// 2^m >= count; a result outside the range is sent through again until it falls inside (cycle walking), which takes fewer
// than two tries on average. What may never change: rounds, halves, the counter of the round function.

using System.Numerics;

namespace Idem.Numerics.Random;

/// <summary>A keyed permutation of [0, count) with O(1) access in both directions. See arithmetic.md#randomness.</summary>
public readonly struct Permutation
{
    private const int Rounds = 12;

    private readonly RandomStream _stream;
    private readonly uint _epochLow;
    private readonly uint _epochHigh;
    private readonly int _leftBits;
    private readonly uint _leftMask;
    private readonly uint _rightMask;

    /// <summary>The permutation of an epoch.</summary>
    /// <param name="stream">Its key decides; use a stream of the purpose "data".</param>
    /// <param name="epoch">Each epoch has its own permutation.</param>
    /// <param name="count">The number of elements, at least 1.</param>
    public Permutation(RandomStream stream, ulong epoch, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _stream = stream;
        _epochLow = (uint)epoch;
        _epochHigh = (uint)(epoch >> 32);
        Count = count;
        int bits = 64 - BitOperations.LeadingZeroCount((ulong)(count - 1));
        _leftBits = bits / 2;
        _leftMask = (uint)((1UL << _leftBits) - 1);
        _rightMask = (uint)((1UL << (bits - _leftBits)) - 1);
    }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The element at a place.</summary>
    public long this[long index]
    {
        get
        {
            ulong value = Checked(index);
            do
            {
                value = Forward(value);
            }
            while (value >= (ulong)Count);

            return (long)value;
        }
    }

    /// <summary>The place of an element: IndexOf(this[i]) = i.</summary>
    public long IndexOf(long element)
    {
        ulong value = Checked(element);
        do
        {
            value = Backward(value);
        }
        while (value >= (ulong)Count);

        return (long)value;
    }

    private ulong Checked(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return (ulong)index;
    }

    // The left half is the low bits. Even rounds change the left half by the right, odd rounds the right by the left.
    private ulong Forward(ulong value)
    {
        (uint left, uint right) = Split(value);
        for (uint round = 0; round < Rounds; round += 2)
        {
            left ^= RoundWord(right, round) & _leftMask;
            right ^= RoundWord(left, round + 1) & _rightMask;
        }

        return Join(left, right);
    }

    private ulong Backward(ulong value)
    {
        (uint left, uint right) = Split(value);
        for (uint round = Rounds; round > 0; round -= 2)
        {
            right ^= RoundWord(left, round - 1) & _rightMask;
            left ^= RoundWord(right, round - 2) & _leftMask;
        }

        return Join(left, right);
    }

    private (uint Left, uint Right) Split(ulong value) => ((uint)value & _leftMask, (uint)(value >> _leftBits));

    private ulong Join(uint left, uint right) => (ulong)right << _leftBits | left;

    private uint RoundWord(uint half, uint round) => _stream.Bits((ulong)round << 32 | half, _epochLow, _epochHigh);
}
