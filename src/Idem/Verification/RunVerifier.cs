// idem verify: re-executes a training run and compares every entry of its ledger and every checkpoint. First what is on disk
// (manifest, chain, files: corrupt input), then the computation (mismatch). Needs the data; trusts nothing else of the run.

using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Numerics.Random;
using Idem.Training;

namespace Idem.Verification;

/// <summary>What to verify.</summary>
/// <param name="Sample">Segments between checkpoints to re-execute, drawn by <paramref name="Seed"/>; null: the whole run.</param>
/// <param name="Seed">Chooses the segments.</param>
/// <param name="Data">Where the data is; null: where run.json says.</param>
/// <param name="From">Where the model is that the run began from; null: where run.json says.</param>
public sealed record VerificationRequest(int? Sample = null, ulong Seed = 0, IReadOnlyList<string>? Data = null, string? From = null);

/// <summary>Steps that are re-executed from one checkpoint (or from the initial weights, step 0) to the next.</summary>
/// <param name="From">The step whose checkpoint is restored.</param>
/// <param name="To">The last step executed.</param>
public readonly record struct Segment(long From, long To);

/// <summary>What a verification did and found.</summary>
/// <param name="LedgerSteps">Steps that the ledger holds; all links of its chain were checked.</param>
/// <param name="Checkpoints">Checkpoints whose every byte was checked.</param>
/// <param name="Segments">What was re-executed.</param>
/// <param name="StepsExecuted">Steps re-executed and compared.</param>
/// <param name="Mismatch">The first difference, or null.</param>
public sealed record VerificationReport(
    long LedgerSteps, int Checkpoints, IReadOnlyList<Segment> Segments, long StepsExecuted, Mismatch? Mismatch);

/// <summary>Re-executes runs.</summary>
public static class RunVerifier
{
    /// <summary>Verifies a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="request">What to verify.</param>
    /// <param name="compute">Resources; any, since they change no bit.</param>
    /// <param name="progress">Called after each step with steps done and steps in all.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="CorruptFileException">A file of the run is not what was written.</exception>
    /// <exception cref="TrainingException">The data is not there, or not the run's.</exception>
    public static VerificationReport Verify(
        RunFolder run, VerificationRequest request, Compute compute, Action<long, long>? progress, CancellationToken cancellation)
    {
        run.VerifyTokenizer();
        List<LedgerEntry> ledger = [.. Ledger.Read(run.Files, run.LedgerPath, run.Manifest.Genesis)];
        CheckSteps(run, ledger);
        List<RunCheckpoint> checkpoints = [];
        foreach (long step in run.CheckpointSteps())
        {
            RunCheckpoint checkpoint = RunCheckpoint.Open(run, step, verify: true);
            checkpoint.CheckAgainst(ledger);
            checkpoints.Add(checkpoint);
        }

        BaseModel? start = BaseModel.Of(run, request.From);
        TrainingData data = LoadData(run, request, start);
        IReadOnlyList<Segment> segments = Choose(run, request, ledger.Count, checkpoints);
        long total = segments.Sum(segment => segment.To - segment.From), done = 0;
        Mismatch? mismatch = null;
        foreach (Segment segment in segments)
        {
            TrainingSession session = new(run.Manifest.Config, data, compute, start);
            if (segment.From > 0)
            {
                checkpoints.First(checkpoint => checkpoint.Step == segment.From).Restore(session);
            }

            while (session.Step < segment.To && mismatch is null)
            {
                cancellation.ThrowIfCancellationRequested();
                LedgerRecord recorded = ledger[(int)session.Step].Record;
                mismatch = Execute(session, recorded, cancellation);
                done++;
                progress?.Invoke(done, total);
            }

            if (mismatch is not null)
            {
                break;
            }
        }

        return new VerificationReport(ledger.Count, checkpoints.Count, segments, done, mismatch);
    }

    private static Mismatch? Execute(TrainingSession session, LedgerRecord recorded, CancellationToken cancellation)
    {
        try
        {
            return Compare(recorded, session.Execute(null, cancellation));
        }
        catch (TrainingException exception)
        {
            return new Mismatch(recorded.Step, "loss", recorded.Loss.Decimal, exception.Message);
        }
    }

    private static Mismatch? Compare(LedgerRecord recorded, LedgerRecord computed)
    {
        foreach ((string quantity, string? inRun, string? inReplay) in new[]
        {
            ("data_digest", recorded.DataDigest.ToString(), computed.DataDigest.ToString()),
            ("lr", Describe(recorded.Lr), Describe(computed.Lr)),
            ("loss", Describe(recorded.Loss), Describe(computed.Loss)),
            ("grad_norm", Describe(recorded.GradNorm), Describe(computed.GradNorm)),
            ("params_digest", recorded.ParamsDigest?.ToString(), computed.ParamsDigest?.ToString()),
            ("optimizer_digest", recorded.OptimizerDigest?.ToString(), computed.OptimizerDigest?.ToString()),
            ("val_loss", Describe(recorded.ValLoss), Describe(computed.ValLoss)),
        })
        {
            if (inRun != inReplay)
            {
                return new Mismatch(computed.Step, quantity, inRun ?? "absent", inReplay ?? "absent");
            }
        }

        return null;
    }

    private static string? Describe(LedgerNumber? number) => number is { } value ? $"{value.Decimal} (0x{value.Hex})" : null;

    private static void CheckSteps(RunFolder run, List<LedgerEntry> ledger)
    {
        for (int line = 0; line < ledger.Count; line++)
        {
            if (ledger[line].Record.Step != line + 1)
            {
                throw new LedgerException(run.LedgerPath, line + 1, "step", $"is {ledger[line].Record.Step}, expected {line + 1}");
            }
        }

        if (ledger.Count > run.Manifest.Config.Steps)
        {
            throw new LedgerException(run.LedgerPath, run.Manifest.Config.Steps + 1, null, $"lies past the run's {run.Manifest.Config.Steps} steps");
        }
    }

    private static TrainingData LoadData(RunFolder run, VerificationRequest request, BaseModel? start)
    {
        TrainingData data = TrainingData.Load(request.Data ?? run.Manifest.DataPaths, run.Manifest.Config, start);
        data.RequireSameAs(run);
        return data;
    }

    private static IReadOnlyList<Segment> Choose(RunFolder run, VerificationRequest request, long steps, List<RunCheckpoint> checkpoints)
    {
        if (steps == 0)
        {
            throw new TrainingException($"{run.Path} has no step to verify yet: continue the run with 'idem train --out {run.Path} --resume'");
        }

        if (request.Sample is null)
        {
            return [new Segment(0, steps)];
        }

        List<Segment> all = [];
        long from = 0;
        foreach (long to in checkpoints.Select(checkpoint => checkpoint.Step).Append(steps))
        {
            if (to > from && to <= steps)
            {
                all.Add(new Segment(from, to));
                from = to;
            }
        }

        // The first K of a permutation of the segments: without repetition, a pure function of the seed.
        Permutation order = new(new RandomStream(request.Seed, "verify", ""), 0, all.Count);
        int count = Math.Min(request.Sample.Value, all.Count);
        return [.. Enumerable.Range(0, count).Select(i => all[(int)order[i]]).OrderBy(segment => segment.From)];
    }
}
