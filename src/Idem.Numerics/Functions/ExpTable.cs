// e^x in float32 alone, for vectors that look 2^(j/32) (or 2^(j/8), in 256 bits) up by permutations:
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

/// <summary>e^x.</summary>
internal readonly struct ExpTable : ILaneTable
{
    private const float Limit = 87.25f;
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.6931472f; // k*Ln2High comes off x exactly in one fused multiply-add, as r is below 2^-6.5 (2^-4.5) and a multiple of 2^-30 (2^-28)
    private const float Ln2Low = -1.9046542e-9f;
    private const float Shift512 = 393216f; // 1.5 * 2^18: adding it rounds to a multiple of 1/32, which the low bits count
    private const float Shift256 = 1572864f; // 1.5 * 2^20
    private const float C3 = 1f / 6;
    private const float C3Raised = 0.16666752f; // makes up for r^5/120
    private const float C4 = 1f / 24;
    private const float C4Raised = 0.041668996f; // makes up for r^6/720
    private const float C5 = 1f / 120;
    public const float Margin512 = 10f / (1L << 38);
    public const float Margin256 = 33f / (1L << 36);

    /// <summary>Whether vectors of this kind are evaluated by table. A constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<S>() =>
        (typeof(S) == typeof(Simd512) && Avx512F.IsSupported) || (typeof(S) == typeof(Simd256) && Avx2.IsSupported && X86.Fma.IsSupported);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate512<G, V>(V x, out ulong open)
        where G : struct, IGroup512<V>
        where V : struct
    {
        V sum = Sum512<G, V>(x, out V rest, out V k);
        V y = G.Add(sum, rest);
        open = G.Decided(y, G.Add(sum, G.Subtract(rest, G.Create(2 * Margin512))), G.Abs(x), G.Create(Limit)) ^ G.All;
        return G.Scale(y, k);
    }

    /// <summary>e^x = 2^floor(k) (sum + rest - Margin), but for an error of Margin. Twice the margin below must round the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum512<G, V>(V x, out V rest, out V k)
        where G : struct, IGroup512<V>
        where V : struct
    {
        // x = k ln 2 + r with k a multiple of 1/32.
        V shifted = G.Fma(x, G.Create(Log2E), G.Create(Shift512));
        k = G.Subtract(shifted, G.Create(Shift512));
        V r = G.Fma(k, G.Create(-Ln2High), x);
        V high = G.Look(High512, High512Upper, shifted), low = G.Look(Low512, Low512Upper, shifted);
        low = G.Fma(k, G.Create(-Ln2Low), low);

        // e^(r + low) = 1 + r + q
        V rounded = G.Add(r, low);
        V p = G.Fma(rounded, G.Create(C4), G.Create(C3Raised));
        p = G.Fma(p, rounded, G.Create(0.5f));
        V q = G.Fma(G.Multiply(rounded, rounded), p, low);

        // high (1 + r) = sum + rest, exactly but for the last bit of rest
        V sum = G.Fma(high, r, high);
        rest = G.Fma(high, q, G.Fma(high, r, G.Subtract(high, sum)));
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate256<G, V>(V x, out ulong open)
        where G : struct, IGroup256<V>
        where V : struct
    {
        V sum = Sum256<G, V>(x, out V rest, out V shifted);
        V y = G.Add(sum, rest);
        open = G.Decided(y, G.Add(sum, G.Subtract(rest, G.Create(2 * Margin256))), G.Abs(x), G.Create(Limit)) ^ G.All;
        return G.AddExponent(y, shifted);
    }

    /// <summary>The same; the exponent stands in <paramref name="shifted"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum256<G, V>(V x, out V rest, out V shifted)
        where G : struct, IGroup256<V>
        where V : struct
    {
        shifted = G.Fma(x, G.Create(Log2E), G.Create(Shift256));
        V k = G.Subtract(shifted, G.Create(Shift256));
        V r = G.Fma(k, G.Create(-Ln2High), x);
        V high = G.Look(High256, shifted), low = G.Look(Low256, shifted);
        low = G.Fma(k, G.Create(-Ln2Low), low);
        V rounded = G.Add(r, low);
        V p = G.Fma(rounded, G.Create(C5), G.Create(C4Raised));
        p = G.Fma(p, rounded, G.Create(C3));
        p = G.Fma(p, rounded, G.Create(0.5f));
        V q = G.Fma(G.Multiply(rounded, rounded), p, low);
        V sum = G.Fma(high, r, high);
        rest = G.Fma(high, q, G.Fma(high, r, G.Subtract(high, sum)));
        return sum;
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

    /// <summary>log(2^(j/32)/high) + Margin512/high: the table adds the margin to rest.</summary>
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
