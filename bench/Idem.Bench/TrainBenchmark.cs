// Training steps of the presets: speed, share of the peak, memory, garbage. Forward, backward, clipping and AdamW, as `idem train`
// executes them. One model a process, or the peak of memory is the largest model's.

using System.Diagnostics;
using System.Globalization;
using Idem.Bench.Peers;
using Idem.Benchmarks;
using Idem.Numerics;

namespace Idem.Bench;

internal static class TrainBenchmark
{
    private const int WarmUpSteps = 4;

    public static void Report(Options options)
    {
        Console.WriteLine("| model | threads | tokens/s | ms/step | GFLOP/s | % of peak | CPU/wall | peak RSS MiB | bytes/step | weights |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        IEnumerable<TrainingCase> cases = TrainingCase.Names.SelectMany(TrainingCase.Get);
        foreach (TrainingCase training in cases.Where(training => training.Title.Contains(options.Only, StringComparison.Ordinal)))
        {
            foreach (SimdPath path in options.Paths)
            {
                Console.WriteLine(Measure(training, new Compute(path, options.Threads), options.Seconds));
            }
        }
    }

    private static string Measure(TrainingCase training, Compute compute, double seconds)
    {
        Compute.Current = compute;
        PeakProbe probe = new(compute);
        TrainingSteps steps = training.Begin(compute);
        for (int step = 0; step < WarmUpSteps; step++)
        {
            steps.Step();
        }

        string digest = steps.ModelDigest().ToString();
        double cpuShare = 0;
        long allocated = 0;
        Timing timing = Timing.Take(
            probe,
            seconds,
            () =>
            {
                TimeSpan cpu = Environment.CpuUsage.TotalTime;
                long begin = Stopwatch.GetTimestamp(), bytes = GC.GetTotalAllocatedBytes(precise: false);
                steps.Step();
                allocated = GC.GetTotalAllocatedBytes(precise: false) - bytes;
                cpuShare = (Environment.CpuUsage.TotalTime - cpu) / Stopwatch.GetElapsedTime(begin);
            },
            CancellationToken.None);
        double flops = training.FlopsPerStep / timing.Nanoseconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {training.Title} | {compute.Threads} | {training.TokensPerStep * 1e9 / timing.Nanoseconds:F0} | {timing.Nanoseconds / 1e6:F1} | {flops:F0} | {100 * flops / timing.Peak:F0} | {cpuShare:F2} | {Serving.PeakResidentBytes() >> 20} | {allocated} | {digest} |{(timing.Disturbed ? " disturbed |" : "")}");
    }
}
