// Terms of the lane sums that norms and softmax take along a row.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>The terms a[i]+b[i], rounded; each is also stored.</summary>
internal readonly unsafe struct StoredSumTerm(float* a, float* b, float* sum) : ILaneTerm
{
    private readonly float* _a = a;
    private readonly float* _b = b;
    private readonly float* _sum = sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F sum = S.Add(S.Load(_a + i), S.Load(_b + i));
        S.Store(_sum + i, sum);
        return S.Add(accumulator, sum);
    }
}

/// <summary>The terms s*s with s = a[i]+b[i], rounded; each s is also stored.</summary>
internal readonly unsafe struct StoredSumSquareTerm(float* a, float* b, float* sum) : ILaneTerm
{
    private readonly float* _a = a;
    private readonly float* _b = b;
    private readonly float* _sum = sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F sum = S.Add(S.Load(_a + i), S.Load(_b + i));
        S.Store(_sum + i, sum);
        return S.Fma(sum, sum, accumulator);
    }
}

/// <summary>The terms (x[i]-mean)^2.</summary>
internal readonly unsafe struct SquaredDeviationTerm(float* x, float mean) : ILaneTerm
{
    private readonly float* _x = x;
    private readonly float _mean = mean;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F deviation = S.Subtract(S.Load(_x + i), S.Create(_mean));
        return S.Fma(deviation, deviation, accumulator);
    }
}

/// <summary>The terms dy[i]*w[i], rounded, then added.</summary>
internal readonly unsafe struct WeightedTerm(float* dy, float* weight) : ILaneTerm
{
    private readonly float* _dy = dy;
    private readonly float* _weight = weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Add(accumulator, S.Multiply(S.Load(_dy + i), S.Load(_weight + i)));
}

/// <summary>The terms g*xhat with g = dy[i]*w[i] and xhat = (x[i]-mean)*rstd.</summary>
internal readonly unsafe struct WeightedNormalizedTerm(float* dy, float* weight, float* x, float mean, float rstd) : ILaneTerm
{
    private readonly float* _dy = dy;
    private readonly float* _weight = weight;
    private readonly float* _x = x;
    private readonly float _mean = mean;
    private readonly float _rstd = rstd;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = S.Multiply(S.Load(_dy + i), S.Load(_weight + i));
        F xhat = S.Multiply(S.Subtract(S.Load(_x + i), S.Create(_mean)), S.Create(_rstd));
        return S.Fma(g, xhat, accumulator);
    }
}

/// <summary>The terms g*xhat with g = dy[i]*w[i] and xhat = x[i]*rstd.</summary>
internal readonly unsafe struct WeightedScaledTerm(float* dy, float* weight, float* x, float rstd) : ILaneTerm
{
    private readonly float* _dy = dy;
    private readonly float* _weight = weight;
    private readonly float* _x = x;
    private readonly float _rstd = rstd;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = S.Multiply(S.Load(_dy + i), S.Load(_weight + i));
        return S.Fma(g, S.Multiply(S.Load(_x + i), S.Create(_rstd)), accumulator);
    }
}
