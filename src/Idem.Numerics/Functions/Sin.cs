// The sine of an angle in radians, correctly rounded for every angle.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>The sine of an angle in radians, correctly rounded for every angle; sin(+-0) = +-0, NaN for infinities and NaN.</summary>
internal readonly struct SinFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F angle = FunctionLanes.Abs<S, F, D>(x);
        F y = S.Apply<Core>(angle);
        y = FunctionLanes.Repair<S, F, D>(angle, y, 0x46199998, 0xBEB1FA5D);
        if (S.AnyTrue(S.LessThan(S.Create(SineSeries.Limit), angle)))
        {
            y = SineSeries.Large<S, F, D>(angle, y, cosine: false);
        }

        return S.Xor(y, S.And(x, S.Create(-0f)));
    }

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D shifted = S.Fma(x, S.CreateD(SineSeries.InversePi), S.CreateD(SineSeries.Shift));
            D k = S.Subtract(shifted, S.CreateD(SineSeries.Shift));
            D r = S.Fma(k, S.CreateD(-SineSeries.PiHigh), x); // exact
            r = S.Fma(k, S.CreateD(-SineSeries.PiLow), r);
            return SineSeries.Evaluate<S, F, D>(r, shifted);
        }
    }
}
