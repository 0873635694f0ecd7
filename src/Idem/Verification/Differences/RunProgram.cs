// A way to execute a run's steps: as it is defined, or with one thing otherwise. A program explains a side if it gives the bits that
// the side states.

using Idem.Audit;
using Idem.Models;
using Idem.Numerics;
using Idem.Tracing;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>What is executed for a side.</summary>
/// <param name="Side">Whose checkpoints it begins from, and whose statements it is compared with.</param>
/// <param name="Config">The configuration.</param>
/// <param name="Data">The data.</param>
/// <param name="Start">The model that training begins from, or null.</param>
internal sealed record RunProgram(RunSide Side, TrainConfig Config, TrainingData Data, BaseModel? Start)
{
    /// <summary>Another arithmetic.</summary>
    public Deviation? Deviation { get; init; }

    /// <summary>Another order, or a change between steps.</summary>
    public TrainingVariant? Variant { get; init; }

    /// <summary>Another precision of what is stored.</summary>
    public StoredPrecision? Stored { get; init; }

    /// <summary>A side as it is defined.</summary>
    public static RunProgram Of(RunSide side) => new(side, side.Manifest.Config, side.Data!, side.Start);

    /// <summary>A session after a step that the side has a checkpoint of, or before the first.</summary>
    public RunExecution Begin(long from, Compute compute)
    {
        Compute used = Deviation is null ? compute : Compute.Deviating(Deviation, compute.Threads);
        TrainingSession session = new(Config, Data, used, Start, Variant);
        if (from > 0)
        {
            Side.Checkpoint(from)!.Restore(session);
        }
        else
        {
            Stored?.Round(session.Model);
        }

        return new RunExecution(this, session, used);
    }

    /// <summary>
    /// Executes from one step to another and compares with what the side states; the first mismatch, or null. What was stated before
    /// is believed: the session begins from it.
    /// </summary>
    public Mismatch? FirstMismatch(long from, long to, Compute compute, Action<long, long>? progress, CancellationToken cancellation)
    {
        RunExecution execution = Begin(from, compute);
        for (long step = from + 1; step <= to; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            Mismatch? mismatch = execution.Step(null, out _);
            progress?.Invoke(step - from, to - from);
            if (mismatch is not null)
            {
                return mismatch;
            }
        }

        return null;
    }
}

/// <summary>A program at some step.</summary>
internal sealed class RunExecution(RunProgram program, TrainingSession session, Compute compute)
{
    public TrainingSession Session => session;

    /// <summary>Executes the next step.</summary>
    /// <param name="trace">Watches it, or null.</param>
    /// <param name="record">What was computed; default if the step failed.</param>
    /// <returns>What the side states otherwise.</returns>
    public Mismatch? Step(StepTrace? trace, out LedgerRecord record)
    {
        Compute before = Compute.Current;
        long step = session.Step + 1;
        Compute.Current = compute;
        session.Observer = program.Stored is { } stored ? stored.Watch(trace) : trace;
        try
        {
            record = session.Execute(null, CancellationToken.None);
            return step > program.Side.Ledger.Count ? null
                : program.Side.Compare(record) ?? (record.ParamsDigest is null && program.Side.Checkpoint(step) is { } checkpoint ? Compare(checkpoint) : null);
        }
        catch (TrainingException exception)
        {
            record = default;
            return new Mismatch(step, "loss", program.Side.Ledger[(int)step - 1].Record.Loss.Decimal, exception.Message);
        }
        finally
        {
            session.Observer = null;
            Compute.Current = before;
        }
    }

    private Mismatch? Compare(RunCheckpoint checkpoint)
    {
        Digest model = session.ModelDigest();
        return checkpoint.ModelDigest == model ? null : new Mismatch(session.Step, "model_digest of the checkpoint", checkpoint.ModelDigest.ToString(), model.ToString());
    }
}
