// idem verify RUN: first what is on disk (RunEvidence: corrupt input), then the computation (mismatch): steps are executed again and every
// ledger entry and checkpoint is compared. Needs the data; trusts nothing else of the run.

using System.Diagnostics;
using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Numerics.Random;
using Idem.Training;

namespace Idem.Verification;

/// <summary>Re-executes runs.</summary>
public static class RunVerifier
{
    /// <summary>Verifies a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="request">What to verify.</param>
    /// <param name="compute">Resources; any, since they change no bit.</param>
    /// <param name="progress">Called after each checkpoint that was checked and each step that was executed.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="CorruptFileException">A file of the run is not what was written.</exception>
    /// <exception cref="TrainingException">The data is not there, or not the run's; or there is nothing to verify yet.</exception>
    public static VerificationReport Verify(
        RunFolder run, VerificationRequest request, Compute compute, Action<VerificationProgress>? progress, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        RunEvidence evidence = RunEvidence.Check(run, (done, all) => progress?.Invoke(new(VerificationPhase.Files, done, all)), cancellation);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        return new VerificationReport(
            request.Level, evidence.Head, run.Manifest.Config.Steps, evidence.Checkpoints.Count, seconds,
            request.Level == VerificationLevel.Ledger ? [] : Execute(evidence, request, compute, progress, cancellation));
    }

    private static List<SegmentResult> Execute(
        RunEvidence evidence, VerificationRequest request, Compute compute, Action<VerificationProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<(long From, long To)> segments = Choose(evidence, request);
        BaseModel? start = BaseModel.Of(evidence.Run, request.From);
        TrainingData data = TrainingData.Load(request.Data ?? evidence.Run.Manifest.DataPaths, evidence.Run.Manifest.Config, start);
        data.RequireSameAs(evidence.Run);
        long total = segments.Sum(segment => segment.To - segment.From), done = 0;
        List<SegmentResult> results = [];
        TrainingSession? session = null;
        foreach ((long from, long to) in segments)
        {
            long begin = Stopwatch.GetTimestamp();

            // A segment that follows on another goes on from what was computed, others from their checkpoint.
            if (session?.Step != from)
            {
                session = new TrainingSession(evidence.Run.Manifest.Config, data, compute, start);
                evidence.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Step == from && from > 0)?.Restore(session);
            }

            Mismatch? mismatch = null;
            while (session.Step < to && mismatch is null)
            {
                cancellation.ThrowIfCancellationRequested();
                mismatch = Step(evidence, session, cancellation);
                progress?.Invoke(new(VerificationPhase.Steps, ++done, total));
            }

            results.Add(new SegmentResult(from, to, session.Step - from, Stopwatch.GetElapsedTime(begin).TotalSeconds, mismatch));
            if (mismatch is not null)
            {
                break;
            }
        }

        return results;
    }

    private static Mismatch? Step(RunEvidence evidence, TrainingSession session, CancellationToken cancellation)
    {
        LedgerRecord recorded = evidence.Ledger[(int)session.Step].Record;
        try
        {
            LedgerRecord computed = session.Execute(null, cancellation);
            return Compare(recorded, computed)
                ?? (computed.ParamsDigest is null && evidence.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Step == computed.Step) is { } checkpoint
                    ? Compare(checkpoint, session)
                    : null);
        }
        catch (TrainingException exception)
        {
            return new Mismatch(recorded.Step, "loss", recorded.Loss.Decimal, exception.Message);
        }
    }

    private static Mismatch? Compare(LedgerRecord recorded, LedgerRecord computed) =>
        LedgerComparison.FirstDifference(recorded, computed) is { } difference
            ? new Mismatch(computed.Step, difference.Quantity, difference.A, difference.B)
            : null;

    // Where a run was interrupted it has a checkpoint whose digests no line of the ledger states.
    private static Mismatch? Compare(RunCheckpoint checkpoint, TrainingSession session)
    {
        Digest model = session.ModelDigest(), optimizer = session.OptimizerDigest();
        return checkpoint.ModelDigest != model ? new Mismatch(session.Step, "model_digest of the checkpoint", checkpoint.ModelDigest.ToString(), model.ToString())
            : checkpoint.OptimizerDigest != optimizer ? new Mismatch(session.Step, "optimizer_digest of the checkpoint", checkpoint.OptimizerDigest.ToString(), optimizer.ToString())
            : null;
    }

    // All segments between checkpoints, the initial weights being the first and the ledger's end the last; or some of them.
    private static List<(long From, long To)> Choose(RunEvidence evidence, VerificationRequest request)
    {
        long steps = evidence.Ledger.Count;
        if (steps == 0)
        {
            throw new TrainingException($"{evidence.Run.Path} has no step to verify yet: continue the run with 'idem train --out {evidence.Run.Path} --resume'");
        }

        List<(long From, long To)> all = [];
        long from = 0;
        foreach (long to in evidence.Checkpoints.Select(checkpoint => checkpoint.Step).Append(steps))
        {
            if (to > from)
            {
                all.Add((from, to));
                from = to;
            }
        }

        if (request.Sample is null)
        {
            return all;
        }

        // The first K of a permutation of the segments: without repetition, a pure function of the seed.
        Permutation order = new(new RandomStream(request.Seed, "verify", ""), 0, all.Count);
        int count = Math.Min(request.Sample.Value, all.Count);
        return [.. Enumerable.Range(0, count).Select(i => all[(int)order[i]]).OrderBy(segment => segment.From)];
    }
}
