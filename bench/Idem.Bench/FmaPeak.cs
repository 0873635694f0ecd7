// The most fused multiply-adds per second that a width allows here and now: what a kernel's speed is measured against,
// and, probed before and after a series, the witness that the machine was undisturbed.

using Idem.Benchmarks;
using Idem.Numerics;

namespace Idem.Bench;

internal static class FmaPeak
{
    public static void Report(Options options)
    {
        foreach (SimdPath path in options.Paths)
        {
            Console.WriteLine($"FMA peak, {path.Name()}, {options.Threads} thread(s): {Measure(path, options.Threads):F1} GFLOP/s");
        }
    }

    /// <summary>GFLOP/s, the median of short runs on all threads.</summary>
    public static double Measure(SimdPath path, int threads) => new PeakProbe(new Compute(path, threads)).Measure();
}
