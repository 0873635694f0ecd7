// Two statements of the same step, quantity by quantity, in the order in which a step computes them: the first that differs is the nearest
// to the cause.

using Idem.Audit;

namespace Idem.Verification;

/// <summary>A quantity of a step that two records state differently.</summary>
/// <param name="Step">The step.</param>
/// <param name="Quantity">Its name, as in the ledger.</param>
/// <param name="A">What the first states: decimal and encoding, a digest, or "absent".</param>
/// <param name="B">What the second states.</param>
public sealed record LedgerDifference(long Step, string Quantity, string A, string B);

/// <summary>Compares ledgers.</summary>
public static class LedgerComparison
{
    /// <summary>The first quantity that differs, or null.</summary>
    public static LedgerDifference? FirstDifference(in LedgerRecord a, in LedgerRecord b) => FirstDifference(a, b, isPlanned: true);

    /// <summary>The first difference of two ledgers within the steps that both have, or null. Quantities that only one of them states are passed over.</summary>
    public static LedgerDifference? FirstDifference(IReadOnlyList<LedgerRecord> a, IReadOnlyList<LedgerRecord> b)
    {
        for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (FirstDifference(a[i], b[i], isPlanned: false) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    /// <summary>The first quantity that differs, or null.</summary>
    /// <param name="a">One statement.</param>
    /// <param name="b">The other.</param>
    /// <param name="isPlanned">Whether both must state the same quantities; else those that only one states are passed over.</param>
    internal static LedgerDifference? FirstDifference(in LedgerRecord a, in LedgerRecord b, bool isPlanned)
    {
        foreach ((string quantity, string? inA, string? inB) in new[]
        {
            ("data_digest", a.DataDigest.ToString(), b.DataDigest.ToString()),
            ("lr", Describe(a.Lr), Describe(b.Lr)),
            ("loss", Describe(a.Loss), Describe(b.Loss)),
            ("grad_norm", Describe(a.GradNorm), Describe(b.GradNorm)),
            ("params_digest", a.ParamsDigest?.ToString(), b.ParamsDigest?.ToString()),
            ("optimizer_digest", a.OptimizerDigest?.ToString(), b.OptimizerDigest?.ToString()),
            ("val_loss", Describe(a.ValLoss), Describe(b.ValLoss)),
        })
        {
            if (inA != inB && (isPlanned || (inA is not null && inB is not null)))
            {
                return new LedgerDifference(a.Step, quantity, inA ?? "absent", inB ?? "absent");
            }
        }

        return null;
    }

    private static string? Describe(LedgerNumber? number) => number is { } value ? $"{value.Decimal} (0x{value.Hex})" : null;
}
