// How the cost of training grows with context and width: if nothing but the floating-point operations decided it, their rate would
// be one number. Writes the table to standard output and the plot to docs/growth.svg (from the repository's root).

using System.Globalization;
using Idem.Benchmarks;
using Idem.Numerics;
using Idem.Training;

namespace Idem.Bench;

/// <param name="Training">What was measured.</param>
/// <param name="TokensPerSecond">The figure.</param>
/// <param name="Disturbed">Something else ran.</param>
internal sealed record GrowthPoint(TrainingCase Training, double TokensPerSecond, bool Disturbed)
{
    public double FlopsPerToken => Training.FlopsPerStep / Training.TokensPerStep;

    public double Gflops => TokensPerSecond * FlopsPerToken / 1e9;
}

internal static class GrowthBenchmark
{
    private const string PlotPath = "docs/growth.svg";
    private const int TokensPerStep = 4096;
    private static readonly int[] s_contexts = [64, 128, 256, 512, 1024, 2048, 4096];
    private static readonly int[] s_widths = [128, 192, 256, 384, 512, 768, 1024];

    public static void Report(Options options)
    {
        Compute compute = new(options.Paths[0], options.Threads);
        Compute.Current = compute;
        Console.WriteLine($"4 layers, heads of 64, V = 1200, {TokensPerStep} tokens a step, float32, path {compute.Path.Name()}, {compute.Threads} thread(s).");
        Console.WriteLine();
        GrowthPoint[] contexts = Sweep("context T (width 256)", compute, s_contexts, context => Case(256, context), options);
        GrowthPoint[] widths = Sweep("width C (T = 256)", compute, s_widths, width => Case(width, 256), options);
        if (contexts.Length > 1 && widths.Length > 1)
        {
            File.WriteAllText(PlotPath, GrowthPlot.Draw([
                new("context T (width 256)", [.. s_contexts.Zip(contexts, (x, point) => (x, point))]),
                new("width C (T = 256)", [.. s_widths.Zip(widths, (x, point) => (x, point))]),
            ]));
        }
    }

    private static GrowthPoint[] Sweep(string title, Compute compute, int[] values, Func<int, TrainingCase> create, Options options)
    {
        if (!title.Contains(options.Only, StringComparison.Ordinal))
        {
            return [];
        }

        Console.WriteLine($"| {title} | MFLOP/token | tokens/s | GFLOP/s | % of peak | from the median |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: |");
        PeakProbe probe = new(compute);
        GrowthPoint[] points = [.. values.Select(value => Measure(probe, create(value)))];
        double median = points.Select(point => point.Gflops).Order().ElementAt(points.Length / 2);
        foreach ((int value, GrowthPoint point) in values.Zip(points))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {value} | {point.FlopsPerToken / 1e6:F1} | {point.TokensPerSecond:F0} | {point.Gflops:F0} | {100 * point.Gflops / probe.Best:F0} | {100 * ((point.Gflops / median) - 1):+0;-0;0}%{(point.Disturbed ? " (disturbed)" : "")} |"));
        }

        Console.WriteLine();
        return points;
    }

    private static GrowthPoint Measure(PeakProbe probe, TrainingCase training)
    {
        TrainingSteps steps = training.Begin(probe.Compute);
        steps.Step();
        steps.Step();
        Timing timing = Timing.Take(probe, seconds: 1, steps.Step, CancellationToken.None);
        return new(training, training.TokensPerStep * 1e9 / timing.Nanoseconds, timing.Disturbed);
    }

    private static TrainingCase Case(int width, int context)
    {
        TrainingCase tiny = TrainingCase.Tiny(TokensPerStep / context, context);
        TrainConfig config = tiny.Config with { NEmbd = width, NHead = width / 64, Shards = 1 };
        return tiny with { Name = "growth", Config = config };
    }
}
