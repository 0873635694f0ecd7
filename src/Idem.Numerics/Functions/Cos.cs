// The cosine of an angle in radians, correctly rounded for every angle.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>The cosine of an angle in radians, correctly rounded for every angle; NaN for infinities and NaN.</summary>
internal readonly struct CosFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F angle = FunctionLanes.Abs<S, F, D>(x);
        F y = S.Apply<Core>(angle);
        if (S.AnyTrue(S.LessThan(S.Create(SineSeries.Limit), angle)))
        {
            y = SineSeries.Large<S, F, D>(angle, y, cosine: true);
        }

        return y;
    }

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            // With j = k + 1/2 the odd multiple of pi/2 nearest to x, cos(x) = (-1)^k sin(j pi - x).
            D turns = S.Fma(x, S.CreateD(SineSeries.InversePi), S.CreateD(-0.5));
            D shifted = S.Add(turns, S.CreateD(SineSeries.Shift));
            D j = S.Add(S.Subtract(shifted, S.CreateD(SineSeries.Shift)), S.CreateD(0.5));
            D r = S.Fma(j, S.CreateD(SineSeries.PiHigh), S.Xor(x, S.CreateD(-0.0))); // exact
            r = S.Fma(j, S.CreateD(SineSeries.PiLow), r);
            return SineSeries.Evaluate<S, F, D>(r, shifted);
        }
    }
}
