// e^x in pairs of float32, for vectors that look 2^(j/16) (or 2^(j/8), in 256 bits) up by a permutation:
// e^x = 2^k T e^r with T = high + low and e^r = 1 + r + q. In units of 2^k the sum is good to 1.25 * 2^-34 (2^-32), so that it
// rounds as the exact value does unless that lies nearer than this to the middle between two float32. A vector with such a lane,
// or one beyond 87.25 (subnormal results, overflow, NaN), is reported open, and ExpFunction decides it in float64.
// The scheme may change, the results may not: all 2^32 inputs are compared.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

internal static class ExpTable
{
    private const float Limit = 87.25f;
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.6931472f; // k*Ln2High comes off x exactly in one fused multiply-add, as |r| < 2^-4
    private const float Ln2Low = -1.9046542e-9f;
    private const float C3 = 1f / 6;
    private const float C4 = 1f / 24;
    private const float C5 = 1f / 120;
    private const float C6 = 1f / 720;

    /// <summary>e^x, unless <paramref name="open"/>.</summary>
    /// <remarks>
    /// Errors, in units of 2^-36: the square and q 1/2 each, times T below 2; high+low, rest and its distance from sum 1 each. The
    /// series ends at 2^-42. Together less than 5. In 256 bits r is twice as large and all of this four times.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> x, out bool open)
    {
        const float Shift = 786432f; // 1.5 * 2^19: adding it rounds to a sixteenth, counted in the low bits
        const float Error = 1.25f / (1L << 34);

        Vector512<float> shifted = Avx512F.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(Shift));
        Vector512<float> high = Avx512F.PermuteVar16x32(High16, shifted.AsInt32()); // its low 4 bits
        Vector512<float> low = Avx512F.PermuteVar16x32(Low16, shifted.AsInt32());
        Vector512<float> k = shifted - Vector512.Create(Shift);
        Vector512<float> r = Avx512F.FusedMultiplyAddNegated(k, Vector512.Create(Ln2High), x);
        low = Avx512F.FusedMultiplyAddNegated(high, k * Vector512.Create(Ln2Low), low);

        Vector512<float> half = Avx512F.FusedMultiplyAddNegated(k, Vector512.Create(Ln2High / 2), x * Vector512.Create(0.5f)); // r/2, without waiting for r
        Vector512<float> square = r * half;
        Vector512<float> p = Avx512F.FusedMultiplyAdd(r, Vector512.Create(2 * C5), Vector512.Create(2 * C4));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(2 * C3));
        Vector512<float> q = Avx512F.FusedMultiplyAdd(p, square * r, square);

        // high*(1+r) = sum + rest, exactly but for the last bit of rest.
        Vector512<float> sum = Avx512F.FusedMultiplyAdd(high, r, high);
        Vector512<float> rest = Avx512F.FusedMultiplySubtract(high, r, sum - high);
        rest = Avx512F.FusedMultiplyAdd(high + low, q, rest + Avx512F.FusedMultiplyAdd(low, r, low));

        Vector512<float> y = sum + (rest + Vector512.Create(Error));
        Vector512<float> decided = Vector512.Equals(y, sum + (rest - Vector512.Create(Error)))
            & Vector512.LessThanOrEqual(Vector512.Abs(x), Vector512.Create(Limit));
        open = decided.AsInt32() != Vector512<int>.AllBitsSet;
        return Avx512F.Scale(y, k); // y * 2^floor(k)
    }

    /// <inheritdoc cref="Invoke(Vector512{float}, out bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Invoke(Vector256<float> x, out bool open)
    {
        const float Shift = 1572864f; // 1.5 * 2^20: adding it rounds to an eighth
        const float Error = 1.25f / (1L << 32);

        Vector256<float> shifted = X86.Fma.MultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(Shift));
        Vector256<float> high = Avx2.PermuteVar8x32(High8, shifted.AsInt32()); // its low 3 bits
        Vector256<float> low = Avx2.PermuteVar8x32(Low8, shifted.AsInt32());
        Vector256<float> k = shifted - Vector256.Create(Shift);
        Vector256<float> r = X86.Fma.MultiplyAddNegated(k, Vector256.Create(Ln2High), x);
        low = X86.Fma.MultiplyAddNegated(high, k * Vector256.Create(Ln2Low), low);

        Vector256<float> half = X86.Fma.MultiplyAddNegated(k, Vector256.Create(Ln2High / 2), x * Vector256.Create(0.5f)); // r/2, without waiting for r
        Vector256<float> square = r * half;
        Vector256<float> p = X86.Fma.MultiplyAdd(r, Vector256.Create(2 * C6), Vector256.Create(2 * C5));
        p = X86.Fma.MultiplyAdd(p, r, Vector256.Create(2 * C4));
        p = X86.Fma.MultiplyAdd(p, r, Vector256.Create(2 * C3));
        Vector256<float> q = X86.Fma.MultiplyAdd(p, square * r, square);

        Vector256<float> sum = X86.Fma.MultiplyAdd(high, r, high);
        Vector256<float> rest = X86.Fma.MultiplySubtract(high, r, sum - high);
        rest = X86.Fma.MultiplyAdd(high + low, q, rest + X86.Fma.MultiplyAdd(low, r, low));

        Vector256<float> y = sum + (rest + Vector256.Create(Error));
        Vector256<float> decided = Vector256.Equals(y, sum + (rest - Vector256.Create(Error)))
            & Vector256.LessThanOrEqual(Vector256.Abs(x), Vector256.Create(Limit));
        open = Avx.MoveMask(decided) != 0xFF;
        Vector256<int> exponent = (shifted.AsInt32() << 20) & Vector256.Create(unchecked((int)0xFF800000)); // floor(k)
        return (y.AsInt32() + exponent).AsSingle();
    }

    private static Vector512<float> High16
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1f, 1.0442737f, 1.0905077f, 1.1387886f, 1.1892071f, 1.2418578f, 1.2968396f, 1.3542556f,
            1.4142135f, 1.4768262f, 1.5422108f, 1.6104903f, 1.6817929f, 1.7562522f, 1.8340081f, 1.9152066f);
    }

    private static Vector512<float> Low16
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, 4.83347e-8f, -1.307754e-8f, 5.3862223e-8f, 3.7976353e-8f, 4.496838e-8f, -4.0189995e-8f, -1.0123349e-8f,
            2.4203235e-8f, -4.500899e-8f, 8.070905e-9f, 9.836217e-9f, -2.4755327e-8f, -9.23577e-9f, -1.1239278e-8f, 9.845328e-9f);
    }

    private static Vector256<float> High8
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(1f, 1.0905077f, 1.1892071f, 1.2968396f, 1.4142135f, 1.5422108f, 1.6817929f, 1.8340081f);
    }

    private static Vector256<float> Low8
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, -1.307754e-8f, 3.7976353e-8f, -4.0189995e-8f, 2.4203235e-8f, 8.070905e-9f, -2.4755327e-8f, -1.1239278e-8f);
    }
}
