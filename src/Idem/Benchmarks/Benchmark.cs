// idem bench: what this machine can do, what the kernels make of it, and how fast training is.

using Idem.Audit;
using Idem.Numerics;

namespace Idem.Benchmarks;

/// <summary>Measures a machine.</summary>
public static class Benchmark
{
    /// <summary>The step after which the weights' digest is taken; the steps before the last two warm up.</summary>
    public const int DigestStep = 4;

    private const int CacheFloats = 1 << 17; // 512 KiB a thread
    private const int MemoryFloats = 1 << 26; // 256 MiB

    /// <summary>The models that a request may name.</summary>
    public static IReadOnlyList<string> Models => TrainingCase.Names;

    /// <summary>The cases of a request, in order, without measuring them.</summary>
    /// <exception cref="ArgumentException">The model is unknown.</exception>
    public static IReadOnlyList<string> Names(BenchmarkRequest request, Compute compute) => [.. Cases(request, compute).Select(item => item.Name)];

    /// <summary>Measures case after case; each is measured when it is asked for.</summary>
    /// <exception cref="ArgumentException">The model is unknown.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IEnumerable<BenchmarkResult> Run(BenchmarkRequest request, Compute compute, CancellationToken cancellation) =>
        Cases(request, compute).Select(item => item.Measure(cancellation));

    private static IEnumerable<(string Name, Func<CancellationToken, BenchmarkResult> Measure)> Cases(BenchmarkRequest request, Compute compute)
    {
        ArgumentNullException.ThrowIfNull(request);
        List<(string Name, Func<CancellationToken, BenchmarkResult> Measure)> cases = [];
        PeakProbe probe = new(compute);
        PeakProbe[] probes = compute.Threads == 1 ? [probe] : [new PeakProbe(new Compute(compute.Path, 1)), probe];
        foreach (PeakProbe some in probes)
        {
            string threads = some.Compute.Threads == 1 ? "1 thread" : $"{some.Compute.Threads} threads";
            cases.Add(($"limits FMA peak, {threads}", cancellation => FmaPeak(some, $"FMA peak, {threads}", request, cancellation)));
            foreach ((string where, int floats) in new[] { ("cache", some.Compute.Threads * CacheFloats), ("DRAM", MemoryFloats) })
            {
                cases.Add(($"limits read {where}, {threads}", cancellation => Read(some, $"read {where}, {threads}", floats, request, cancellation)));
            }
        }

        cases.AddRange(KernelCase.All.Select(kernel => ($"{kernel.Group} {kernel.Name}", Measure(kernel, request, probe))));
        cases.AddRange(TrainingCase.Get(request.Model).Select(training => ($"train {training.Title}", Measure(training, request, probe))));
        return cases.Where(item => item.Name.Contains(request.Only, StringComparison.OrdinalIgnoreCase));
    }

    private static BenchmarkResult FmaPeak(PeakProbe probe, string name, BenchmarkRequest request, CancellationToken cancellation)
    {
        double operations = 0;
        Timing timing = Timing.Take(probe, request.Seconds, () => operations = MachineProbe.MultiplyAdd(probe.Compute, 50_000), cancellation);
        return new("limits", name, operations / timing.Nanoseconds, "GFLOP/s", timing.Spread, 1, timing.Disturbed);
    }

    private static BenchmarkResult Read(PeakProbe probe, string name, int floats, BenchmarkRequest request, CancellationToken cancellation)
    {
        Memory<float> memory = KernelCase.Values(9, floats);
        long bytes = MachineProbe.Read(probe.Compute, memory.Span);
        Timing timing = Timing.Take(probe, request.Seconds, () => MachineProbe.Read(probe.Compute, memory.Span), cancellation);
        return new("limits", name, bytes / timing.Nanoseconds, "GB/s", timing.Spread, null, timing.Disturbed);
    }

    private static Func<CancellationToken, BenchmarkResult> Measure(KernelCase kernel, BenchmarkRequest request, PeakProbe probe) => cancellation =>
    {
        Action action = kernel.Prepare(probe.Compute);
        action();
        Timing timing = Timing.Take(probe, request.Seconds, action, cancellation);
        double rate = kernel.Work / timing.Nanoseconds;
        return new(
            kernel.Group, kernel.Name, kernel.Unit == "ns/row" ? 1 / rate : rate, kernel.Unit, timing.Spread,
            kernel.CountsFlops ? rate / timing.Peak : null, timing.Disturbed);
    };

    private static Func<CancellationToken, BenchmarkResult> Measure(TrainingCase training, BenchmarkRequest request, PeakProbe probe) => cancellation =>
    {
        TrainingSteps steps = training.Begin(probe.Compute);
        for (int step = 0; step < DigestStep; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            steps.Step();
        }

        Digest digest = steps.ModelDigest();
        Timing timing = Timing.Take(probe, request.Seconds, steps.Step, cancellation);
        return new(
            "train", training.Title, training.TokensPerStep * 1e9 / timing.Nanoseconds, "tokens/s", timing.Spread,
            training.FlopsPerStep / timing.Nanoseconds / timing.Peak, timing.Disturbed, digest);
    };
}
