// What a run folder proves by itself: run.json against its checksum, the ledger's chain from the genesis digest, the plan of what each
// line must state, every byte of every checkpoint, and that ledger and checkpoints are of one history. No step is executed: a forger
// who recomputes all hashes passes here, and is found by re-execution only (RunVerifier).

using Idem.Audit;
using Idem.Formats;
using Idem.Training;

namespace Idem.Verification;

/// <summary>A run whose files are whole and agree with each other.</summary>
internal sealed class RunEvidence
{
    private RunEvidence(RunFolder run, IReadOnlyList<LedgerEntry> ledger, IReadOnlyList<RunCheckpoint> checkpoints)
    {
        Run = run;
        Ledger = ledger;
        Checkpoints = checkpoints;
    }

    public RunFolder Run { get; }

    /// <summary>Line i is of step i + 1.</summary>
    public IReadOnlyList<LedgerEntry> Ledger { get; }

    public LedgerHead Head => new(Ledger.Count, Ledger.Count == 0 ? Run.Manifest.Genesis : Ledger[^1].Hash);

    /// <summary>In the order of their steps.</summary>
    public IReadOnlyList<RunCheckpoint> Checkpoints { get; }

    /// <summary>Reads and checks everything.</summary>
    /// <param name="run">The run.</param>
    /// <param name="progress">Called with files of evidence checked and in all.</param>
    /// <param name="cancellation">Stops between two checkpoints.</param>
    /// <exception cref="CorruptFileException">Names the file that is not what was written.</exception>
    public static RunEvidence Check(RunFolder run, Action<long, long>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<long> steps = run.CheckpointSteps();
        run.VerifyTokenizer();
        IReadOnlyList<LedgerEntry> ledger = ReadLedger(run);
        List<RunCheckpoint> checkpoints = [];
        foreach (long step in steps)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(checkpoints.Count, steps.Count);
            RunCheckpoint checkpoint = RunCheckpoint.Open(run, step, verify: true);
            checkpoint.CheckAgainst(run, ledger);
            checkpoints.Add(checkpoint);
        }

        progress?.Invoke(steps.Count, steps.Count);
        return new RunEvidence(run, ledger, checkpoints);
    }

    private static List<LedgerEntry> ReadLedger(RunFolder run)
    {
        if (!run.Files.FileExists(run.LedgerPath))
        {
            throw new CorruptFileException(run.LedgerPath, "is missing", "Restore it from a copy of the run: checkpoints alone are evidence of no step");
        }

        List<LedgerEntry> ledger = [.. Audit.Ledger.Read(run.Files, run.LedgerPath, run.Manifest.Genesis)];
        foreach (LedgerEntry entry in ledger)
        {
            CheckPlan(run, entry);
        }

        return ledger;
    }

    // A line states what the configuration says that its step states, no less.
    private static void CheckPlan(RunFolder run, LedgerEntry entry)
    {
        TrainConfig config = run.Manifest.Config;
        LedgerRecord record = entry.Record;
        if (entry.Line > config.Steps)
        {
            throw new LedgerException(run.LedgerPath, entry.Line, null, $"lies past the run's {config.Steps} steps");
        }

        if (record.Step != entry.Line)
        {
            throw new LedgerException(run.LedgerPath, entry.Line, "step", $"is {record.Step}, expected {entry.Line}");
        }

        RequirePlanned("params_digest", record.ParamsDigest is not null, config.Digests(record.Step));
        RequirePlanned("optimizer_digest", record.OptimizerDigest is not null, config.Digests(record.Step));
        RequirePlanned("val_loss", record.ValLoss is not null, config.Evaluates(record.Step));

        void RequirePlanned(string field, bool isThere, bool isPlanned)
        {
            if (isThere != isPlanned)
            {
                throw new LedgerException(run.LedgerPath, entry.Line, field, $"is {(isThere ? "there" : "absent")}, unlike the configuration in {RunManifest.FileName} says");
            }
        }
    }
}
