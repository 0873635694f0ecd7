using System.Runtime.Intrinsics;
using Idem.Numerics.Reduction;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public unsafe class LanesTests
{
    private static readonly int[] s_counts = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 127, 128, 129, 768, 1001];

    [Fact]
    public void EveryWidthEqualsTheReference()
    {
        foreach (int count in s_counts)
        {
            foreach (float[] x in new[] { KernelTesting.Moderate(count, count), KernelTesting.Awkward(count, count), KernelTesting.Anything(count, count) })
            {
                float[] b = KernelTesting.Awkward(count + 1, count);
                fixed (float* px = new Guarded(x).Span, pb = new Guarded(b).Span)
                {
                    CheckWidth<SimdScalar, float, double>(x, b, px, pb);
                    CheckWidth<Simd128, Vector128<float>, Vector128<double>>(x, b, px, pb);
                    CheckWidth<Simd256, Vector256<float>, Vector256<double>>(x, b, px, pb);
                    CheckWidth<Simd512, Vector512<float>, Vector512<double>>(x, b, px, pb);
                }
            }
        }
    }

    /// <summary>Sums of few negative zeros keep their sign; absent lanes add nothing; an empty sum is +0.</summary>
    [Fact]
    public void AbsentLanesAddNothing()
    {
        Assert.True(float.IsNegative(Lanes.Reference.Sum([-0f, -0f, -0f])));
        Assert.False(float.IsNegative(Lanes.Reference.Sum([-0f, 0f])));
        Assert.False(float.IsNegative(Lanes.Reference.Sum([])));
        Assert.True(float.IsNegative(Lanes.Reference.Dot([-float.Epsilon], [float.Epsilon])));
    }

    /// <summary>The order is the promised one: probing with a large value and its negative recovers which elements meet when.</summary>
    [Fact]
    public void ElementsMeetInThePromisedOrder()
    {
        const int Count = 100;
        float large = MathF.ScaleB(1, 60);
        for (int i = 0; i < Count; i++)
        {
            for (int j = i + 1; j < Count; j++)
            {
                float[] x = new float[Count];
                Array.Fill(x, 1f);
                x[i] = large;
                x[j] = -large;
                Assert.Equal(Count - ElementsUnder(i, j, Count), Lanes.Reference.Sum(x));
            }
        }
    }

    /// <summary>Elements below the node where i and j meet: they are swallowed by the large values.</summary>
    private static int ElementsUnder(int i, int j, int count)
    {
        int laneI = i % 32, laneJ = j % 32;
        if (laneI == laneJ)
        {
            return (j / 32) + 1; // the chain of that lane so far
        }

        int half = 16;
        while (laneI % half != laneJ % half)
        {
            half /= 2;
        }

        return Enumerable.Range(0, count).Count(k => k % 32 % half == laneI % half);
    }

    private static void CheckWidth<S, F, D>(float[] x, float[] b, float* px, float* pb)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        string where = $"{x.Length} elements, {S.Lanes} lanes";
        float sum = Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(px), x.Length);
        float dot = Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(px, pb), x.Length);
        KernelTesting.SameBits([Lanes.Reference.Sum(x), Lanes.Reference.Dot(x, b)], [sum, dot], where);
        SameBits(Lanes.Reference.SumInDouble(x), Lanes.SumInDouble<S, F, D>(px, x.Length), where);
        SameBits(Lanes.Reference.SumOfSquaresInDouble(x), Lanes.SumOfSquaresInDouble<S, F, D>(px, x.Length), where);
    }

    private static void SameBits(double expected, double actual, string where) =>
        Assert.True(
            BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual) || (double.IsNaN(expected) && double.IsNaN(actual)),
            $"{where}: {actual:R}, but the definition gives {expected:R}");
}
