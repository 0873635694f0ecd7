// The first difference that a re-execution found.

namespace Idem.Verification;

/// <summary>A quantity that a run states and that its re-execution computed differently.</summary>
/// <param name="Step">The step.</param>
/// <param name="Quantity">Its name, as in the ledger.</param>
/// <param name="Recorded">What the run states.</param>
/// <param name="Computed">What the re-execution computed.</param>
public sealed record Mismatch(long Step, string Quantity, string Recorded, string Computed)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"step {Step}: {Quantity} is {Recorded} in the run, {Computed} when re-executed";
}
