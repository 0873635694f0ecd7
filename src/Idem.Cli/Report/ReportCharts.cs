// The curves of one run, or of two over each other.

using Idem.Audit;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Report;

internal static class ReportCharts
{
    private const int SpeedPoints = 100;

    public static void Write(Html html, IReadOnlyList<RunHistory> runs, string[] names, LedgerDifference? difference)
    {
        long steps = runs.Max(run => run.Steps.Count);
        if (steps == 0)
        {
            html.Raw("<section><h2>Curves</h2><p>No step has been executed yet.</p></section>");
            return;
        }

        (long, string)? mark = difference is null ? null : (difference.Step, $"first difference, step {difference.Step}");
        html.Raw("<section><h2>Curves</h2><div class=\"charts\">");
        foreach (Chart chart in runs.Count == 1 ? OfOne(runs[0], steps) : OfTwo(runs, names, steps, mark))
        {
            html.Raw(chart.Id is "loss" ? "<div class=\"wide\">" : "<div>");
            chart.Write(html);
            html.Raw("</div>");
        }

        html.Raw("</div></section>");
    }

    /// <summary>Tokens a second, of training and its evidence: the median over the timed steps.</summary>
    public static double MedianSpeed(RunHistory run)
    {
        double[] speeds = [.. run.Times.Steps.Select(step => step.Tokens / Math.Max(1e-9, step.Times.Train + step.Times.Evidence)).Order()];
        return speeds[speeds.Length / 2];
    }

    private static IEnumerable<Chart> OfOne(RunHistory run, long steps)
    {
        Series training = new("training", "a", Values(run, step => step.Loss)), validation = new("validation", "val", Values(run, step => step.ValLoss), HasDots: true);
        yield return new Chart("loss", "Loss", "Mean cross-entropy per token, in nats,", Scale.Linear, validation.Points.Count > 0 ? [training, validation] : [training], steps);
        yield return new Chart("norm", "Gradient norm, before clipping", "Global gradient norm", Scale.Logarithmic, [new Series("gradient norm", "a", Values(run, step => step.GradNorm))], steps);
        yield return new Chart("rate", "Learning rate", "Learning rate", Scale.FromZero, [new Series("learning rate", "a", Values(run, step => step.Lr))], steps);
        if (run.Times.Steps.Count > 0)
        {
            yield return new Chart("speed", "Throughput", "Tokens trained on a second, without evaluation and saving,", Scale.FromZero, [new Series("tokens a second", "a", Speeds(run))], steps);
        }
    }

    private static IEnumerable<Chart> OfTwo(IReadOnlyList<RunHistory> runs, string[] names, long steps, (long, string)? mark)
    {
        yield return new Chart("loss", "Training loss", "Mean cross-entropy per token, in nats,", Scale.Linear, Both(run => Values(run, step => step.Loss)), steps, mark);
        if (mark is not null && Differences(runs[0], runs[1]) is { Count: > 0 } differences)
        {
            yield return new Chart("apart", "Distance of the training losses", "Absolute difference of the two losses, where they differ,", Scale.Logarithmic, [new Series("distance", "a", differences)], steps, mark);
        }

        if (runs.Any(run => run.Steps.Any(step => step.ValLoss is not null)))
        {
            yield return new Chart("validation", "Validation loss", "Mean cross-entropy per token, in nats,", Scale.Linear, Both(run => Values(run, step => step.ValLoss), hasDots: true), steps, mark);
        }

        yield return new Chart("norm", "Gradient norm, before clipping", "Global gradient norm", Scale.Logarithmic, Both(run => Values(run, step => step.GradNorm)), steps, mark);
        yield return new Chart("rate", "Learning rate", "Learning rate", Scale.FromZero, Both(run => Values(run, step => step.Lr)), steps, mark);
        if (runs.Any(run => run.Times.Steps.Count > 0))
        {
            yield return new Chart("speed", "Throughput", "Tokens trained on a second, without evaluation and saving,", Scale.FromZero, Both(Speeds), steps);
        }

        Series[] Both(Func<RunHistory, IReadOnlyList<(long, double)>> points, bool hasDots = false) =>
            [.. runs.Select((run, i) => new Series(names[i], i == 0 ? "a" : "b", points(run), hasDots)).Where(series => series.Points.Count > 0)];
    }

    private static List<(long, double)> Values(RunHistory run, Func<LedgerRecord, LedgerNumber?> quantity) =>
        [.. run.Steps.Select(step => (step.Step, Value: quantity(step)?.Value)).Where(point => point.Value is not null).Select(point => (point.Step, point.Value!.Value))];

    // Single steps of a busy machine scatter: each point is of as many steps as leave a hundred points.
    private static List<(long Step, double Value)> Speeds(RunHistory run) =>
    [
        .. run.Times.Steps.Where(step => step.Step <= run.Steps.Count && step.Times.Train > 0).Chunk(Math.Max(1, (run.Times.Steps.Count + SpeedPoints - 1) / SpeedPoints))
            .Select(steps => (steps[^1].Step, steps.Sum(step => step.Tokens) / steps.Sum(step => step.Times.Train + step.Times.Evidence))),
    ];

    private static List<(long, double)> Differences(RunHistory a, RunHistory b) =>
        [.. a.Steps.Zip(b.Steps, (x, y) => (x.Step, Math.Abs(x.Loss.Value - y.Loss.Value))).Where(point => point.Item2 > 0)];
}
