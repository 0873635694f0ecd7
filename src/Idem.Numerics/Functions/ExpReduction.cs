// What exp, expm1, sigmoid and tanh share: e^x = s + s*q with s a power of two and q = e^r - 1, |r| <= (ln 2)/2.
// The polynomial is the minimax fit of (e^r-1-r)/r^2 with first coefficient 1/2: absolute error of q below 2^-61.
// What may never change: the order of these operations. The hard cases of four functions were checked against it.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

internal static class ExpReduction
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.6931471805598903; // 42 bits: k*Ln2High is exact for |k| < 2^11
    private const double Ln2Low = 5.497923018708371e-14;
    private const double Shift = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer, left in the low bits
    private const double C1 = 0.16666666666666674;
    private const double C2 = 0.04166666666666669;
    private const double C3 = 0.008333333333322299;
    private const double C4 = 0.0013888888888869404;
    private const double C5 = 0.0001984126988549656;
    private const double C6 = 2.4801587357736804e-05;
    private const double C7 = 2.7557244223916723e-06;
    private const double C8 = 2.7557244159649663e-07;
    private const double C9 = 2.510916713817081e-08;
    private const double C10 = 2.0924192702600945e-09;

    /// <summary>e^x = scale + scale*q for |x| below 700; q is NaN where x is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Reduce<S, F, D>(D x, out D scale)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D shifted = S.Fma(x, S.CreateD(Log2E), S.CreateD(Shift));
        D k = S.Subtract(shifted, S.CreateD(Shift));
        D r = S.Fma(k, S.CreateD(-Ln2High), x); // exact
        r = S.Fma(k, S.CreateD(-Ln2Low), r);
        scale = S.AddBits(S.ShiftLeftBits(shifted, 52), S.CreateD(1.0));

        D r2 = S.Multiply(r, r);
        D even = S.Fma(S.CreateD(C10), r2, S.CreateD(C8));
        D odd = S.Fma(S.CreateD(C9), r2, S.CreateD(C7));
        even = S.Fma(even, r2, S.CreateD(C6));
        odd = S.Fma(odd, r2, S.CreateD(C5));
        even = S.Fma(even, r2, S.CreateD(C4));
        odd = S.Fma(odd, r2, S.CreateD(C3));
        even = S.Fma(even, r2, S.CreateD(C2));
        odd = S.Fma(odd, r2, S.CreateD(C1));
        even = S.Fma(even, r2, S.CreateD(0.5));
        return S.Fma(S.Fma(odd, r, even), r2, r);
    }
}
