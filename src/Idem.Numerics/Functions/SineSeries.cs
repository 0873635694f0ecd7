// What sin and cos share on vector lanes: with r the angle less the nearest multiple of pi (sin) or odd multiple of pi/2 (cos),
// |r| <= pi/2, the result is sin(r) up to sign. Angles above 2^20 take Trigonometry instead, lane by lane.
// The polynomial is the minimax fit of (sin(r)/r-1)/r^2: relative error of sin(r) below 2^-61.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

internal static class SineSeries
{
    /// <summary>Up to this angle every multiple of <see cref="PiHigh"/> that occurs is exact in float64.</summary>
    public const float Limit = 1048576f;
    public const double InversePi = 0.3183098861837907;
    public const double PiHigh = 3.1415926534682512; // 33 bits
    public const double PiLow = 1.2154201013012384E-10;
    public const double Shift = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer, left in the low bits

    /// <summary>sin(r), |r| up to pi/2, with the sign flipped where the lowest bit of <paramref name="parity"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Evaluate<S, F, D>(D r, D parity)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D r2 = S.Multiply(r, r);
        D r4 = S.Multiply(r2, r2);
        D even = S.Fma(S.CreateD(-7.643018409864306E-13), r4, S.CreateD(-2.5052106904035997E-08));
        D odd = S.Fma(S.CreateD(2.7214069898643872E-15), r4, S.CreateD(1.605894097419106E-10));
        even = S.Fma(even, r4, S.CreateD(-0.00019841269841212473));
        odd = S.Fma(odd, r4, S.CreateD(2.7557319211567034E-06));
        even = S.Fma(even, r4, S.CreateD(-0.16666666666666666));
        odd = S.Fma(odd, r4, S.CreateD(0.008333333333333207));
        D p = S.Fma(odd, r2, even);
        D y = S.Fma(S.Multiply(r, r2), p, r);
        return S.Xor(y, S.ShiftLeftBits(parity, 63));
    }

    /// <summary>Replaces the lanes whose angle is above <see cref="Limit"/>, infinity included.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe F Large<S, F, D>(F angle, F y, bool cosine)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        float* angles = stackalloc float[16];
        float* results = stackalloc float[16];
        S.Store(angles, angle);
        S.Store(results, y);
        for (int i = 0; i < S.Lanes; i++)
        {
            if (angles[i] > Limit)
            {
                results[i] = !float.IsFinite(angles[i]) ? float.NaN
                    : cosine ? Trigonometry.Cos(angles[i]).ToSingle() : Trigonometry.Sin(angles[i]).ToSingle();
            }
        }

        return S.Load(results);
    }
}
