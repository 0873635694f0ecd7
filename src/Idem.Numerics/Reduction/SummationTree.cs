// Finds out in which order an implementation adds, by asking it for sums of chosen values (the method of FPRev: Xie, Gao,
// Wang, Xue, Zhang, "Revealing floating-point accumulation orders", 2024). Two masks +M and -M stand at positions i and j,
// ones elsewhere; M is so large that a one added to it vanishes. The masks cancel where their paths meet; the ones that join
// only later survive. So n minus the result is the number of leaves under the meeting point of i and j, and these numbers
// for all pairs determine the tree. A fused multiply-add chain is the left-deep tree of its additions.
// What this is not: a proof for one call about another; a certificate covers the shape and layout it was taken at.

namespace Idem.Numerics.Reduction;

/// <summary>Recovers and compares summation trees; used by tests and by the machine's self-check.</summary>
public static class SummationTree
{
    /// <summary>2^60: a one added to it is lost, and so is any sum of fewer ones than 2^24.</summary>
    public const float Mask = 1152921504606846976f;

    /// <summary>Adds each row of <paramref name="terms"/> in the order under examination.</summary>
    /// <param name="terms">Dense rows of values.</param>
    /// <param name="sums">One sum a row; its length is the number of rows.</param>
    public delegate void Summation(ReadOnlySpan<float> terms, Span<float> sums);

    /// <summary>The number of leaves under the node where positions <paramref name="i"/> and <paramref name="j"/> of the chain-tree meet.</summary>
    public static int MeetingSize(int count, int i, int j)
    {
        (int low, int high) = i < j ? (i, j) : (j, i);
        int lowLeaf = low / ChainTree.Leaf, highLeaf = high / ChainTree.Leaf;
        if (lowLeaf == highLeaf)
        {
            return high - (highLeaf * ChainTree.Leaf) + 1; // a chain: the meeting point holds all that came before
        }

        int lo = 0, hi = ChainTree.LeafCount(count);
        while (true)
        {
            int mid = lo + (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(hi - lo)) / 2);
            if (highLeaf < mid)
            {
                hi = mid;
            }
            else if (lowLeaf >= mid)
            {
                lo = mid;
            }
            else
            {
                return Math.Min(hi * ChainTree.Leaf, count) - (lo * ChainTree.Leaf);
            }
        }
    }

    /// <summary>
    /// Compares the order of <paramref name="summation"/> over <paramref name="count"/> terms with the chain-tree, on pairs
    /// that fix the tree: every position with its predecessor, and the first positions of all leaves with each other.
    /// </summary>
    /// <param name="summation">What is examined.</param>
    /// <param name="count">Terms of a sum, fewer than 2^24.</param>
    /// <param name="rows">Rows handed over in one call.</param>
    /// <returns>Null when it is the chain-tree; else the first pair that differs, in words.</returns>
    public static string? FindDeviation(Summation summation, int count, int rows)
    {
        ArgumentNullException.ThrowIfNull(summation);
        List<(int I, int J)> pairs = Pairs(count);
        float[] terms = new float[rows * count];
        float[] sums = new float[rows];
        for (int first = 0; first < pairs.Count; first += rows)
        {
            Array.Fill(terms, 1f);
            int used = Math.Min(rows, pairs.Count - first);
            for (int row = 0; row < used; row++)
            {
                (int i, int j) = pairs[first + row];
                terms[(row * count) + i] = Mask;
                terms[(row * count) + j] = -Mask;
            }

            summation(terms, sums);
            for (int row = 0; row < used; row++)
            {
                (int i, int j) = pairs[first + row];
                int expected = MeetingSize(count, i, j);
                if (sums[row] != count - expected)
                {
                    return $"of {count} terms, numbers {i} and {j} should meet in a sum of {expected} terms, leaving {count - expected}; the result is {sums[row]:R}";
                }
            }
        }

        return null;
    }

    private static List<(int I, int J)> Pairs(int count)
    {
        List<(int I, int J)> pairs = [];
        for (int i = 1; i < count; i++)
        {
            pairs.Add((i - 1, i));
        }

        for (int i = 0; i < count; i += ChainTree.Leaf)
        {
            for (int j = i + ChainTree.Leaf; j < count; j += ChainTree.Leaf)
            {
                pairs.Add((i, j));
            }
        }

        return pairs;
    }
}
