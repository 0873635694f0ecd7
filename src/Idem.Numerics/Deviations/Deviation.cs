// Arithmetic that is NOT Idem's, on purpose: what other systems do, so that 'idem diff' can re-execute a step as such a system would
// and say why its bits differ. Nothing but a difference's explanation may be computed so: no path, option or environment variable
// leads here, only Compute.Deviating. A result of a deviating Compute has no promise, not even between two versions of Idem.

namespace Idem.Numerics;

/// <summary>In which ways an arithmetic departs from <c>arithmetic.md</c>. All at their defaults is no departure.</summary>
public sealed record Deviation
{
    /// <summary>Every float32 fused multiply-add rounds its product before the addition, as without the instruction.</summary>
    public bool Unfused { get; init; }

    /// <summary>A float32 product that goes straight into an addition or subtraction is fused with it, as compilers contract.</summary>
    public bool Contracted { get; init; }

    /// <summary>Subnormal float32 operands and results are zeros of their sign, as with FTZ and DAZ set.</summary>
    public bool Flushed { get; init; }

    /// <summary>The order of the sums of matrix products; null for the chain-tree. Attention, norms and other sums keep theirs.</summary>
    public DotOrder? Products { get; init; }

    /// <summary>Matrix products are summed in float64, in the order of <see cref="Products"/>, and rounded once.</summary>
    public bool WideProducts { get; init; }

    internal DeviantRules Rules =>
        (Unfused ? DeviantRules.Unfused : 0) | (Contracted ? DeviantRules.Contracted : 0) | (Flushed ? DeviantRules.Flushed : 0);
}

/// <summary>How the terms of a dot product are added.</summary>
public enum DotOrderKind
{
    /// <summary>Chains over so many neighbours, joined by the index-aligned binary tree. The definition is Chains of 256; 1 is pairwise.</summary>
    Chains,

    /// <summary>Term i goes to chain i mod width; the chains are joined by halving, as vector registers are.</summary>
    Lanes,

    /// <summary>One chain from the last term to the first; the width has no part in it.</summary>
    Descending,
}

/// <summary>An order of summation.</summary>
/// <param name="Kind">How terms are assigned to chains.</param>
/// <param name="Width">Terms of a chain, or chains.</param>
public readonly record struct DotOrder(DotOrderKind Kind, int Width)
{
    /// <summary>One chain over all terms, ascending.</summary>
    public static DotOrder Sequential { get; } = new(DotOrderKind.Chains, int.MaxValue);
}

/// <summary>What <see cref="SimdDeviant"/> reads.</summary>
[Flags]
internal enum DeviantRules : byte
{
    None = 0,
    Unfused = 1,
    Contracted = 2,
    Flushed = 4,
}
