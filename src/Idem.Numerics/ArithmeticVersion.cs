namespace Idem.Numerics;

/// <summary>The version of docs/arithmetic.md that this assembly computes. A digest is comparable within one version only.</summary>
public static class ArithmeticVersion
{
    /// <summary>Its name, as run.json, receipts and the self-check state it.</summary>
    public const string Name = "idem-1";
}
