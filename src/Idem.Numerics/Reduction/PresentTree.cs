// The chain-tree over indices of which some are absent: an absent index takes part in nothing, a leaf without present indices is
// absent, and where one child of a node is absent the node is the other child. Since the tree is aligned to the index, the sum
// depends on the present indices and their terms alone, not on where the range ends.
// This file is the definition, one output at a time, and the binary counter by which kernels join leaves online.

using System.Numerics;

namespace Idem.Numerics.Reduction;

internal static class PresentTree
{
    /// <summary>The definition: the chain-tree of a(k)*b(k) over the present k below <paramref name="count"/>; +0 if none is.</summary>
    public static float Sum(int count, Func<int, bool> isPresent, Func<int, float> a, Func<int, float> b) =>
        Node(0, (int)BitOperations.RoundUpToPowerOf2((uint)ChainTree.LeafCount(count)), count, isPresent, a, b) ?? 0f;

    private static float? Node(int lo, int hi, int count, Func<int, bool> isPresent, Func<int, float> a, Func<int, float> b)
    {
        if (hi - lo > 1)
        {
            int mid = lo + ((hi - lo) / 2);
            float? left = Node(lo, mid, count, isPresent, a, b), right = Node(mid, hi, count, isPresent, a, b);
            return left is null ? right : right is null ? left : left.Value + right.Value;
        }

        float? sum = null;
        for (int k = lo * ChainTree.Leaf; k < Math.Min((long)hi * ChainTree.Leaf, count); k++)
        {
            if (isPresent(k))
            {
                sum = Fma.Single(a(k), b(k), sum ?? 0f);
            }
        }

        return sum;
    }
}
