// e^x in pairs of float32, for vectors that look 2^(j/32) (or 2^(j/8), in 256 bits) up by permutations:
// e^x = 2^k high e^(r + low), where high is that power rounded and low makes up for its rounding and for ln 2's.
// In units of 2^floor(k) the sum is good to Margin, so that it rounds as the exact value does unless that lies nearer than this to
// the middle between two float32. A lane where it does, or beyond 87.25 (subnormal results, overflow, NaN), is reported open, and
// ExpFunction decides it in float64. The scheme may change, the results may not: all 2^32 inputs are compared.
//
// Errors in 512 bits, |r| < 2^-6.5, in units of 2^-38 of a sum below 2: rounding r + low costs 2.7, its square 1.0, the factor of the
// square 1.9, q 1.0, rest 1.0 and again 1.0 as its margin is taken off; the series ends 0.1 from e^r. Together 8.7, below the margin
// of 10. In 256 bits, |r| < 2^-4.5, in units of 2^-36: 10.2, 3.7, 7.1, 3.7, 4.0, 4.0, 0.1, together 32.8, below the margin of 33.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

internal static class ExpTable
{
    private const float Limit = 87.25f;
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.6931472f; // k*Ln2High comes off x exactly in one fused multiply-add, as |r| < 2^-5
    private const float Ln2Low = -1.9046542e-9f;
    private const float C3 = 1f / 6;
    private const float C3Raised = 0.16666752f; // makes up for r^5/120
    private const float C4 = 1f / 24;
    private const float C4Raised = 0.041668996f; // makes up for r^6/720
    private const float C5 = 1f / 120;
    private const float Margin512 = 10f / (1L << 38);
    private const float Margin256 = 33f / (1L << 36);

    /// <summary>Whether vectors of this kind are evaluated by table. A constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<S>() =>
        (typeof(S) == typeof(Simd512) && Avx512F.IsSupported) || (typeof(S) == typeof(Simd256) && Avx2.IsSupported && X86.Fma.IsSupported);

    /// <summary>e^x in the lanes whose bit of <paramref name="open"/> is not set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, out uint open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F r = Reduce<S, F, D>(x, out F shifted, out F k);
        F high = Look<S, F, D>(shifted, k, out F low);
        F q = Series<S, F, D>(r, low);
        F sum = Sum<S, F, D>(high, r, q, out F rest);
        return Round<S, F, D>(x, shifted, k, sum, rest, out open);
    }

    /// <summary>Two vectors, step by step, as one would wait for its own results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Invoke<S, F, D>(F x0, F x1, out F y0, out F y1, out uint open0, out uint open1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F r0 = Reduce<S, F, D>(x0, out F shifted0, out F k0), r1 = Reduce<S, F, D>(x1, out F shifted1, out F k1);
        F high0 = Look<S, F, D>(shifted0, k0, out F low0), high1 = Look<S, F, D>(shifted1, k1, out F low1);
        F q0 = Series<S, F, D>(r0, low0), q1 = Series<S, F, D>(r1, low1);
        F sum0 = Sum<S, F, D>(high0, r0, q0, out F rest0), sum1 = Sum<S, F, D>(high1, r1, q1, out F rest1);
        y0 = Round<S, F, D>(x0, shifted0, k0, sum0, rest0, out open0);
        y1 = Round<S, F, D>(x1, shifted1, k1, sum1, rest1, out open1);
    }

    /// <summary>x = k ln 2 + r with k a multiple of 1/32 (1/8), which the low bits of <paramref name="shifted"/> count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Reduce<S, F, D>(F x, out F shifted, out F k)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F shift = S.Create(typeof(S) == typeof(Simd512) ? 393216f : 1572864f); // 1.5 * 2^18 (2^20)
        shifted = S.Fma(x, S.Create(Log2E), shift);
        k = S.Subtract(shifted, shift);
        return S.Fma(k, S.Create(-Ln2High), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Look<S, F, D>(F shifted, F k, out F low)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F high;
        if (typeof(S) == typeof(Simd512))
        {
            Vector512<int> index = Unsafe.BitCast<F, Vector512<int>>(shifted); // its low 5 bits
            high = Unsafe.BitCast<Vector512<float>, F>(Avx512F.PermuteVar16x32x2(High512, index, High512Upper));
            low = Unsafe.BitCast<Vector512<float>, F>(Avx512F.PermuteVar16x32x2(Low512, index, Low512Upper));
        }
        else
        {
            Vector256<int> index = Unsafe.BitCast<F, Vector256<int>>(shifted); // its low 3 bits
            high = Unsafe.BitCast<Vector256<float>, F>(Avx2.PermuteVar8x32(High256, index));
            low = Unsafe.BitCast<Vector256<float>, F>(Avx2.PermuteVar8x32(Low256, index));
        }

        low = S.Fma(k, S.Create(-Ln2Low), low);
        return high;
    }

    /// <summary>q with e^(r + low) = 1 + r + q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Series<S, F, D>(F r, F low)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F rounded = S.Add(r, low);
        F square = S.Multiply(rounded, rounded);
        F p = typeof(S) == typeof(Simd512)
            ? S.Fma(rounded, S.Create(C4), S.Create(C3Raised))
            : S.Fma(S.Fma(rounded, S.Create(C5), S.Create(C4Raised)), rounded, S.Create(C3));
        p = S.Fma(p, rounded, S.Create(0.5f));
        return S.Fma(square, p, low);
    }

    /// <summary>high (1 + r + q) as sum + rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Sum<S, F, D>(F high, F r, F q, out F rest)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F sum = S.Fma(high, r, high);
        rest = S.Fma(high, r, S.Subtract(high, sum)); // high (1 + r) = sum + rest, exactly but for the last bit of rest
        rest = S.Fma(high, q, rest);
        return sum;
    }

    /// <summary>sum + rest, rounded, times 2^floor(k). The table has added the margin to rest: twice of it below must round the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Round<S, F, D>(F x, F shifted, F k, F sum, F rest, out uint open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F y = S.Add(sum, rest), magnitude = FunctionLanes.Abs<S, F, D>(x);
        F below = S.Add(sum, S.Subtract(rest, S.Create(2 * (typeof(S) == typeof(Simd512) ? Margin512 : Margin256))));
        if (typeof(S) == typeof(Simd512))
        {
            Vector512<float> sum512 = Unsafe.BitCast<F, Vector512<float>>(y);
            ulong decided = Vector512.Equals(sum512, Unsafe.BitCast<F, Vector512<float>>(below)).ExtractMostSignificantBits()
                & Vector512.LessThanOrEqual(Unsafe.BitCast<F, Vector512<float>>(magnitude), Vector512.Create(Limit)).ExtractMostSignificantBits();
            open = (uint)decided ^ 0xFFFF;
            return Unsafe.BitCast<Vector512<float>, F>(Avx512F.Scale(sum512, Unsafe.BitCast<F, Vector512<float>>(k)));
        }
        else
        {
            Vector256<float> sum256 = Unsafe.BitCast<F, Vector256<float>>(y);
            Vector256<float> decided = Vector256.Equals(sum256, Unsafe.BitCast<F, Vector256<float>>(below))
                & Vector256.LessThanOrEqual(Unsafe.BitCast<F, Vector256<float>>(magnitude), Vector256.Create(Limit));
            open = (uint)Avx.MoveMask(decided) ^ 0xFF;
            Vector256<int> exponent = (Unsafe.BitCast<F, Vector256<int>>(shifted) << 20) & Vector256.Create(unchecked((int)0xFF800000)); // floor(k)
            return Unsafe.BitCast<Vector256<int>, F>(sum256.AsInt32() + exponent);
        }
    }

    private static Vector512<float> High512
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1f, 1.0218972f, 1.0442737f, 1.0671405f, 1.0905077f, 1.1143868f, 1.1387886f, 1.1637249f,
            1.1892071f, 1.2152474f, 1.2418578f, 1.269051f, 1.2968396f, 1.3252367f, 1.3542556f, 1.38391f);
    }

    private static Vector512<float> High512Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1.4142135f, 1.4451808f, 1.4768262f, 1.5091645f, 1.5422108f, 1.5759809f, 1.6104903f, 1.6457555f,
            1.6817929f, 1.7186193f, 1.7562522f, 1.7947091f, 1.8340081f, 1.8741677f, 1.9152066f, 1.9571441f);
    }

    /// <summary>log(2^(j/32)/high) + Margin512/high.</summary>
    private static Vector512<float> Low512
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            3.6379788e-11f, -4.7048978e-08f, 4.6320306e-08f, -5.5570137e-08f, -1.1958797e-08f, -4.874342e-08f, 4.7329767e-08f, -3.4783167e-08f,
            3.196477e-08f, -2.685673e-08f, 3.6239868e-08f, 1.147088e-09f, -3.0962667e-08f, -2.635556e-08f, -7.44835e-09f, -4.243007e-08f);
    }

    private static Vector512<float> Low512Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1.7139996e-08f, 2.302714e-08f, -3.0452203e-08f, -1.651443e-08f, 5.256924e-09f, -3.5897564e-08f, 6.130181e-09f, -3.111844e-08f,
            -1.4697974e-08f, -2.8196933e-08f, -5.2380806e-09f, -6.3401164e-09f, -6.1084235e-09f, -2.4860997e-08f, 5.1596043e-09f, -8.678678e-09f);
    }

    private static Vector256<float> High256
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(1f, 1.0905077f, 1.1892071f, 1.2968396f, 1.4142135f, 1.5422108f, 1.6817929f, 1.8340081f);
    }

    /// <summary>log(2^(j/8)/high) + Margin256/high.</summary>
    private static Vector256<float> Low256
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            4.802132e-10f, -1.15517995e-08f, 3.233799e-08f, -3.0620427e-08f, 1.7453834e-08f, 5.544714e-09f, -1.4434069e-08f, -5.8664216e-09f);
    }
}
