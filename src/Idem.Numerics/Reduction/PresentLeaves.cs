// The binary counter that joins the leaves of a chain-tree online where leaves may be absent, for many outputs side by side.
// The leaf at work lives in the caller's buffer. Level l holds the sum of an aligned block of 2^l finished leaves that waits for
// its right sibling; PresentTree.cs is the definition that this must equal.

using System.Numerics;

namespace Idem.Numerics.Reduction;

/// <summary>Joins leaves in ascending order; absent ones are never mentioned.</summary>
internal unsafe struct PresentLeaves
{
    private uint _waiting;
    private int _leaf;
    private bool _hasLeaf;

    /// <summary>No leaf has begun.</summary>
    public readonly bool IsEmpty => !_hasLeaf;

    /// <summary>
    /// Goes on to a later leaf (a no-op if it is the one at work): the sums in hand are put away, and
    /// <paramref name="sum"/> may be overwritten. Level l's <paramref name="width"/> sums lie at
    /// <c>levels + l*stride</c>; <see cref="ChainTree.LevelCount"/> levels are needed.
    /// </summary>
    /// <returns>Whether a new leaf begins.</returns>
    public bool Begin<S, F, D>(int leaf, float* sum, float* levels, long stride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (_hasLeaf)
        {
            if (leaf == _leaf)
            {
                return false;
            }

            PutAway<S, F, D>(leaf, sum, levels, stride, width);
        }

        _leaf = leaf;
        _hasLeaf = true;
        return true;
    }

    /// <summary>Joins the leaf at work with all that waits to its left: <paramref name="sum"/> becomes the root.</summary>
    public void Finish<S, F, D>(float* sum, float* levels, long stride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        Join<S, F, D>(uint.MaxValue, sum, levels, stride, width);
        _hasLeaf = false;
    }

    /// <summary>
    /// On the way from leaf to next, all blocks that end inside the aligned block of 2^level leaves before next become one:
    /// level is the highest bit in which the two differ, since that block is where the index carries to.
    /// </summary>
    private void PutAway<S, F, D>(int next, float* sum, float* levels, long stride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int level = BitOperations.Log2((uint)(_leaf ^ next));
        Join<S, F, D>((1u << level) - 1, sum, levels, stride, width);
        new Span<float>(sum, width).CopyTo(new Span<float>(levels + (level * stride), width));
        _waiting |= 1u << level;
    }

    private void Join<S, F, D>(uint among, float* sum, float* levels, long stride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (uint merge = _waiting & among; merge != 0; merge &= merge - 1)
        {
            float* left = levels + (BitOperations.TrailingZeroCount(merge) * stride);
            int i = 0;
            for (; i <= width - S.Lanes; i += S.Lanes)
            {
                S.Store(sum + i, S.Add(S.Load(left + i), S.Load(sum + i)));
            }

            for (; i < width; i++)
            {
                sum[i] = left[i] + sum[i];
            }
        }

        _waiting &= ~among;
    }
}
