// The softmax of a tile of attention, one vector of queries at a time. Scores lie with a key a row and a query a lane: maxima,
// denominators and dot products run down the rows, each lane in the order of the reference. A key's lane of the 32 is its absolute
// index mod 32. Rows are stride apart; scores and all that lies like them point at the row of the vector's first key.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionSoftmax
{
    /// <summary>The largest score of the keys that each lane's query sees.</summary>
    public static F Max<S, F, D>(in AttentionTile tile, in AttentionSpan keys, int at, float* scores, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F max = S.Create(float.NegativeInfinity), max1 = max, max2 = max, max3 = max;
        int key = keys.First;
        for (; key < Math.Min(keys.AllFirst, keys.End); key++, scores += stride)
        {
            max = S.Select(tile.Sees<S, F, D>(key, at), S.Max(max, S.Load(scores)), max);
        }

        for (; key <= keys.AllEnd - 4; key += 4, scores += 4 * stride)
        {
            max = S.Max(max, S.Load(scores));
            max1 = S.Max(max1, S.Load(scores + stride));
            max2 = S.Max(max2, S.Load(scores + (2 * stride)));
            max3 = S.Max(max3, S.Load(scores + (3 * stride)));
        }

        max = S.Max(S.Max(max, max1), S.Max(max2, max3));
        for (; key < keys.AllEnd; key++, scores += stride)
        {
            max = S.Max(max, S.Load(scores));
        }

        for (; key < keys.End; key++, scores += stride)
        {
            max = S.Select(tile.Sees<S, F, D>(key, at), S.Max(max, S.Load(scores)), max);
        }

        return max;
    }

    /// <summary>scores become e = exp(score-max).</summary>
    /// <returns>The lane sum of those that each lane's query sees.</returns>
    public static F Exp<S, F, D>(in AttentionTile tile, in AttentionSpan keys, int at, float* scores, nint stride, F max, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        QuickRows.Map<S, F, D, ExpBelow<F>>(new(max), scores, stride, scores, stride, keys.End - keys.First);
        Clear<S, F, D>(lanes);
        for (int key = keys.First; key < keys.End; key++, scores += stride)
        {
            F e = S.Load(scores);
            if (!keys.IsSeenByAll(key))
            {
                e = S.Select(tile.Sees<S, F, D>(key, at), e, S.Create(-0f));
            }

            float* lane = lanes + (key % Lanes.Count * S.Lanes);
            S.Store(lane, S.Add(S.Load(lane), e));
        }

        return Halve<S, F, D>(lanes);
    }

    /// <summary>e becomes p = e/sum.</summary>
    public static void Divide<S, F, D>(int count, float* scores, nint stride, F sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int i = 0; i < count; i++, scores += stride)
        {
            S.Store(scores, S.Divide(S.Load(scores), sum));
        }
    }

    /// <summary>scores become p = exp(score-max)/sum, with max and sum of the forward pass.</summary>
    public static void Probabilities<S, F, D>(int count, float* scores, nint stride, F max, F sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        QuickRows.Map<S, F, D, ExpBelow<F>>(new(max), scores, stride, scores, stride, count);
        Divide<S, F, D>(count, scores, stride, sum);
    }

    /// <summary>dp becomes dp*scale where kept, +0 where dropped.</summary>
    public static void Drop<S, F, D>(int count, in AttentionMask mask, float* dp, nint stride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F scale = S.Create(mask.Scale);
        float* keep = mask.Keep;
        for (int i = 0; i < count; i++, dp += stride, keep += mask.Stride)
        {
            S.Store(dp, S.And(S.Multiply(S.Load(dp), scale), S.Load(keep)));
        }
    }

    /// <summary>dp becomes ds = (p*(dp-delta))*scale, delta the fused lane sum of p*dp over the keys that the lane's query sees.</summary>
    public static void Gradient<S, F, D>(in AttentionTile tile, in AttentionSpan keys, int at, float* p, float* dp, nint stride, float* lanes, float scale)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        Clear<S, F, D>(lanes);
        nint offset = 0;
        for (int key = keys.First; key < keys.End; key++, offset += stride)
        {
            float* lane = lanes + (key % Lanes.Count * S.Lanes);
            F old = S.Load(lane), next = S.Fma(S.Load(p + offset), S.Load(dp + offset), old);
            if (!keys.IsSeenByAll(key))
            {
                next = S.Select(tile.Sees<S, F, D>(key, at), next, old);
            }

            S.Store(lane, next);
        }

        F delta = Halve<S, F, D>(lanes), factor = S.Create(scale);
        offset = 0;
        for (int key = keys.First; key < keys.End; key++, offset += stride)
        {
            S.Store(dp + offset, S.Multiply(S.Multiply(S.Load(p + offset), S.Subtract(S.Load(dp + offset), delta)), factor));
        }
    }

    /// <summary>No lane has an element: -0 is what every sum begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear<S, F, D>(float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int i = 0; i < Lanes.Count; i++)
        {
            S.Store(lanes + (i * S.Lanes), S.Create(-0f));
        }
    }

    /// <summary>The halving of 32 lanes, for a vector of queries at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Halve<S, F, D>(float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (int half = Lanes.Count / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half * S.Lanes; i += S.Lanes)
            {
                S.Store(lanes + i, S.Add(S.Load(lanes + i), S.Load(lanes + i + (half * S.Lanes))));
            }
        }

        return S.Load(lanes);
    }
}
