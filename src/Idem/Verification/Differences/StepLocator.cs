// Where two executions part: steps are executed on both sides with their traces, until one record differs; then that step again on
// both sides, keeping the values of that record alone. Two passes, so that no more than one tensor of each side is held.

using Idem.Numerics;
using Idem.Tracing;

namespace Idem.Verification.Differences;

/// <summary>Finds the first operation whose results differ.</summary>
internal static class StepLocator
{
    /// <summary>The first place after a step, or null if the traces are equal as far as asked.</summary>
    /// <param name="a">One side.</param>
    /// <param name="b">The other.</param>
    /// <param name="from">The step after which both begin.</param>
    /// <param name="to">The last step to look at.</param>
    /// <param name="compute">Resources.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static DiffPlace? Find(RunProgram a, RunProgram b, long from, long to, Compute compute, CancellationToken cancellation)
    {
        RunExecution first = a.Begin(from, compute), second = b.Begin(from, compute);
        if (Initial(first, second, from) is { } initial)
        {
            return initial;
        }

        for (long step = from + 1; step <= to; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            List<TraceEntry> left = Comparable(Trace(first, a, step, null), a, b), right = Comparable(Trace(second, b, step, null), a, b);
            if (FirstDifferent(left, right) is { } index)
            {
                return Look(a, b, left, right, index, from, step, compute);
            }
        }

        return null;
    }

    // Different numbers of shards cut the same sums elsewhere; what the whole step has is comparable.
    private static List<TraceEntry> Comparable(StepTrace trace, RunProgram a, RunProgram b) => a.Config.Shards == b.Config.Shards
        ? [.. trace.Entries]
        : [.. trace.Entries.Where(entry => entry.Record.Shard is null)];

    private static DiffPlace? Initial(RunExecution a, RunExecution b, long from)
    {
        if (from > 0)
        {
            return null;
        }

        foreach ((Formats.NamedTensor left, Formats.NamedTensor right) in a.Session.ModelTensors().Zip(b.Session.ModelTensors()))
        {
            if (left.Name != right.Name || !left.Shape.AsSpan().SequenceEqual(right.Shape.AsSpan()))
            {
                return new DiffPlace(0, "weights", "initialize", "", left.Name == right.Name ? $"{left.Name} of other shapes" : $"{left.Name}, {right.Name}", null);
            }

            if (TensorComparison.Find(left.Name, left, right) is { } difference)
            {
                return new DiffPlace(0, "weights", "initialize", "", left.Name, difference);
            }
        }

        return null;
    }

    private static int? FirstDifferent(List<TraceEntry> a, List<TraceEntry> b)
    {
        for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (!a[i].Record.IsSamePlace(b[i].Record) || a[i].Record.Digest != b[i].Record.Digest)
            {
                return i;
            }
        }

        return a.Count == b.Count ? null : Math.Min(a.Count, b.Count);
    }

    private static DiffPlace Look(RunProgram a, RunProgram b, List<TraceEntry> left, List<TraceEntry> right, int index, long from, long step, Compute compute)
    {
        TraceRecord record = (index < left.Count ? left[index] : right[index]).Record;
        string result = record.Result + (record.Shard is { } shard ? $" of shard {shard}" : "");
        TensorDifference? tensor = null;
        if (index < left.Count && index < right.Count && left[index].Record.IsSamePlace(right[index].Record))
        {
            tensor = TensorComparison.Find(record.Result, Values(a, left), Values(b, right));
        }

        return new DiffPlace(step, record.PhaseName, record.Operation, record.Module, result, tensor);

        // A module may do one operation several times: which of them is told by its number. All of one place are of one shard's thread.
        Formats.NamedTensor Values(RunProgram program, List<TraceEntry> entries)
        {
            TraceRecord wanted = entries[index].Record;
            int occurrence = entries.Take(index).Count(entry => entry.Record.IsSamePlace(wanted)), seen = 0;
            StepTrace kept = Trace(program.Begin(from, compute), program, step, (candidate, _) => candidate.IsSamePlace(wanted) && seen++ == occurrence);
            return kept.Entries.First(entry => entry.Values is not null).Values!;
        }
    }

    // The trace of a step, the steps before it executed first.
    private static StepTrace Trace(RunExecution execution, RunProgram program, long step, Func<TraceRecord, int, bool>? keeps)
    {
        while (execution.Session.Step < step - 1)
        {
            execution.Step(null, out _);
        }

        StepTrace trace = new(step, program.Config.Shards, keeps);
        execution.Step(trace, out _);
        return trace;
    }
}
