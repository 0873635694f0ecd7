// 1/(1+e^-x) in float32 alone: 1/(hi + lo) is about q + q (1 - q hi - q lo), with hi + lo = 1 + e^-x from ExpTable and q = 1/hi, rounded.
// The sum is good to Margin times q, so that it rounds as the exact value does unless that lies nearer than this to the middle between
// two float32. A lane where it does, or beyond 54 (far from where anything is subnormal), or of NaN, is reported open, and
// SigmoidFunction decides it in float64. The scheme may change, the results may not: all 2^32 inputs are compared.
//
// Errors: that of e^-x is below 8.7/2^38 of it (32.8/2^36 in 256 bits), and no greater in the result. What is rounded here is lo,
// below 2^-23 hi, and the correction, below 2^-22 q, and the latter's square is left out: below 2^-43 together. Margins as ExpTable's.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>1/(1+e^-x).</summary>
internal readonly struct SigmoidTable : ILaneTable
{
    private const float Limit = 54f;

    /// <summary>Whether vectors of this kind are evaluated by table. A constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate512<G, V>(V x, out ulong open)
        where G : struct, IGroup512<V>
        where V : struct
    {
        V sum = ExpTable.Sum512<G, V>(G.Negate(x), out V rest, out V k);
        rest = G.Subtract(rest, G.Create(ExpTable.Margin512));
        V high = G.Add(sum, rest);
        rest = G.Add(G.Subtract(sum, high), rest);
        return Reciprocal<G, V>(x, G.Scale(high, k), G.Scale(rest, k), ExpTable.Margin512, out open);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate256<G, V>(V x, out ulong open)
        where G : struct, IGroup256<V>
        where V : struct
    {
        V sum = ExpTable.Sum256<G, V>(G.Negate(x), out V rest, out V shifted);
        rest = G.Subtract(rest, G.Create(ExpTable.Margin256));
        V high = G.Add(sum, rest);
        rest = G.Add(G.Subtract(sum, high), rest);
        V power = G.AddExponent(G.Create(1f), shifted);
        return Reciprocal<G, V>(x, G.Multiply(high, power), G.Multiply(rest, power), ExpTable.Margin256, out open);
    }

    /// <summary>1/(1 + e + rest).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Reciprocal<G, V>(V x, V e, V rest, float margin, out ulong open)
        where G : struct, IGroup<V>
        where V : struct
    {
        V one = G.Create(1f), high = G.Add(one, e);
        V low = G.Add(G.Add(G.Subtract(G.Max(one, e), high), G.Min(one, e)), rest);
        V quotient = G.Divide(one, high);
        V correction = G.Multiply(quotient, G.Fma(G.Negate(quotient), low, G.Fma(G.Negate(quotient), high, one)));
        V allowed = G.Multiply(quotient, G.Create(margin));
        V y = G.Add(quotient, G.Add(correction, allowed));
        open = G.Decided(y, G.Add(quotient, G.Subtract(correction, allowed)), G.Abs(x), G.Create(Limit)) ^ G.All;
        return y;
    }
}
