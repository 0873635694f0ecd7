// idem diff of two runs: what they are made of, the first step of which they state different things, the first operation that gave
// different results, and why. A cause is named as confirmed only if re-execution with it gives the bits that the side states.
//
// A side's own steps, executed here, have Idem's bits whatever system wrote the side. So there are two cases. If both sides state what
// their configurations give, the configurations differ, and the settings that matter are found by leaving out those that do not. If a
// side states something else, it was computed otherwise, and ways to compute otherwise are tried until one gives its bits.

using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>Compares runs.</summary>
public static class RunDifference
{
    /// <summary>Steps past the first mismatch that a cause must also give, as far as the side goes and no digest comes before.</summary>
    private const int ConfirmingSteps = 4;

    /// <summary>Compares two runs.</summary>
    /// <param name="runA">One.</param>
    /// <param name="runB">The other.</param>
    /// <param name="dataA">Where the first run's data is; null: where run.json says.</param>
    /// <param name="dataB">Where the second run's data is.</param>
    /// <param name="compute">Resources; any, since they change no bit.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="CorruptFileException">A file of a run is not what was written.</exception>
    public static DiffReport Find(
        RunFolder runA, RunFolder runB, IReadOnlyList<string>? dataA, IReadOnlyList<string>? dataB,
        Compute compute, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        RunSide a = RunSide.Open("a", runA, dataA, progress, cancellation), b = RunSide.Open("b", runB, dataB, progress, cancellation);
        DiffReport report = new("runs", RunIdentity.Differences(a, b)) { Steps = new DiffSteps(a.Ledger.Count, b.Ledger.Count), Notes = Lengths(a, b) };
        if (FirstStated(a, b) is not { } stated)
        {
            return report;
        }

        report = report with { FirstStep = stated.Step, Stated = stated };
        foreach (RunSide side in new[] { a, b })
        {
            if (side.Problem is not null)
            {
                return report with { Notes = [.. report.Notes, $"{side.Name} cannot be re-executed: {side.Problem}"] };
            }
        }

        return new Search(a, b, stated, compute, progress, cancellation).Explain(report);
    }

    /// <summary>
    /// The report of two runs of different arithmetics, of which this version can read one at most; null for others. Two of one
    /// arithmetic that is not this version's are not compared at all: opening them says so.
    /// </summary>
    public static DiffReport? OfOtherArithmetic(string pathA, string pathB)
    {
        string? a = RunManifest.ArithmeticOf(pathA), b = RunManifest.ArithmeticOf(pathB);
        return a is null || b is null || a == b ? null
            : new DiffReport("runs", [new Difference("arithmetic", a, b)])
            {
                Notes = [$"this version computes {ArithmeticVersion.Name} and can neither read nor re-execute the other: use the version of Idem that wrote it"],
            };
    }

    private static List<string> Lengths(RunSide a, RunSide b) => a.Ledger.Count == b.Ledger.Count
        ? []
        : [$"a has {a.Ledger.Count} steps, b {b.Ledger.Count}: the first {Math.Min(a.Ledger.Count, b.Ledger.Count)} were compared"];

    private static Mismatch? FirstStated(RunSide a, RunSide b)
    {
        for (int i = 0; i < Math.Min(a.Ledger.Count, b.Ledger.Count); i++)
        {
            if (RunSide.Compare(a.Ledger[i].Record, b.Ledger[i].Record) is { } mismatch)
            {
                return mismatch;
            }

            if (a.Checkpoint(i + 1) is { } left && b.Checkpoint(i + 1) is { } right && left.ModelDigest != right.ModelDigest)
            {
                return new Mismatch(i + 1, "model_digest of the checkpoint", left.ModelDigest.ToString(), right.ModelDigest.ToString());
            }
        }

        return null;
    }

    private sealed class Search(RunSide a, RunSide b, Mismatch stated, Compute compute, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        private readonly List<DiffCause> _causes = [];
        private readonly List<string> _tried = [];
        private readonly List<string> _notes = [];

        // The last step before that both have the same state of, stored.
        private readonly long _from = a.Evidence.Checkpoints.Select(checkpoint => checkpoint.Step)
            .LastOrDefault(step => step < stated.Step && b.Checkpoint(step)?.ModelDigest == a.Checkpoint(step)!.ModelDigest
                && b.Checkpoint(step)!.OptimizerDigest == a.Checkpoint(step)!.OptimizerDigest);

        public DiffReport Explain(DiffReport report)
        {
            RunProgram programA = RunProgram.Of(a), programB = RunProgram.Of(b);
            Mismatch? wrongA = Execute(programA, "executing a", stated.Step), wrongB = Execute(programB, "executing b", stated.Step);
            DiffPlace? changed = null;
            bool isExplainedA = wrongA is null, isExplainedB = wrongB is null;
            if (wrongA is null && wrongB is null)
            {
                _causes.AddRange(SettingCauses.Find(a, b, Steps(b, stated.Step), program => Reproduces(program, stated.Step), _tried));
            }

            if (wrongA is not null)
            {
                (programA, isExplainedA, changed) = Computed(programA, wrongA, changed);
            }

            if (wrongB is not null)
            {
                (programB, isExplainedB, changed) = Computed(programB, wrongB, changed);
            }

            DiffPlace? place = changed;
            if (place is null && isExplainedA && isExplainedB)
            {
                progress?.Invoke(new DiffProgress("tracing both sides", 0, 0));
                place = StepLocator.Find(programA, programB, _from, stated.Step + 1 <= Math.Min(a.Ledger.Count, b.Ledger.Count) ? stated.Step + 1 : stated.Step, compute, cancellation);
            }

            return report with { Place = place, Causes = _causes, Tried = _tried, Notes = [.. report.Notes, .. _notes] };
        }

        // A side that states other things than its steps give: how it may have been computed.
        private (RunProgram Program, bool IsExplained, DiffPlace? Changed) Computed(RunProgram program, Mismatch wrong, DiffPlace? changed)
        {
            RunSide side = program.Side;
            _notes.Add($"{side.Name} is not what its configuration gives: {wrong}");
            if (wrong.Quantity == "data_digest")
            {
                foreach (CauseCandidate order in DataOrderCauses.Of(program, wrong.Step))
                {
                    if (Try(order, wrong.Step))
                    {
                        return (order.Program, true, changed);
                    }
                }

                Unconfirmed(side, DataOrderCauses.Name, "the data of the step are those of no order that was tried", wrong.Step);
                return (program, false, changed);
            }

            progress?.Invoke(new DiffProgress($"looking for {WeightCauses.Name} of {side.Name}", 0, 0));
            if (WeightCauses.Find(program, _from, wrong, compute, cancellation) is { } weights)
            {
                if (Try(weights.Candidate, wrong.Step))
                {
                    long after = wrong.Quantity is "loss" or "grad_norm" ? wrong.Step - 1 : wrong.Step;
                    return (weights.Candidate.Program, true, new DiffPlace(after, "weights", "changed outside of any operation, after the update", "", weights.Tensor.Name, weights.Tensor));
                }
            }
            else
            {
                _tried.Add($"{side.Name}: {WeightCauses.Name}");
            }

            List<CauseCandidate> candidates = [.. ArithmeticCauses.Of(program)];
            for (int i = 0; i < candidates.Count; i++)
            {
                progress?.Invoke(new DiffProgress($"trying causes for {side.Name}", i, candidates.Count));
                if (Try(candidates[i], wrong.Step))
                {
                    return (candidates[i].Program, true, changed);
                }
            }

            Unconfirmed(side, "another computation", "none of what was tried gives the bits that it states", wrong.Step);
            return (program, false, changed);
        }

        private bool Try(CauseCandidate candidate, long step)
        {
            string side = candidate.Program.Side.Name;
            if (!Reproduces(candidate.Program, step))
            {
                _tried.Add($"{side}: {candidate.Name} ({candidate.Detail})");
                return false;
            }

            _causes.Add(new DiffCause(candidate.Name, candidate.Detail, side, true, Steps(candidate.Program.Side, step)));
            return true;
        }

        private void Unconfirmed(RunSide side, string name, string detail, long step) => _causes.Add(new DiffCause(name, detail, side.Name, false, Steps(side, step)));

        private string Steps(RunSide side, long step) => $"{_from + 1}..{Last(side, step)}";

        // Up to the next digest of the parameters, which covers all of them; some steps at least, so that a chance hit shows.
        private static long Last(RunSide side, long step)
        {
            long last = Math.Min(step + ConfirmingSteps, side.Ledger.Count);
            for (long at = step + 1; at <= last; at++)
            {
                if (side.Ledger[(int)at - 1].Record.ParamsDigest is not null)
                {
                    return at;
                }
            }

            return last;
        }

        private bool Reproduces(RunProgram program, long step) => program.FirstMismatch(_from, Last(program.Side, step), compute, null, cancellation) is null;

        private Mismatch? Execute(RunProgram program, string what, long step) =>
            program.FirstMismatch(_from, step, compute, (done, total) => progress?.Invoke(new DiffProgress(what, done, total)), cancellation);
    }
}
