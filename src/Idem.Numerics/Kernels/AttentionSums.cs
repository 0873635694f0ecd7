// The sums of attention that run over keys or over queries, of which some are absent: the chain-trees of Attention.Reference.cs for
// a tile. Four rows at a time share the terms that all of them have; what only some have comes before and after, row by row, so
// that each row's terms stay in ascending order.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionSums
{
    /// <summary>
    /// sums[lane] = the chain-tree over the keys that the lane's query sees of weights[key][lane]*rows[key]: the output from
    /// probabilities and values, or dq from ds and keys. weights begin at the tile's first key, rows at key
    /// <paramref name="rowsFirst"/>.
    /// </summary>
    public static void OverKeys<S, F, D>(
        in AttentionTile tile, float* weights, float* rows, int rowsFirst, int headSize, float* sums, float* levels, PresentLeaves* trees)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        new Span<PresentLeaves>(trees, width).Clear();
        rows -= (long)rowsFirst * headSize;
        weights -= (long)tile.KeyFirst * width;
        for (int leaf = tile.KeyFirst / ChainTree.Leaf; leaf <= (tile.KeyEnd - 1) / ChainTree.Leaf; leaf++)
        {
            int low = Math.Max(tile.KeyFirst, leaf * ChainTree.Leaf), high = Math.Min(tile.KeyEnd, (leaf + 1) * ChainTree.Leaf);
            for (int lane = tile.Low; lane < tile.High; lane++)
            {
                if (Math.Max(low, tile.First[lane]) < Math.Min(high, tile.End[lane])
                    && trees[lane].Begin<S, F, D>(leaf, sums + (lane * headSize), levels + (lane * headSize), (long)width * headSize, headSize))
                {
                    new Span<float>(sums + (lane * headSize), headSize).Clear();
                }
            }

            int next = tile.Low;
            for (; next <= tile.High - 4; next += 4)
            {
                int allLow = Math.Max(low, tile.First[next + 3]), allHigh = Math.Min(high, tile.End[next]);
                if (allLow >= allHigh)
                {
                    allLow = allHigh = high; // nothing in common: each row alone
                }

                for (int lane = next; lane < next + 4; lane++)
                {
                    AddKeys<S, F, D>(tile, weights, rows, headSize, sums, lane, low, Math.Min(allLow, tile.End[lane]));
                }

                if (allLow < allHigh)
                {
                    float* block = sums + (next * headSize);
                    AttentionProducts.Accumulate4<S, F, D>(
                        weights + ((long)allLow * width) + next, width, 1, rows + ((long)allLow * headSize), allHigh - allLow, block, headSize, headSize);
                }

                for (int lane = next; lane < next + 4; lane++)
                {
                    AddKeys<S, F, D>(tile, weights, rows, headSize, sums, lane, allHigh, Math.Min(high, tile.End[lane]));
                }
            }

            for (; next < tile.High; next++)
            {
                AddKeys<S, F, D>(tile, weights, rows, headSize, sums, next, low, Math.Min(high, tile.End[next]));
            }
        }

        for (int lane = tile.Low; lane < tile.High; lane++)
        {
            trees[lane].Finish<S, F, D>(sums + (lane * headSize), levels + (lane * headSize), (long)width * headSize, headSize);
        }
    }

    /// <summary>Adds the keys low to high that one query sees.</summary>
    private static void AddKeys<S, F, D>(in AttentionTile tile, float* weights, float* rows, int headSize, float* sums, int lane, int low, int high)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        low = Math.Max(low, tile.First[lane]);
        if (low < high)
        {
            AttentionProducts.Accumulate1<S, F, D>(
                weights + ((long)low * width) + lane, width, rows + ((long)low * headSize), headSize, high - low, sums + (lane * headSize), headSize);
        }
    }

    /// <summary>As <see cref="OverKeys"/> under dropout: the chain-tree over the kept keys, weights times the mask's scale.</summary>
    public static void OverKeptKeys<S, F, D>(
        in AttentionTile tile, in AttentionMask mask, float* weights, float* rows, int rowsFirst, int headSize, float* sums, float* levels)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        for (int lane = tile.Low; lane < tile.High; lane++)
        {
            PresentLeaves tree = default;
            float* sum = sums + (lane * headSize), level = levels + (lane * headSize);
            new Span<float>(sum, headSize).Clear();
            for (int low = tile.First[lane]; low < tile.End[lane];)
            {
                int leaf = low / ChainTree.Leaf, high = Math.Min(tile.End[lane], (leaf + 1) * ChainTree.Leaf);
                long at = ((long)(low - tile.KeyFirst) * width) + lane;
                if (HasKept(mask.Keep + at, width, high - low))
                {
                    if (tree.Begin<S, F, D>(leaf, sum, level, (long)width * headSize, headSize))
                    {
                        new Span<float>(sum, headSize).Clear();
                    }

                    float* row = rows + ((long)(low - rowsFirst) * headSize);
                    AttentionProducts.AccumulateKept<S, F, D>(weights + at, mask.Keep + at, mask.Scale, width, row, high - low, sum, headSize);
                }

                low = high;
            }

            tree.Finish<S, F, D>(sum, level, (long)width * headSize, headSize);
        }
    }

    /// <summary>As <see cref="OverQueries"/> under dropout: the kept terms only, weights times the mask's scale.</summary>
    public static void OverKeptQueries<S, F, D>(in AttentionTile tile, in AttentionMask mask, float* weights, float* rows, int headSize, float* sums, long stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++)
        {
            int low = tile.LaneFirst(key), high = tile.LaneEnd(key);
            long at = ((long)(key - tile.KeyFirst) * width) + low;
            AttentionProducts.AccumulateKept<S, F, D>(
                weights + at, mask.Keep + at, mask.Scale, 1, rows + (low * headSize), high - low, sums + ((key - tile.KeyFirst) * stride), headSize);
        }
    }

    /// <summary>Whether any of count probabilities is kept.</summary>
    public static bool HasKept(float* keep, long step, int count)
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

    /// <summary>
    /// sums[key] += the terms weights[key][lane]*rows[lane] of the tile's queries that see the key, ascending: dv from
    /// probabilities and dy, or dk from ds and q. weights and sums begin at the tile's first key.
    /// </summary>
    public static void OverQueries<S, F, D>(in AttentionTile tile, float* weights, float* rows, int headSize, float* sums, long stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes, key = tile.KeyFirst;
        weights -= (long)tile.KeyFirst * width;
        sums -= tile.KeyFirst * stride;
        for (; key <= tile.KeyEnd - 4; key += 4)
        {
            int allLow = tile.LaneFirst(key + 3), allHigh = tile.LaneEnd(key);
            if (allLow >= allHigh)
            {
                allLow = allHigh = tile.High; // nothing in common: each key alone
            }

            for (int one = key; one < key + 4; one++)
            {
                AddQueries<S, F, D>(weights, rows, headSize, sums, stride, one, tile.LaneFirst(one), Math.Min(allLow, tile.LaneEnd(one)));
            }

            if (allLow < allHigh)
            {
                AttentionProducts.Accumulate4<S, F, D>(
                    weights + ((long)key * width) + allLow, 1, width, rows + (allLow * headSize), allHigh - allLow, sums + (key * stride), stride, headSize);
            }

            for (int one = key; one < key + 4; one++)
            {
                AddQueries<S, F, D>(weights, rows, headSize, sums, stride, one, Math.Max(allHigh, tile.LaneFirst(one)), tile.LaneEnd(one));
            }
        }

        for (; key < tile.KeyEnd; key++)
        {
            AddQueries<S, F, D>(weights, rows, headSize, sums, stride, key, tile.LaneFirst(key), tile.LaneEnd(key));
        }
    }

    private static void AddQueries<S, F, D>(float* weights, float* rows, int headSize, float* sums, long stride, int key, int low, int high)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (low < high)
        {
            AttentionProducts.Accumulate1<S, F, D>(
                weights + ((long)key * 2 * S.Lanes) + low, 1, rows + (low * headSize), headSize, high - low, sums + (key * stride), headSize);
        }
    }
}
