// What log, log1p and log2 share: x = 2^k (1+f) with 1+f in [sqrt(1/2), sqrt(2)), and log(1+f) = f - tail(f), where with
// s = f/(2+f), 2 atanh(s) = log(1+f), tail = f^2/2 - s (f^2/2 + R(s^2)). R is a minimax fit, error below 2^-59 of log(1+f).

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

internal static class LogReduction
{
    private const long SqrtHalfBits = 0x3FE6A09E667F3BCD;
    private const long OneBits = 0x3FF0000000000000;
    private const double ExponentShift = 4503599627370496.0; // 2^52: its low bits hold an integer
    private const double L0 = 0.6666666666666734;
    private const double L1 = 0.39999999999416413;
    private const double L2 = 0.285714287421125;
    private const double L3 = 0.22222198593711298;
    private const double L4 = 0.1818356355868468;
    private const double L5 = 0.15314064085365767;
    private const double L6 = 0.14795865098557542;

    /// <summary>k and f of x = 2^k (1+f), for positive normal float64 x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Split<S, F, D>(D x, out D k)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D biased = S.AddBits(x, S.CreateD(OneBits - SqrtHalfBits)); // its exponent field is k + 1023
        k = S.Subtract(S.Or(S.ShiftRightBits(biased, 52), S.CreateD(ExponentShift)), S.CreateD(ExponentShift + 1023));
        D exponent = S.SubtractBits(S.And(biased, S.CreateD(0x7FF0000000000000)), S.CreateD(OneBits));
        return S.Subtract(S.SubtractBits(x, exponent), S.CreateD(1.0));
    }

    /// <summary>f - log(1+f) = square - <paramref name="rest"/>, square = f^2/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Tail<S, F, D>(D f, out D rest)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D square = S.Multiply(S.Multiply(f, S.CreateD(0.5)), f);
        D s = S.Divide(f, S.Add(f, S.CreateD(2.0)));
        D z = S.Multiply(s, s);
        D z2 = S.Multiply(z, z);
        D even = S.Fma(S.CreateD(L6), z2, S.CreateD(L4));
        D odd = S.Fma(S.CreateD(L5), z2, S.CreateD(L3));
        even = S.Fma(even, z2, S.CreateD(L2));
        odd = S.Fma(odd, z2, S.CreateD(L1));
        even = S.Fma(even, z2, S.CreateD(L0));
        D r = S.Fma(odd, z, even);
        rest = S.Multiply(s, S.Fma(r, z, square));
        return square;
    }

    /// <summary>k ln 2 + log(1+f).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Natural<S, F, D>(D k, D f)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        const double Ln2High = 0.6931471805598903; // 42 bits: k*Ln2High is exact
        const double Ln2Low = 5.497923018708371e-14;
        D square = Tail<S, F, D>(f, out D rest);
        D tail = S.Subtract(square, S.Fma(k, S.CreateD(Ln2Low), rest));
        return S.Fma(k, S.CreateD(Ln2High), S.Subtract(f, tail));
    }

    /// <summary>
    /// Results outside the finite x above <paramref name="pole"/>: -inf at the pole (either zero for pole 0), +inf for +inf, NaN
    /// below the pole and for NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Special<S, F, D>(F x, F y, float pole)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F infinity = S.Create(float.PositiveInfinity);
        y = S.Select(S.LessThan(S.Create(pole), x), y, S.Create(float.NaN));
        y = S.Select(S.Equal(x, infinity), infinity, y);
        return S.Select(S.Equal(x, S.Create(pole)), S.Create(float.NegativeInfinity), y);
    }
}
