// The softmax of a tile of attention. Scores lie with a key a row and a query a lane: maxima, denominators and dot products run down
// the rows, each lane in the order of the reference. A key's lane of the 32 is its absolute index mod 32.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class AttentionSoftmax
{
    /// <summary>max[lane] = the largest score of the keys that the lane's query sees.</summary>
    public static void Max<S, F, D>(in AttentionTile tile, float* scores, float* max)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F max0 = S.Create(float.NegativeInfinity), max1 = max0;
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++, scores += 2 * S.Lanes)
        {
            F next0 = S.Max(max0, S.Load(scores)), next1 = S.Max(max1, S.Load(scores + S.Lanes));
            if (key < tile.AllFirst || key >= tile.AllEnd)
            {
                next0 = S.Select(tile.Sees<S, F, D>(key, 0), next0, max0);
                next1 = S.Select(tile.Sees<S, F, D>(key, S.Lanes), next1, max1);
            }

            max0 = next0;
            max1 = next1;
        }

        S.Store(max, max0);
        S.Store(max + S.Lanes, max1);
    }

    /// <summary>scores become e = exp(score-max); sum[lane] = the lane sum of those that the lane's query sees.</summary>
    public static void Exp<S, F, D>(in AttentionTile tile, float* scores, float* max, float* lanes, float* sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        new Span<float>(lanes, Lanes.Count * width).Fill(-0f);
        F max0 = S.Load(max), max1 = S.Load(max + S.Lanes);
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++, scores += width)
        {
            F e0 = ExpFunction.Invoke<S, F, D>(S.Subtract(S.Load(scores), max0));
            F e1 = ExpFunction.Invoke<S, F, D>(S.Subtract(S.Load(scores + S.Lanes), max1));
            S.Store(scores, e0);
            S.Store(scores + S.Lanes, e1);
            if (key < tile.AllFirst || key >= tile.AllEnd)
            {
                e0 = S.Select(tile.Sees<S, F, D>(key, 0), e0, S.Create(-0f));
                e1 = S.Select(tile.Sees<S, F, D>(key, S.Lanes), e1, S.Create(-0f));
            }

            float* lane = lanes + (key % Lanes.Count * width);
            S.Store(lane, S.Add(S.Load(lane), e0));
            S.Store(lane + S.Lanes, S.Add(S.Load(lane + S.Lanes), e1));
        }

        Halve<S, F, D>(lanes, sum);
    }

    /// <summary>e becomes p = e/sum.</summary>
    public static void Divide<S, F, D>(in AttentionTile tile, float* scores, float* sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F sum0 = S.Load(sum), sum1 = S.Load(sum + S.Lanes);
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++, scores += 2 * S.Lanes)
        {
            S.Store(scores, S.Divide(S.Load(scores), sum0));
            S.Store(scores + S.Lanes, S.Divide(S.Load(scores + S.Lanes), sum1));
        }
    }

    /// <summary>scores become p = exp(score-max)/sum, with max and sum of the forward pass.</summary>
    public static void Probabilities<S, F, D>(in AttentionTile tile, float* scores, float* max, float* sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F max0 = S.Load(max), max1 = S.Load(max + S.Lanes), sum0 = S.Load(sum), sum1 = S.Load(sum + S.Lanes);
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++, scores += 2 * S.Lanes)
        {
            F e0 = ExpFunction.Invoke<S, F, D>(S.Subtract(S.Load(scores), max0));
            F e1 = ExpFunction.Invoke<S, F, D>(S.Subtract(S.Load(scores + S.Lanes), max1));
            S.Store(scores, S.Divide(e0, sum0));
            S.Store(scores + S.Lanes, S.Divide(e1, sum1));
        }
    }

    /// <summary>dp becomes dp*scale where kept, +0 where dropped.</summary>
    public static void Drop<S, F, D>(in AttentionTile tile, in AttentionMask mask, float* dp)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int count = (tile.KeyEnd - tile.KeyFirst) * 2 * S.Lanes;
        F scale = S.Create(mask.Scale);
        for (int i = 0; i < count; i += S.Lanes)
        {
            S.Store(dp + i, S.And(S.Multiply(S.Load(dp + i), scale), S.Load(mask.Keep + i)));
        }
    }

    /// <summary>dp becomes ds = (p*(dp-delta))*scale, delta the fused lane sum of p*dp over the keys that the lane's query sees.</summary>
    public static void Gradient<S, F, D>(in AttentionTile tile, float* p, float* dp, float* lanes, float* delta, float scale)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes, offset = 0;
        new Span<float>(lanes, Lanes.Count * width).Fill(-0f);
        for (int key = tile.KeyFirst; key < tile.KeyEnd; key++, offset += width)
        {
            float* lane = lanes + (key % Lanes.Count * width);
            F old0 = S.Load(lane), old1 = S.Load(lane + S.Lanes);
            F next0 = S.Fma(S.Load(p + offset), S.Load(dp + offset), old0);
            F next1 = S.Fma(S.Load(p + offset + S.Lanes), S.Load(dp + offset + S.Lanes), old1);
            if (key < tile.AllFirst || key >= tile.AllEnd)
            {
                next0 = S.Select(tile.Sees<S, F, D>(key, 0), next0, old0);
                next1 = S.Select(tile.Sees<S, F, D>(key, S.Lanes), next1, old1);
            }

            S.Store(lane, next0);
            S.Store(lane + S.Lanes, next1);
        }

        Halve<S, F, D>(lanes, delta);
        F delta0 = S.Load(delta), delta1 = S.Load(delta + S.Lanes), factor = S.Create(scale);
        int end = (tile.KeyEnd - tile.KeyFirst) * width;
        for (offset = 0; offset < end; offset += width)
        {
            F ds0 = S.Multiply(S.Load(p + offset), S.Subtract(S.Load(dp + offset), delta0));
            F ds1 = S.Multiply(S.Load(p + offset + S.Lanes), S.Subtract(S.Load(dp + offset + S.Lanes), delta1));
            S.Store(dp + offset, S.Multiply(ds0, factor));
            S.Store(dp + offset + S.Lanes, S.Multiply(ds1, factor));
        }
    }

    /// <summary>The halving of 32 lanes, for every query of the tile at once.</summary>
    private static void Halve<S, F, D>(float* lanes, float* result)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int width = 2 * S.Lanes;
        for (int half = Lanes.Count / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half * width; i += S.Lanes)
            {
                S.Store(lanes + i, S.Add(S.Load(lanes + i), S.Load(lanes + i + (half * width))));
            }
        }

        S.Store(result, S.Load(lanes));
        S.Store(result + S.Lanes, S.Load(lanes + S.Lanes));
    }
}
