// The error function in pairs of float32, for vectors that look polynomials up by permutations: erf(c + t) = E + t (D + t (C2 + ..))
// with c the multiple of 1/8 (17/64, in 256 bits) that is nearest. E, D and C2 are pairs, the other coefficients are not.
// The sum is good to Margin times the lesser of it and Limit, so that it rounds as the exact value does unless that lies nearer than
// this to the middle between two float32. A lane where it does, or of NaN or next to zero, is reported open, and ErfFunction
// decides it in float64.
//
// Errors in 512 bits, |t| at most 1/16, in units of 2^-34 of the derivative where it is largest, at 0: the last step of p, the one
// before and slopeRest 0.9 each. In units of 2^-34 of the result where it is least next to its error, erf(1/16): t slopeRest, rest
// and its margin 0.9 each. The polynomials are good to 1.0 there. Together 6.3. In 256 bits, |t| at most 17/128,
// counted alike in units of 2^-30: 1.35 and 0.18, together 1.53.
// The scheme may change, the results may not: all 2^32 inputs are compared.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>erf x.</summary>
internal readonly struct ErfTable : ILaneTable
{
    private const float Saturation = 3.93f; // from 3.92 on the result is 1
    private const float Shift512 = 1572864f; // 1.5 * 2^20: adding it rounds to a multiple of 1/8, which the low bits count
    private const float Shift256 = 12582912f; // 1.5 * 2^23: to an integer
    private const float Spacing256 = 0.265625f;
    private const float Least = 1f / (1L << 60); // far above where rests (2^-78) or margins (2^-94) could be subnormal
    private const float Limit512 = 0.0705f; // erf of half a spacing
    private const float Limit256 = 0.1491f;
    private const float Margin512 = 6.5f / (1L << 34);
    private const float Margin256 = 1.55f / (1L << 30);

    /// <summary>Whether vectors of this kind are evaluated by table. A constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate512<G, V>(V x, out ulong open)
        where G : struct, IGroup512<V>
        where V : struct
    {
        V magnitude = G.Min(G.Create(Saturation), G.Abs(x)); // NaN if x is
        V shifted = G.Add(magnitude, G.Create(Shift512));
        V t = G.Subtract(magnitude, G.Subtract(shifted, G.Create(Shift512))); // exact
        V p = G.Look(ErfCoefficients512.C6, ErfCoefficients512.C6Upper, shifted);
        p = G.Fma(p, t, G.Look(ErfCoefficients512.C5, ErfCoefficients512.C5Upper, shifted));
        p = G.Fma(p, t, G.Look(ErfCoefficients512.C4, ErfCoefficients512.C4Upper, shifted));
        p = G.Fma(p, t, G.Look(ErfCoefficients512.C3, ErfCoefficients512.C3Upper, shifted));
        p = G.Fma(p, t, G.Look(ErfCoefficients512.C2Low, ErfCoefficients512.C2LowUpper, shifted));

        // d + t (c2 + p) = slope + slopeRest and e + t slope = sum + rest: fused multiply-adds give what the first rounding left.
        V c2 = G.Look(ErfCoefficients512.C2, ErfCoefficients512.C2Upper, shifted), d = G.Look(ErfCoefficients512.D, ErfCoefficients512.DUpper, shifted);
        V slope = G.Fma(t, c2, d);
        V slopeRest = G.Add(G.Fma(t, c2, G.Subtract(d, slope)), G.Look(ErfCoefficients512.DLow, ErfCoefficients512.DLowUpper, shifted));
        slopeRest = G.Fma(t, p, slopeRest);
        V e = G.Look(ErfCoefficients512.E, ErfCoefficients512.EUpper, shifted);
        V sum = G.Fma(t, slope, e);
        V rest = G.Fma(t, slope, G.Subtract(e, sum));
        rest = G.Add(rest, G.Fma(t, slopeRest, G.Look(ErfCoefficients512.ELow, ErfCoefficients512.ELowUpper, shifted)));

        V margin = G.Multiply(G.Min(sum, G.Create(Limit512)), G.Create(Margin512));
        V y = G.Add(sum, G.Add(rest, margin));
        open = G.Decided(y, G.Add(sum, G.Subtract(rest, margin)), G.Create(Least), sum) ^ G.All; // where sum is at least Least
        return G.WithSign(y, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate256<G, V>(V x, out ulong open)
        where G : struct, IGroup256<V>
        where V : struct
    {
        V magnitude = G.Min(G.Create(Saturation), G.Abs(x)); // NaN if x is
        V shifted = G.Fma(magnitude, G.Create(1 / Spacing256), G.Create(Shift256));
        V t = G.Fma(G.Subtract(shifted, G.Create(Shift256)), G.Create(-Spacing256), magnitude); // exact
        V half = G.Half(shifted);
        V p = G.Look(ErfCoefficients256.C9, ErfCoefficients256.C9Upper, shifted, half);
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C8, ErfCoefficients256.C8Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C7, ErfCoefficients256.C7Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C6, ErfCoefficients256.C6Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C5, ErfCoefficients256.C5Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C4, ErfCoefficients256.C4Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C3, ErfCoefficients256.C3Upper, shifted, half));
        p = G.Fma(p, t, G.Look(ErfCoefficients256.C2Low, ErfCoefficients256.C2LowUpper, shifted, half));
        V c2 = G.Look(ErfCoefficients256.C2, ErfCoefficients256.C2Upper, shifted, half), d = G.Look(ErfCoefficients256.D, ErfCoefficients256.DUpper, shifted, half);
        V slope = G.Fma(t, c2, d);
        V slopeRest = G.Add(G.Fma(t, c2, G.Subtract(d, slope)), G.Look(ErfCoefficients256.DLow, ErfCoefficients256.DLowUpper, shifted, half));
        slopeRest = G.Fma(t, p, slopeRest);
        V e = G.Look(ErfCoefficients256.E, ErfCoefficients256.EUpper, shifted, half);
        V sum = G.Fma(t, slope, e);
        V rest = G.Fma(t, slope, G.Subtract(e, sum));
        rest = G.Add(rest, G.Fma(t, slopeRest, G.Look(ErfCoefficients256.ELow, ErfCoefficients256.ELowUpper, shifted, half)));
        V margin = G.Multiply(G.Min(sum, G.Create(Limit256)), G.Create(Margin256));
        V y = G.Add(sum, G.Add(rest, margin));
        open = G.Decided(y, G.Add(sum, G.Subtract(rest, margin)), G.Create(Least), sum) ^ G.All; // where sum is at least Least
        return G.WithSign(y, x);
    }
}
