// The scores of attention: rows of keys (or values) times the tile's queries (or gradients), a query a lane.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionProducts
{
    /// <summary>
    /// result[j][lane] = (chain-tree over c of rows[j][c]*lanes[c][lane])*scale for the keys that some query of the lane's vector
    /// sees. rows and result begin at the tile's first key.
    /// </summary>
    public static void OfTile<S, F, D>(in AttentionTile tile, float* rows, float* lanes, int headSize, float scale, float* result, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes, first = tile.KeyFirst;
        AttentionSpan keys0 = tile.Span(0, S.Lanes), keys1 = tile.Span(S.Lanes, S.Lanes);
        if (keys0.End > keys0.First && keys1.End > keys1.First)
        {
            Dot<S, F, D>(rows, keys0.End - first, lanes, width, 2, headSize, scale, result, stride);
            keys1 = keys1 with { First = Math.Max(keys0.End, keys1.First) };
        }
        else
        {
            Dot<S, F, D>(rows + ((long)(keys0.First - first) * headSize), keys0.End - keys0.First, lanes, width, 1, headSize, scale, result + ((keys0.First - first) * stride), stride);
        }

        result += ((keys1.First - first) * stride) + S.Lanes;
        Dot<S, F, D>(rows + ((long)(keys1.First - first) * headSize), keys1.End - keys1.First, lanes + S.Lanes, width, 1, headSize, scale, result, stride);
    }

    /// <summary>
    /// result[j][lane] = (chain-tree over c of rows[j][c]*lanes[c][lane])*scale, for <paramref name="count"/> rows and one or two
    /// vectors of lanes. Rows of lanes are <paramref name="width"/> apart, rows of the result <paramref name="stride"/>.
    /// </summary>
    public static void Dot<S, F, D>(float* rows, int count, float* lanes, int width, int vectors, int headSize, float scale, float* result, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (vectors == 2)
        {
            Dot<S, F, D, Count2>(rows, count, lanes, width, headSize, scale, result, stride);
        }
        else
        {
            Dot<S, F, D, Count1>(rows, count, lanes, width, headSize, scale, result, stride);
        }
    }

    /// <summary>
    /// scores[lane] = (chain-tree over c of row[c]*lanes[c][lane])*scale, for one row and 4 vectors of lanes.
    /// </summary>
    public static void DotOne<S, F, D>(float* row, float* lanes, int headSize, float scale, float* scores)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F factor = S.Create(scale);
        for (int first = 0; first < headSize; first += Reduction.ChainTree.Leaf)
        {
            int end = Math.Min(headSize, first + Reduction.ChainTree.Leaf);
            F sum0 = S.Zero, sum1 = S.Zero, sum2 = S.Zero, sum3 = S.Zero;
            float* lane = lanes + ((long)first * 4 * S.Lanes);
            for (int c = first; c < end; c++, lane += 4 * S.Lanes)
            {
                F element = S.Create(row[c]);
                sum0 = S.Fma(element, S.Load(lane), sum0);
                sum1 = S.Fma(element, S.Load(lane + S.Lanes), sum1);
                sum2 = S.Fma(element, S.Load(lane + (2 * S.Lanes)), sum2);
                sum3 = S.Fma(element, S.Load(lane + (3 * S.Lanes)), sum3);
            }

            StoreLeaf<S, F, D, Count2>(scores, sum0, sum1, factor, first == 0, end == headSize);
            StoreLeaf<S, F, D, Count2>(scores + (2 * S.Lanes), sum2, sum3, factor, first == 0, end == headSize);
        }
    }

    private static void Dot<S, F, D, TVectors>(float* rows, int count, float* lanes, int width, int headSize, float scale, float* result, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TVectors : struct, IRowCount
    {
        for (int j = 0; j < count;)
        {
            int left = count - j;
            float* row = rows + ((long)j * headSize), target = result + (j * stride);
            j += left switch
            {
                >= 8 when AttentionChains.RowsMax<S, F, D>() == 8 => Tile<S, F, D, Count8, TVectors>(row, lanes, width, headSize, scale, target, stride),
                >= 6 => Tile<S, F, D, Count6, TVectors>(row, lanes, width, headSize, scale, target, stride),
                >= 4 => Tile<S, F, D, Count4, TVectors>(row, lanes, width, headSize, scale, target, stride),
                >= 2 => Tile<S, F, D, Count2, TVectors>(row, lanes, width, headSize, scale, target, stride),
                _ => Tile<S, F, D, Count1, TVectors>(row, lanes, width, headSize, scale, target, stride),
            };
        }
    }

    /// <summary>Some rows, one or two vectors.</summary>
    /// <returns>The number of rows.</returns>
    private static int Tile<S, F, D, TRows, TVectors>(float* rows, float* lanes, int width, int headSize, float scale, float* result, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TRows : struct, IRowCount
        where TVectors : struct, IRowCount
    {
        F factor = S.Create(scale);
        nint row = (nint)headSize * sizeof(float), step = (nint)width * sizeof(float);
        byte* a0 = (byte*)rows, a3 = a0 + (3 * row), a6 = a3 + (3 * row), b = (byte*)lanes;
        for (int first = 0; first < headSize; first += ChainTree.Leaf)
        {
            F c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
            F c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
            int end = Math.Min(headSize, first + ChainTree.Leaf);
            for (int c = first; c < end; c++)
            {
                F b0 = S.Load((float*)b), b1 = default;
                if (TVectors.Count > 1)
                {
                    b1 = S.Load((float*)b + S.Lanes);
                }

                Step<S, F, D, TVectors>(a0, b0, b1, ref c00, ref c01);
                if (TRows.Count > 1)
                {
                    Step<S, F, D, TVectors>(a0 + row, b0, b1, ref c10, ref c11);
                }

                if (TRows.Count > 2)
                {
                    Step<S, F, D, TVectors>(a0 + (2 * row), b0, b1, ref c20, ref c21);
                    Step<S, F, D, TVectors>(a3, b0, b1, ref c30, ref c31);
                }

                if (TRows.Count > 4)
                {
                    Step<S, F, D, TVectors>(a3 + row, b0, b1, ref c40, ref c41);
                    Step<S, F, D, TVectors>(a3 + (2 * row), b0, b1, ref c50, ref c51);
                }

                if (TRows.Count > 6)
                {
                    Step<S, F, D, TVectors>(a6, b0, b1, ref c60, ref c61);
                    Step<S, F, D, TVectors>(a6 + row, b0, b1, ref c70, ref c71);
                }

                a0 += sizeof(float);
                a3 += sizeof(float);
                a6 += sizeof(float);
                b += step;
            }

            bool isFirst = first == 0, isLast = end == headSize;
            float* target = result;
            StoreLeaf<S, F, D, TVectors>(target, c00, c01, factor, isFirst, isLast);
            if (TRows.Count > 1)
            {
                StoreLeaf<S, F, D, TVectors>(target += stride, c10, c11, factor, isFirst, isLast);
            }

            if (TRows.Count > 2)
            {
                StoreLeaf<S, F, D, TVectors>(target += stride, c20, c21, factor, isFirst, isLast);
                StoreLeaf<S, F, D, TVectors>(target += stride, c30, c31, factor, isFirst, isLast);
            }

            if (TRows.Count > 4)
            {
                StoreLeaf<S, F, D, TVectors>(target += stride, c40, c41, factor, isFirst, isLast);
                StoreLeaf<S, F, D, TVectors>(target += stride, c50, c51, factor, isFirst, isLast);
            }

            if (TRows.Count > 6)
            {
                StoreLeaf<S, F, D, TVectors>(target += stride, c60, c61, factor, isFirst, isLast);
                StoreLeaf<S, F, D, TVectors>(target + stride, c70, c71, factor, isFirst, isLast);
            }
        }

        return TRows.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<S, F, D, TVectors>(byte* a, F b0, F b1, ref F c0, ref F c1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TVectors : struct, IRowCount
    {
        F x = S.Create(*(float*)a);
        c0 = S.Fma(x, b0, c0);
        if (TVectors.Count > 1)
        {
            c1 = S.Fma(x, b1, c1);
        }
    }

    /// <summary>Joins a leaf to those before it (at most three: left to right) and scales the last sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLeaf<S, F, D, TVectors>(float* target, F sum0, F sum1, F factor, bool isFirst, bool isLast)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TVectors : struct, IRowCount
    {
        if (!isFirst)
        {
            sum0 = S.Add(S.Load(target), sum0);
        }

        S.Store(target, isLast ? S.Multiply(sum0, factor) : sum0);
        if (TVectors.Count > 1)
        {
            if (!isFirst)
            {
                sum1 = S.Add(S.Load(target + S.Lanes), sum1);
            }

            S.Store(target + S.Lanes, isLast ? S.Multiply(sum1, factor) : sum1);
        }
    }
}
