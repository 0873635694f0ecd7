// The error function in pairs of float32, for vectors that look polynomials up by permutations: erf(c + t) = E + t (D + t (C2 + ..))
// with c the multiple of 1/8 (17/64, in 256 bits) that is nearest. E, D and C2 are pairs, the other coefficients are not.
// The sum is good to Margin times the lesser of it and Limit, so that it rounds as the exact value does unless that lies nearer than
// this to the middle between two float32. A lane where it does, or of NaN or next to zero, is reported open, and ErfFunction
// decides it in float64.
//
// Errors in 512 bits, |t| at most 1/16, in units of 2^-34 of the derivative where it is largest, at 0: the last step of p, the one
// before and slopeRest 0.9 each. In units of 2^-34 of the result where it is least next to its error, erf(1/16): t slopeRest, rest
// and its margin 0.9 each. Together 5.3; the polynomials are good to 2^-43. In 256 bits, |t| at most 17/128: 2^-29.6.
// The scheme may change, the results may not: all 2^32 inputs are compared.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

internal static class ErfTable
{
    private const float Saturation = 3.93f; // from 3.92 on the result is 1
    private const float Shift = 12582912f; // 1.5 * 2^23: adding it rounds to an integer, left in the low bits
    private const float Spacing512 = 0.125f;
    private const float Spacing256 = 0.265625f;
    private const float Least = 1f / (1L << 60); // below, a margin is subnormal, and so may rests be
    private const float Limit512 = 0.0705f; // erf of half a spacing
    private const float Limit256 = 0.1491f;
    private const float Margin512 = 5.5f / (1L << 34);
    private const float Margin256 = 1.35f / (1L << 30);

    /// <summary>Whether vectors of this kind are evaluated by table. A constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<S>() => ExpTable.IsSupported<S>();

    /// <summary>erf x in the lanes whose bit of <paramref name="open"/> is not set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, out uint open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (typeof(S) == typeof(Simd512))
        {
            return Unsafe.BitCast<Vector512<float>, F>(Invoke(Unsafe.BitCast<F, Vector512<float>>(x), out open));
        }

        return Unsafe.BitCast<Vector256<float>, F>(Invoke(Unsafe.BitCast<F, Vector256<float>>(x), out open));
    }

    /// <summary>Two vectors; in 512 bits they share the loads of the coefficients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Invoke<S, F, D>(F x0, F x1, out F y0, out F y1, out uint open0, out uint open1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (typeof(S) == typeof(Simd512))
        {
            Invoke(
                Unsafe.BitCast<F, Vector512<float>>(x0), Unsafe.BitCast<F, Vector512<float>>(x1), out Vector512<float> z0, out Vector512<float> z1, out open0, out open1);
            y0 = Unsafe.BitCast<Vector512<float>, F>(z0);
            y1 = Unsafe.BitCast<Vector512<float>, F>(z1);
        }
        else
        {
            y0 = Invoke<S, F, D>(x0, out open0);
            y1 = Invoke<S, F, D>(x1, out open1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Invoke(Vector512<float> x, out uint open)
    {
        Vector512<float> t = Reduce(x, out Vector512<int> index);
        Vector512<float> p = Look(ErfCoefficients512.C7, ErfCoefficients512.C7Upper, index);
        p = Avx512F.FusedMultiplyAdd(p, t, Look(ErfCoefficients512.C6, ErfCoefficients512.C6Upper, index));
        p = Avx512F.FusedMultiplyAdd(p, t, Look(ErfCoefficients512.C5, ErfCoefficients512.C5Upper, index));
        p = Avx512F.FusedMultiplyAdd(p, t, Look(ErfCoefficients512.C4, ErfCoefficients512.C4Upper, index));
        p = Avx512F.FusedMultiplyAdd(p, t, Look(ErfCoefficients512.C3, ErfCoefficients512.C3Upper, index));
        p = Avx512F.FusedMultiplyAdd(p, t, Look(ErfCoefficients512.C2Low, ErfCoefficients512.C2LowUpper, index));
        Vector512<float> c2 = Look(ErfCoefficients512.C2, ErfCoefficients512.C2Upper, index);
        Vector512<float> d = Look(ErfCoefficients512.D, ErfCoefficients512.DUpper, index);
        Vector512<float> dLow = Look(ErfCoefficients512.DLow, ErfCoefficients512.DLowUpper, index);
        Vector512<float> e = Look(ErfCoefficients512.E, ErfCoefficients512.EUpper, index);
        Vector512<float> eLow = Look(ErfCoefficients512.ELow, ErfCoefficients512.ELowUpper, index);

        // d + t (c2 + p) = slope + slopeRest and e + t slope = sum + rest: fused multiply-adds give what the first rounding left.
        Vector512<float> slope = Avx512F.FusedMultiplyAdd(t, c2, d);
        Vector512<float> slopeRest = Avx512F.FusedMultiplyAdd(t, p, Avx512F.FusedMultiplyAdd(t, c2, d - slope) + dLow);
        Vector512<float> sum = Avx512F.FusedMultiplyAdd(t, slope, e);
        Vector512<float> rest = Avx512F.FusedMultiplyAdd(t, slope, e - sum) + Avx512F.FusedMultiplyAdd(t, slopeRest, eLow);
        return Round(x, sum, rest, out open);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Invoke(
        Vector512<float> x0, Vector512<float> x1, out Vector512<float> y0, out Vector512<float> y1, out uint open0, out uint open1)
    {
        Vector512<float> t0 = Reduce(x0, out Vector512<int> index0), t1 = Reduce(x1, out Vector512<int> index1);
        Vector512<float> p0 = Look(ErfCoefficients512.C7, ErfCoefficients512.C7Upper, index0), p1 = Look(ErfCoefficients512.C7, ErfCoefficients512.C7Upper, index1);
        p0 = Avx512F.FusedMultiplyAdd(p0, t0, Look(ErfCoefficients512.C6, ErfCoefficients512.C6Upper, index0));
        p1 = Avx512F.FusedMultiplyAdd(p1, t1, Look(ErfCoefficients512.C6, ErfCoefficients512.C6Upper, index1));
        p0 = Avx512F.FusedMultiplyAdd(p0, t0, Look(ErfCoefficients512.C5, ErfCoefficients512.C5Upper, index0));
        p1 = Avx512F.FusedMultiplyAdd(p1, t1, Look(ErfCoefficients512.C5, ErfCoefficients512.C5Upper, index1));
        p0 = Avx512F.FusedMultiplyAdd(p0, t0, Look(ErfCoefficients512.C4, ErfCoefficients512.C4Upper, index0));
        p1 = Avx512F.FusedMultiplyAdd(p1, t1, Look(ErfCoefficients512.C4, ErfCoefficients512.C4Upper, index1));
        p0 = Avx512F.FusedMultiplyAdd(p0, t0, Look(ErfCoefficients512.C3, ErfCoefficients512.C3Upper, index0));
        p1 = Avx512F.FusedMultiplyAdd(p1, t1, Look(ErfCoefficients512.C3, ErfCoefficients512.C3Upper, index1));
        p0 = Avx512F.FusedMultiplyAdd(p0, t0, Look(ErfCoefficients512.C2Low, ErfCoefficients512.C2LowUpper, index0));
        p1 = Avx512F.FusedMultiplyAdd(p1, t1, Look(ErfCoefficients512.C2Low, ErfCoefficients512.C2LowUpper, index1));
        Vector512<float> c20 = Look(ErfCoefficients512.C2, ErfCoefficients512.C2Upper, index0);
        Vector512<float> c21 = Look(ErfCoefficients512.C2, ErfCoefficients512.C2Upper, index1);
        Vector512<float> d0 = Look(ErfCoefficients512.D, ErfCoefficients512.DUpper, index0);
        Vector512<float> d1 = Look(ErfCoefficients512.D, ErfCoefficients512.DUpper, index1);
        Vector512<float> dLow0 = Look(ErfCoefficients512.DLow, ErfCoefficients512.DLowUpper, index0);
        Vector512<float> dLow1 = Look(ErfCoefficients512.DLow, ErfCoefficients512.DLowUpper, index1);
        Vector512<float> e0 = Look(ErfCoefficients512.E, ErfCoefficients512.EUpper, index0);
        Vector512<float> e1 = Look(ErfCoefficients512.E, ErfCoefficients512.EUpper, index1);
        Vector512<float> eLow0 = Look(ErfCoefficients512.ELow, ErfCoefficients512.ELowUpper, index0);
        Vector512<float> eLow1 = Look(ErfCoefficients512.ELow, ErfCoefficients512.ELowUpper, index1);
        Vector512<float> slope0 = Avx512F.FusedMultiplyAdd(t0, c20, d0);
        Vector512<float> slopeRest0 = Avx512F.FusedMultiplyAdd(t0, p0, Avx512F.FusedMultiplyAdd(t0, c20, d0 - slope0) + dLow0);
        Vector512<float> sum0 = Avx512F.FusedMultiplyAdd(t0, slope0, e0);
        Vector512<float> rest0 = Avx512F.FusedMultiplyAdd(t0, slope0, e0 - sum0) + Avx512F.FusedMultiplyAdd(t0, slopeRest0, eLow0);
        Vector512<float> slope1 = Avx512F.FusedMultiplyAdd(t1, c21, d1);
        Vector512<float> slopeRest1 = Avx512F.FusedMultiplyAdd(t1, p1, Avx512F.FusedMultiplyAdd(t1, c21, d1 - slope1) + dLow1);
        Vector512<float> sum1 = Avx512F.FusedMultiplyAdd(t1, slope1, e1);
        Vector512<float> rest1 = Avx512F.FusedMultiplyAdd(t1, slope1, e1 - sum1) + Avx512F.FusedMultiplyAdd(t1, slopeRest1, eLow1);
        y0 = Round(x0, sum0, rest0, out open0);
        y1 = Round(x1, sum1, rest1, out open1);
    }

    /// <summary>t and, in the low bits of <paramref name="index"/>, the number of its polynomial.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Reduce(Vector512<float> x, out Vector512<int> index)
    {
        Vector512<float> magnitude = Avx512F.Min(Vector512.Create(Saturation), Vector512.Abs(x)); // NaN if x is
        Vector512<float> shifted = Avx512F.FusedMultiplyAdd(magnitude, Vector512.Create(1 / Spacing512), Vector512.Create(Shift));
        index = shifted.AsInt32();
        return Avx512F.FusedMultiplyAdd(shifted - Vector512.Create(Shift), Vector512.Create(-Spacing512), magnitude); // exact
    }

    /// <summary>The coefficient that the low 5 bits name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Look(Vector512<float> lower, Vector512<float> upper, Vector512<int> index) => Avx512F.PermuteVar16x32x2(lower, index, upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Round(Vector512<float> x, Vector512<float> sum, Vector512<float> rest, out uint open)
    {
        Vector512<float> limited = Avx512F.Min(sum, Vector512.Create(Limit512));
        Vector512<float> y = sum + Avx512F.FusedMultiplyAdd(limited, Vector512.Create(Margin512), rest);
        Vector512<float> below = sum + Avx512F.FusedMultiplyAdd(limited, Vector512.Create(-Margin512), rest);
        ulong decided = Vector512.Equals(y, below).ExtractMostSignificantBits()
            & Vector512.GreaterThan(sum, Vector512.Create(Least)).ExtractMostSignificantBits();
        open = (uint)decided ^ 0xFFFF;
        return y | (x & Vector512.Create(-0f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Invoke(Vector256<float> x, out uint open)
    {
        Vector256<float> magnitude = Avx.Min(Vector256.Create(Saturation), Vector256.Abs(x)); // NaN if x is
        Vector256<float> shifted = X86.Fma.MultiplyAdd(magnitude, Vector256.Create(1 / Spacing256), Vector256.Create(Shift));
        Vector256<float> t = X86.Fma.MultiplyAdd(shifted - Vector256.Create(Shift), Vector256.Create(-Spacing256), magnitude); // exact
        Vector256<int> index = shifted.AsInt32();
        Vector256<float> half = Avx2.ShiftLeftLogical(index, 28).AsSingle();

        Vector256<float> p = Look(ErfCoefficients256.C9, ErfCoefficients256.C9Upper, index, half);
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C8, ErfCoefficients256.C8Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C7, ErfCoefficients256.C7Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C6, ErfCoefficients256.C6Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C5, ErfCoefficients256.C5Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C4, ErfCoefficients256.C4Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C3, ErfCoefficients256.C3Upper, index, half));
        p = X86.Fma.MultiplyAdd(p, t, Look(ErfCoefficients256.C2Low, ErfCoefficients256.C2LowUpper, index, half));
        Vector256<float> c2 = Look(ErfCoefficients256.C2, ErfCoefficients256.C2Upper, index, half);
        Vector256<float> d = Look(ErfCoefficients256.D, ErfCoefficients256.DUpper, index, half);
        Vector256<float> dLow = Look(ErfCoefficients256.DLow, ErfCoefficients256.DLowUpper, index, half);
        Vector256<float> e = Look(ErfCoefficients256.E, ErfCoefficients256.EUpper, index, half);
        Vector256<float> eLow = Look(ErfCoefficients256.ELow, ErfCoefficients256.ELowUpper, index, half);

        Vector256<float> slope = X86.Fma.MultiplyAdd(t, c2, d);
        Vector256<float> slopeRest = X86.Fma.MultiplyAdd(t, p, X86.Fma.MultiplyAdd(t, c2, d - slope) + dLow);
        Vector256<float> sum = X86.Fma.MultiplyAdd(t, slope, e);
        Vector256<float> rest = X86.Fma.MultiplyAdd(t, slope, e - sum) + X86.Fma.MultiplyAdd(t, slopeRest, eLow);
        Vector256<float> limited = Avx.Min(sum, Vector256.Create(Limit256));
        Vector256<float> y = sum + X86.Fma.MultiplyAdd(limited, Vector256.Create(Margin256), rest);
        Vector256<float> below = sum + X86.Fma.MultiplyAdd(limited, Vector256.Create(-Margin256), rest);
        open = (uint)Avx.MoveMask(Vector256.Equals(y, below) & Vector256.GreaterThan(sum, Vector256.Create(Least))) ^ 0xFF;
        return y | (x & Vector256.Create(-0f));
    }

    /// <summary>The coefficient that the low 3 bits name, in the half that the next one names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Look(Vector256<float> lower, Vector256<float> upper, Vector256<int> index, Vector256<float> half) =>
        Avx.BlendVariable(Avx2.PermuteVar8x32(lower, index), Avx2.PermuteVar8x32(upper, index), half);
}
