// A tile of attention: as many neighbouring queries of one head as fit two vectors. Scores are held with a key a row and a query a
// lane, so that every reduction over keys or over the head runs down the rows, in its order, with no lane ever meeting another.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>Which queries a tile holds and which keys each of them sees.</summary>
internal unsafe struct AttentionTile
{
    /// <summary>Absolute position of lane 0; a multiple of the tile's width, so that no tile straddles a leaf of queries.</summary>
    public int Position;

    /// <summary>Lanes that hold a query: from Low to High, exclusive. Others compute what nobody reads.</summary>
    public int Low, High;

    /// <summary>The keys that some query sees.</summary>
    public int KeyFirst, KeyEnd;

    /// <summary>The keys that every query sees (none if End is not above First).</summary>
    public int AllFirst, AllEnd;
    private bool _isCausal;
    private int _window;

    /// <summary>For each lane the keys it sees, as integers and, exactly, as float32 for masks.</summary>
    public readonly int* First, End;
    public readonly float* FirstAsFloat, EndAsFloat;

    /// <summary>A tile that keeps its lanes' bounds in memory for twice its width.</summary>
    public AttentionTile(int* bounds, float* boundsAsFloat, int width)
    {
        First = bounds;
        End = bounds + width;
        FirstAsFloat = boundsAsFloat;
        EndAsFloat = boundsAsFloat + width;
    }

    /// <summary>Sets up tile number <paramref name="index"/> of a head.</summary>
    public void Place(in AttentionShape shape, int width, int index)
    {
        Position = (shape.QueryOffset / width * width) + (index * width);
        _isCausal = shape.Causal;
        _window = shape.Window;
        int row = Position - shape.QueryOffset;
        Low = Math.Max(0, -row);
        High = Math.Min(width, shape.QueryCount - row);
        KeyFirst = shape.FirstKey(row + Low);
        KeyEnd = shape.EndKey(row + High - 1);
        AllFirst = shape.FirstKey(row + High - 1);
        AllEnd = shape.EndKey(row + Low);
        for (int lane = 0; lane < width; lane++)
        {
            bool isUsed = lane >= Low && lane < High;
            First[lane] = isUsed ? shape.FirstKey(row + lane) : KeyFirst;
            End[lane] = isUsed ? shape.EndKey(row + lane) : KeyEnd;
            FirstAsFloat[lane] = First[lane];
            EndAsFloat[lane] = End[lane];
        }
    }

    /// <summary>The number of tiles of a head.</summary>
    public static int Count(in AttentionShape shape, int width) =>
        shape.QueryCount == 0 ? 0 : ((shape.QueryOffset + shape.QueryCount - 1) / width) - (shape.QueryOffset / width) + 1;

    /// <summary>The first lane whose query sees a key of this tile's range; lanes up to <see cref="LaneEnd"/> see it too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int LaneFirst(int key) => _isCausal ? Math.Max(Low, key - Position) : Low;

    /// <summary>One past the last lane whose query sees a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int LaneEnd(int key) => _window == 0 ? High : (int)Math.Min(High, key + (long)_window - Position);

    /// <summary>The mask of the lanes from <paramref name="at"/> whose queries see a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F Sees<S, F, D>(int key, int at)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F index = S.Create((float)key);
        return S.AndNot(S.LessThan(index, S.Load(EndAsFloat + at)), S.LessThan(index, S.Load(FirstAsFloat + at)));
    }
}

/// <summary>Which probabilities of a tile are kept under dropout, a key a row: all bits set, or none.</summary>
internal readonly unsafe struct AttentionMask(float* keep, float scale)
{
    /// <summary>The mask's rows, from the tile's first key; null without dropout.</summary>
    public readonly float* Keep = keep;

    /// <summary>The factor of kept probabilities.</summary>
    public readonly float Scale = scale;

    /// <summary>Fills the rows of a tile, a query at a time.</summary>
    public void Fill(in AttentionShape shape, in AttentionTile tile, int width, int sequence, int head, byte* bytes)
    {
        int count = tile.KeyEnd - tile.KeyFirst;
        for (int lane = tile.Low; lane < tile.High; lane++)
        {
            shape.Dropout.Fill(new Span<byte>(bytes, count), sequence, DropoutSite.AttentionElement(head, tile.Position + lane, tile.KeyFirst));
            for (int i = 0; i < count; i++)
            {
                Keep[((long)i * width) + lane] = BitConverter.Int32BitsToSingle(-bytes[i]);
            }
        }
    }

    /// <summary>Whether one probability is kept.</summary>
    public static bool IsKept(float keep) => BitConverter.SingleToInt32Bits(keep) != 0;
}

/// <summary>The two products of attention, both a chain of fused multiply-adds an output.</summary>
internal static unsafe class AttentionProducts
{
    /// <summary>
    /// result[j][lane] = (chain-tree over c of rows[j][c]*lanes[c][lane])*scale, for count rows and 2 vectors of lanes.
    /// </summary>
    public static void Dot<S, F, D>(float* rows, int count, float* lanes, int headSize, float scale, float* result)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes, j = 0;
        F factor = S.Create(scale);
        for (; j <= count - 4; j += 4)
        {
            float* row = rows + ((long)j * headSize), target = result + ((long)j * width);
            for (int first = 0; first < headSize; first += Reduction.ChainTree.Leaf)
            {
                int end = Math.Min(headSize, first + Reduction.ChainTree.Leaf);
                F sum00 = S.Zero, sum01 = S.Zero, sum10 = S.Zero, sum11 = S.Zero, sum20 = S.Zero, sum21 = S.Zero, sum30 = S.Zero, sum31 = S.Zero;
                float* row1 = row + headSize, row2 = row1 + headSize, row3 = row2 + headSize, lane = lanes + (first * width);
                for (int c = first; c < end; c++)
                {
                    F lane0 = S.Load(lane), lane1 = S.Load(lane + S.Lanes);
                    F element = S.Create(row[c]);
                    sum00 = S.Fma(element, lane0, sum00);
                    sum01 = S.Fma(element, lane1, sum01);
                    element = S.Create(row1[c]);
                    sum10 = S.Fma(element, lane0, sum10);
                    sum11 = S.Fma(element, lane1, sum11);
                    element = S.Create(row2[c]);
                    sum20 = S.Fma(element, lane0, sum20);
                    sum21 = S.Fma(element, lane1, sum21);
                    element = S.Create(row3[c]);
                    sum30 = S.Fma(element, lane0, sum30);
                    sum31 = S.Fma(element, lane1, sum31);
                    lane += width;
                }

                bool isFirst = first == 0, isLast = end == headSize;
                StoreLeaf<S, F, D>(target, sum00, sum01, factor, isFirst, isLast);
                StoreLeaf<S, F, D>(target + width, sum10, sum11, factor, isFirst, isLast);
                StoreLeaf<S, F, D>(target + (2 * width), sum20, sum21, factor, isFirst, isLast);
                StoreLeaf<S, F, D>(target + (3 * width), sum30, sum31, factor, isFirst, isLast);
            }
        }

        for (; j < count; j++)
        {
            float* row = rows + ((long)j * headSize), target = result + ((long)j * width);
            for (int first = 0; first < headSize; first += Reduction.ChainTree.Leaf)
            {
                int end = Math.Min(headSize, first + Reduction.ChainTree.Leaf);
                F sum0 = S.Zero, sum1 = S.Zero;
                for (int c = first; c < end; c++)
                {
                    F element = S.Create(row[c]);
                    sum0 = S.Fma(element, S.Load(lanes + (c * width)), sum0);
                    sum1 = S.Fma(element, S.Load(lanes + (c * width) + S.Lanes), sum1);
                }

                StoreLeaf<S, F, D>(target, sum0, sum1, factor, first == 0, end == headSize);
            }
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

            StoreLeaf<S, F, D>(scores, sum0, sum1, factor, first == 0, end == headSize);
            StoreLeaf<S, F, D>(scores + (2 * S.Lanes), sum2, sum3, factor, first == 0, end == headSize);
        }
    }

    /// <summary>Joins a leaf to those before it (at most three: left to right) and scales the last sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLeaf<S, F, D>(float* target, F sum0, F sum1, F factor, bool isFirst, bool isLast)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (!isFirst)
        {
            sum0 = S.Add(S.Load(target), sum0);
            sum1 = S.Add(S.Load(target + S.Lanes), sum1);
        }

        S.Store(target, isLast ? S.Multiply(sum0, factor) : sum0);
        S.Store(target + S.Lanes, isLast ? S.Multiply(sum1, factor) : sum1);
    }

    /// <summary>
    /// For four rows r: sums[r][x] = fma(a[t, r], rows[t][x], sums[r][x]) for t from 0 to count, ascending. Element (t, r) of a
    /// lies at <c>t*step + r*across</c>, rows and sums are <paramref name="width"/> and <paramref name="stride"/> apart.
    /// </summary>
    public static void Accumulate4<S, F, D>(float* a, long step, long across, float* rows, int count, float* sums, long stride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        float* sums1 = sums + stride, sums2 = sums1 + stride, sums3 = sums2 + stride;
        int x = 0;
        for (; x <= width - (2 * S.Lanes); x += 2 * S.Lanes)
        {
            int y = x + S.Lanes;
            F sum00 = S.Load(sums + x), sum01 = S.Load(sums + y), sum10 = S.Load(sums1 + x), sum11 = S.Load(sums1 + y);
            F sum20 = S.Load(sums2 + x), sum21 = S.Load(sums2 + y), sum30 = S.Load(sums3 + x), sum31 = S.Load(sums3 + y);
            float* at = a, row = rows + x;
            for (int t = 0; t < count; t++)
            {
                F row0 = S.Load(row), row1 = S.Load(row + S.Lanes);
                F factor = S.Create(at[0]);
                sum00 = S.Fma(factor, row0, sum00);
                sum01 = S.Fma(factor, row1, sum01);
                factor = S.Create(at[across]);
                sum10 = S.Fma(factor, row0, sum10);
                sum11 = S.Fma(factor, row1, sum11);
                factor = S.Create(at[2 * across]);
                sum20 = S.Fma(factor, row0, sum20);
                sum21 = S.Fma(factor, row1, sum21);
                factor = S.Create(at[3 * across]);
                sum30 = S.Fma(factor, row0, sum30);
                sum31 = S.Fma(factor, row1, sum31);
                at += step;
                row += width;
            }

            S.Store(sums + x, sum00);
            S.Store(sums + y, sum01);
            S.Store(sums1 + x, sum10);
            S.Store(sums1 + y, sum11);
            S.Store(sums2 + x, sum20);
            S.Store(sums2 + y, sum21);
            S.Store(sums3 + x, sum30);
            S.Store(sums3 + y, sum31);
        }

        for (int r = 0; r < 4 && x < width; r++)
        {
            AccumulateColumns<S, F, D>(a + (r * across), step, rows, width, count, sums + (r * stride), width, x);
        }
    }

    /// <summary>As <see cref="Accumulate4"/>, for one row of sums; rows are <paramref name="rowStride"/> apart.</summary>
    public static void Accumulate1<S, F, D>(float* a, long step, float* rows, long rowStride, int count, float* sums, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int x = 0;
        for (; x <= width - (4 * S.Lanes); x += 4 * S.Lanes)
        {
            F sum0 = S.Load(sums + x), sum1 = S.Load(sums + x + S.Lanes), sum2 = S.Load(sums + x + (2 * S.Lanes)), sum3 = S.Load(sums + x + (3 * S.Lanes));
            float* row = rows + x;
            for (int t = 0; t < count; t++)
            {
                F factor = S.Create(a[t * step]);
                sum0 = S.Fma(factor, S.Load(row), sum0);
                sum1 = S.Fma(factor, S.Load(row + S.Lanes), sum1);
                sum2 = S.Fma(factor, S.Load(row + (2 * S.Lanes)), sum2);
                sum3 = S.Fma(factor, S.Load(row + (3 * S.Lanes)), sum3);
                row += rowStride;
            }

            S.Store(sums + x, sum0);
            S.Store(sums + x + S.Lanes, sum1);
            S.Store(sums + x + (2 * S.Lanes), sum2);
            S.Store(sums + x + (3 * S.Lanes), sum3);
        }

        AccumulateColumns<S, F, D>(a, step, rows, rowStride, count, sums, width, x);
    }

    /// <summary>As <see cref="Accumulate1"/> with factors a[t]*scale, where keep[t] is set; other terms are absent.</summary>
    public static void AccumulateKept<S, F, D>(float* a, float* keep, float scale, long step, float* rows, int count, float* sums, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int t = 0; t < count; t++, rows += width)
        {
            if (AttentionMask.IsKept(keep[t * step]))
            {
                float factor = a[t * step] * scale;
                AccumulateColumns<S, F, D>(&factor, 1, rows, width, 1, sums, width, 0);
            }
        }
    }

    private static void AccumulateColumns<S, F, D>(float* a, long step, float* rows, long rowStride, int count, float* sums, int width, int x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (; x <= width - S.Lanes; x += S.Lanes)
        {
            F sum = S.Load(sums + x);
            for (int t = 0; t < count; t++)
            {
                sum = S.Fma(S.Create(a[t * step]), S.Load(rows + (t * rowStride) + x), sum);
            }

            S.Store(sums + x, sum);
        }

        for (; x < width; x++)
        {
            for (int t = 0; t < count; t++)
            {
                sums[x] = Fma.Single(a[t * step], rows[(t * rowStride) + x], sums[x]);
            }
        }
    }

    /// <summary>
    /// Copies rows of a head into contiguous memory: packed[i] = source[i*stride].
    /// </summary>
    public static void Pack(float* source, long stride, int count, int headSize, float* packed)
    {
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<float>(source + (i * stride), headSize).CopyTo(new Span<float>(packed + ((long)i * headSize), headSize));
        }
    }

    /// <summary>lanes[c][lane] = rows[lane][c] for lanes low to high; +0 in the others.</summary>
    public static void Transpose(float* rows, int headSize, int low, int high, int width, float* lanes)
    {
        if (low > 0 || high < width)
        {
            new Span<float>(lanes, headSize * width).Clear();
        }

        Transposition.RowsToLanes(rows + ((long)low * headSize), headSize, high - low, headSize, lanes + low, width);
    }
}
