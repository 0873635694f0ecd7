// What the evidence costs a training run: the digest of each batch and the ledger's line, and the digests of parameters and optimizer at
// the default interval. Measured in the same steps as training itself, as a share of it.

using System.Diagnostics;
using System.Globalization;
using Idem.Audit;
using Idem.Benchmarks;
using Idem.Formats;
using Idem.Numerics;
using Idem.Training;

namespace Idem.Bench;

internal static class LedgerBenchmark
{
    private const int WarmUpSteps = 2;
    private const double Seconds = 20;
    private const int StepsMin = 8, LinesPerFlush = 64;

    public static void Report(Options options)
    {
        Console.WriteLine("| model | threads | train ms/step | line us/step | digests ms | digests every | share of training % |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        IEnumerable<TrainingCase> cases = TrainingCase.Names.SelectMany(TrainingCase.Get).Append(TrainingCase.Gpt2(batch: 4, length: 1024));
        foreach (TrainingCase training in cases.Where(training => training.Title.Contains(options.Only, StringComparison.Ordinal)))
        {
            foreach (SimdPath path in options.Paths)
            {
                Console.WriteLine(Measure(training, new Compute(path, options.Threads)));
            }
        }
    }

    // Every second step has digests: what a step without costs is its line.
    private static string Measure(TrainingCase training, Compute compute)
    {
        Compute.Current = compute;
        TrainingSteps steps = (training with { Config = training.Config with { DigestEvery = 2 } }).Begin(compute);
        string folder = Directory.CreateTempSubdirectory("idem-bench-").FullName;
        using LedgerWriter ledger = LedgerWriter.Create(DiskFileSystem.Instance, Path.Combine(folder, Ledger.FileName), Digest.Of("bench"u8), LinesPerFlush);
        List<double> train = [], line = [], digests = [];
        for (long begin = Stopwatch.GetTimestamp(), step = -WarmUpSteps; step < StepsMin || Stopwatch.GetElapsedTime(begin).TotalSeconds < Seconds; step++)
        {
            steps.Step();
            long appending = Stopwatch.GetTimestamp();
            ledger.Append(steps.Record);
            double evidence = steps.Times.Evidence + Stopwatch.GetElapsedTime(appending).TotalSeconds;
            if (step >= 0)
            {
                train.Add(steps.Times.Train);
                (steps.Record.ParamsDigest is null ? line : digests).Add(evidence);
            }
        }

        Directory.Delete(folder, recursive: true);
        int every = new TrainConfig().DigestEvery;
        double trainSeconds = train.Average(), lineSeconds = line.Average(), digestSeconds = digests.Average() - lineSeconds;
        double share = (lineSeconds + (digestSeconds / every)) / trainSeconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {training.Title} | {compute.Threads} | {trainSeconds * 1e3:F2} | {lineSeconds * 1e6:F0} | {digestSeconds * 1e3:F2} | {every} | {100 * share:F2} |");
    }
}
