// Moves the rows of a head between the caller's memory, whose rows may lie a power of two apart (all in one set of the cache), and
// dense memory.

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionRows
{
    /// <summary>packed[i] = source[i*stride], for <paramref name="count"/> rows.</summary>
    public static void Pack<S, F, D>(float* source, nint stride, int count, int headSize, float* packed)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int i = 0; i < count; i++, source += stride, packed += headSize)
        {
            Copy<S, F, D>(source, headSize, packed);
        }
    }

    /// <summary>Copies a row.</summary>
    public static void Copy<S, F, D>(float* source, int count, float* target)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int c = 0;
        for (; c <= count - S.Lanes; c += S.Lanes)
        {
            S.Store(target + c, S.Load(source + c));
        }

        for (; c < count; c++)
        {
            target[c] = source[c];
        }
    }

    /// <summary>target = target + row.</summary>
    public static void Add<S, F, D>(float* row, int count, float* target)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int c = 0;
        for (; c <= count - S.Lanes; c += S.Lanes)
        {
            S.Store(target + c, S.Add(S.Load(target + c), S.Load(row + c)));
        }

        for (; c < count; c++)
        {
            target[c] = target[c] + row[c];
        }
    }

    /// <summary>lanes[c][lane] = row of the lane's query at c, for the lanes that hold a query; +0 in the others.</summary>
    public static void ToLanes<S, F, D>(in AttentionTile tile, float* rows, nint stride, int headSize, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        if (tile.Low > 0 || tile.High < width)
        {
            AttentionSums.Clear<S, F, D>(lanes, headSize * width);
        }

        Transposition.RowsToLanes(rows + (tile.Low * stride), stride, tile.High - tile.Low, headSize, lanes + tile.Low, width);
    }
}
