// log(1+x), correctly rounded. 1+x is exact in float64 unless |x| < 2^-29, where f is x itself, or x > 2^52, where it can't matter.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>log(1+x); log1p(+-0) = +-0, log1p(-1) = -inf, log1p(+inf) = +inf, NaN below -1 and for NaN.</summary>
internal readonly struct Log1pFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F y = FunctionLanes.WithSign<S, F, D>(S.Apply<Core>(x), x);
        return LogReduction.Special<S, F, D>(x, y, -1f);
    }

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D f = LogReduction.Split<S, F, D>(S.Add(x, S.CreateD(1.0)), out D k);
            f = S.Select(S.Equal(k, S.CreateD(0.0)), x, f);
            return Decide<S, F, D>(x, LogReduction.Natural<S, F, D>(k, f));
        }
    }

    /// <summary>
    /// y where it decides the float32; where it lies exactly half way between two, as one in 2^29 does, log(1+x)
    /// rounded to odd from two float64, so that the rounding to float32 sees the side. No other y is on the wrong side (exhaustive).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static D Decide<S, F, D>(D x, D y)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D belowFloat32 = S.Or(S.And(y, S.CreateD(0x1FFFFFFF)), S.CreateD(1.0));
        D isMidpoint = S.Equal(belowFloat32, S.CreateD(1.0 + (1.0 / (1 << 24))));
        return S.AnyTrue(isMidpoint) ? DecideMidpoints<S, F, D>(x, y, isMidpoint) : y;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe D DecideMidpoints<S, F, D>(D x, D y, D isMidpoint)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        double* inputs = stackalloc double[8];
        double* results = stackalloc double[8];
        double* masks = stackalloc double[8];
        S.StoreD(inputs, x);
        S.StoreD(results, y);
        S.StoreD(masks, isMidpoint);
        for (int i = 0; i < Math.Max(1, S.Lanes / 2); i++)
        {
            if (BitConverter.DoubleToInt64Bits(masks[i]) != 0)
            {
                DoubleDouble argument = DoubleDouble.Sum(1.0, inputs[i]);
                results[i] = DoubleDouble.Add(Exponential.Log(argument.High), argument.Low / argument.High).RoundToOdd();
            }
        }

        return S.LoadD(results);
    }
}
