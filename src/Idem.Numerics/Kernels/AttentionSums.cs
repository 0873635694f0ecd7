// The sums of attention that run over keys, of which each query sees its own range: the chain-trees of Attention.Reference.cs for
// the queries of a tile, leaf after leaf.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionSums
{
    /// <summary>
    /// sums[r] = the chain-tree over the keys first[r] to end[r] of the terms of row r of <paramref name="chains"/>, whose index t
    /// is the absolute key. Rows of sums are <paramref name="stride"/> apart; level l of row r lies at
    /// <c>levels + (l*count + r)*width</c>, its tree at trees[r]. first and end do not descend.
    /// </summary>
    public static void OverKeys<S, F, D>(
        in AttentionChains chains, int* first, int* end, int count, float* sums, nint stride, int width, float* levels, PresentLeaves* trees)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int firstLeaf = first[0] / ChainTree.Leaf, lastLeaf = (end[count - 1] - 1) / ChainTree.Leaf;
        if (firstLeaf == lastLeaf)
        {
            chains.Add<S, F, D, ChainsBegin>(first, end, count, first[0], end[count - 1], sums, stride, width);
            return;
        }

        long levelStride = (long)count * width;
        new Span<PresentLeaves>(trees, count).Clear();
        for (int leaf = firstLeaf; leaf <= lastLeaf; leaf++)
        {
            int low = leaf * ChainTree.Leaf, high = (int)Math.Min(int.MaxValue, ((long)leaf + 1) * ChainTree.Leaf);
            for (int row = 0; row < count; row++)
            {
                if (Math.Max(low, first[row]) < Math.Min(high, end[row])
                    && trees[row].Begin<S, F, D>(leaf, sums + (row * stride), levels + ((long)row * width), levelStride, width))
                {
                    Clear<S, F, D>(sums + (row * stride), width);
                }
            }

            chains.Add<S, F, D, ChainsGoOn>(first, end, count, low, high, sums, stride, width);
        }

        for (int row = 0; row < count; row++)
        {
            trees[row].Finish<S, F, D>(sums + (row * stride), levels + ((long)row * width), levelStride, width);
        }
    }

    /// <summary>
    /// As above for the queries of a tile, with row lane of chains = weights[key][lane]*rows[key]: the output from probabilities
    /// and values, or dq from ds and keys. weights begin at the tile's first key, with rows <paramref name="stride"/> apart, rows
    /// at key <paramref name="rowsFirst"/>.
    /// </summary>
    public static void OverKeys<S, F, D>(
        in AttentionTile tile, float* weights, nint stride, float* rows, int rowsFirst, int headSize, float* sums, nint sumsStride, float* levels, PresentLeaves* trees)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int low = tile.Low;
        AttentionChains chains = new(weights + low - (tile.KeyFirst * stride), 1, stride, rows - ((long)rowsFirst * headSize), headSize);
        OverKeys<S, F, D>(chains, tile.First + low, tile.End + low, tile.High - low, sums + (low * sumsStride), sumsStride, headSize, levels, trees);
    }

    /// <summary>The sums of a tile under dropout: the chain-tree over the kept keys, weights times the mask's scale.</summary>
    public static void OverKeptKeys<S, F, D>(
        in AttentionTile tile, in AttentionMask mask, float* weights, nint stride, float* rows, int rowsFirst, int headSize, float* sums, nint sumsStride, float* levels)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        nint levelStride = headSize * 2 * S.Lanes;
        for (int lane = tile.Low; lane < tile.High; lane++)
        {
            PresentLeaves tree = default;
            float* sum = sums + (lane * sumsStride), level = levels + (lane * headSize);
            Clear<S, F, D>(sum, headSize);
            for (int low = tile.First[lane]; low < tile.End[lane];)
            {
                int leaf = low / ChainTree.Leaf, high = Math.Min(tile.End[lane], (leaf + 1) * ChainTree.Leaf);
                float* keep = mask.Keep + ((long)(low - tile.KeyFirst) * mask.Stride) + lane;
                if (HasKept(keep, mask.Stride, high - low))
                {
                    if (tree.Begin<S, F, D>(leaf, sum, level, levelStride, headSize))
                    {
                        Clear<S, F, D>(sum, headSize);
                    }

                    float* weight = weights + ((low - tile.KeyFirst) * stride) + lane;
                    AddKept<S, F, D>(weight, stride, keep, mask.Stride, mask.Scale, rows + ((long)(low - rowsFirst) * headSize), high - low, sum, headSize);
                }

                low = high;
            }

            tree.Finish<S, F, D>(sum, level, levelStride, headSize);
        }
    }

    /// <summary>sum[x] = fma(weights[t]*scale, rows[t][x], sum[x]) for those t, ascending, that are kept; others are absent.</summary>
    public static void AddKept<S, F, D>(float* weights, nint step, float* keep, nint keepStep, float scale, float* rows, int count, float* sum, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int t = 0; t < count; t++, rows += width)
        {
            if (!AttentionMask.IsKept(keep[t * keepStep]))
            {
                continue;
            }

            float weight = weights[t * step] * scale;
            int x = 0;
            for (; x <= width - S.Lanes; x += S.Lanes)
            {
                S.Store(sum + x, S.Fma(S.Create(weight), S.Load(rows + x), S.Load(sum + x)));
            }

            for (; x < width; x++)
            {
                sum[x] = Fma.Single(weight, rows[x], sum[x]);
            }
        }
    }

    /// <summary>Whether any of count probabilities is kept.</summary>
    public static bool HasKept(float* keep, nint step, int count)
    {
        for (int t = 0; t < count; t++)
        {
            if (AttentionMask.IsKept(keep[t * step]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>+0 in every element.</summary>
    public static void Clear<S, F, D>(float* row, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        for (; i <= count - S.Lanes; i += S.Lanes)
        {
            S.Store(row + i, S.Zero);
        }

        for (; i < count; i++)
        {
            row[i] = 0f;
        }
    }
}
