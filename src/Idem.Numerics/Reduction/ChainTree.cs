// The reduction order of products: matrix multiplication, attention scores and values, gradients over tokens.
// The index is cut into leaves of 256 absolute positions; a leaf is one chain of fused multiply-adds from +0, ascending;
// leaves are joined by the index-aligned binary tree. This file is the definition, one output at a time; kernels compute
// many outputs side by side in this order. What may never change: the leaf size, the order inside a leaf, the tree.

namespace Idem.Numerics.Reduction;

/// <summary>
/// The chain-tree order. A leaf: acc = +0; acc = fma(a[k], b[k], acc), k ascending. The tree over leaves:
/// node(lo, hi) = node(lo, mid) + node(mid, hi) with mid - lo the largest power of two below hi - lo.
/// Order: <c>arithmetic.md#reduction-orders</c>.
/// </summary>
/// <remarks>
/// The tree has an online form, a binary counter: after leaf t, the levels whose bits are set in t + 1 hold the partial sums
/// that await a partner (level l holds 2^l leaves). A kernel that finishes leaf t adds to it the levels named by
/// <see cref="LevelsToMerge"/>, lowest first and each as the left operand, and stores the sum at level
/// <see cref="LevelAfter"/>; after the last leaf the sum is the result. Up to three leaves it is left-to-right addition.
/// </remarks>
public static class ChainTree
{
    /// <summary>Consecutive absolute indices that one fused multiply-add chain covers (decision 0001).</summary>
    public const int Leaf = 256;

    /// <summary>Leaves over <paramref name="count"/> indices; one, of no elements, when there are none.</summary>
    public static int LeafCount(int count) => count <= Leaf ? 1 : ((count - 1) / Leaf) + 1;

    /// <summary>Levels that hold partial sums while <paramref name="leafCount"/> leaves are joined.</summary>
    public static int LevelCount(int leafCount) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)(leafCount - 1));

    /// <summary>The set of levels (bit l for level l) that leaf number <paramref name="leaf"/> is joined with, lowest first.</summary>
    public static uint LevelsToMerge(int leaf, bool isLast) =>
        isLast ? (uint)leaf : (uint)(leaf & ~(leaf + 1));

    /// <summary>The level that holds the sum after a leaf that is not the last.</summary>
    public static int LevelAfter(int leaf) => System.Numerics.BitOperations.TrailingZeroCount(leaf + 1);

    /// <summary>
    /// The definition: the chain-tree over <paramref name="count"/> products of <c>a[i * strideA] * b[i * strideB]</c>;
    /// +0 when there are none.
    /// </summary>
    public static float Dot(int count, ReadOnlySpan<float> a, int strideA, ReadOnlySpan<float> b, int strideB)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Node(0, LeafCount(count), count, a, strideA, b, strideB);
    }

    private static float Node(int lo, int hi, int count, ReadOnlySpan<float> a, int strideA, ReadOnlySpan<float> b, int strideB)
    {
        if (hi - lo == 1)
        {
            return Chain(lo * Leaf, Math.Min(hi * Leaf, count), a, strideA, b, strideB);
        }

        int mid = lo + (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(hi - lo)) / 2);
        float left = Node(lo, mid, count, a, strideA, b, strideB);
        float right = Node(mid, hi, count, a, strideA, b, strideB);
        return left + right;
    }

    private static float Chain(int lo, int hi, ReadOnlySpan<float> a, int strideA, ReadOnlySpan<float> b, int strideB)
    {
        float sum = 0f;
        for (int k = lo; k < hi; k++)
        {
            sum = Fma.Single(a[k * strideA], b[k * strideB], sum);
        }

        return sum;
    }
}
