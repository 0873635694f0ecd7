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
        F regular = S.And(S.LessThan(S.Create(-1f), x), S.LessThan(x, S.Create(float.PositiveInfinity)));
        F special = S.Select(S.Equal(x, S.Create(-1f)), S.Create(float.NegativeInfinity), S.Sqrt(x));
        return S.Select(regular, y, special);
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
            return LogReduction.Natural<S, F, D>(k, f);
        }
    }
}
