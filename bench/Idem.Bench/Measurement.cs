// Medians of repeated runs, between two probes of the machine's peak. A sample in which the process did not have its cores
// to itself (CPU time below wall time) is discarded; a series whose probes differ is measured again. What stays disturbed is
// marked; for one thread its CPU time is then given in place of wall time.

using System.Diagnostics;
using Idem.Numerics;

namespace Idem.Bench;

/// <param name="Nanoseconds">Median of one run.</param>
/// <param name="Best">Fastest run.</param>
/// <param name="Peak">FMA peak around the series, GFLOP/s.</param>
/// <param name="Disturbed">Whether no undisturbed series was had.</param>
internal readonly record struct Measurement(double Nanoseconds, double Best, double Peak, bool Disturbed)
{
    private const int SamplesKept = 21;
    private const int SamplesMax = 60;
    private const double SampleMilliseconds = 5;
    private const double SeriesSecondsMax = 4;
    private const int AttemptsMax = 3;
    private const double ProbeDifferenceMax = 0.08;

    public static Measurement Take(Compute compute, Action action)
    {
        action();
        Measurement best = default;
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            double before = FmaPeak.Measure(compute.Path, compute.Threads);
            (double median, double fastest, bool disturbed) = Median(compute.Threads, action);
            double after = FmaPeak.Measure(compute.Path, compute.Threads);
            double peak = Math.Max(before, after);
            disturbed |= Math.Min(before, after) < peak * (1 - ProbeDifferenceMax);
            if (best.Nanoseconds == 0 || !disturbed || median < best.Nanoseconds)
            {
                best = new(median, fastest, peak, disturbed);
            }

            if (!disturbed)
            {
                break;
            }
        }

        return best;
    }

    /// <summary>The median nanoseconds of undisturbed samples, or else of all.</summary>
    public static (double Nanoseconds, double Best, bool Disturbed) Median(int threads, Action action)
    {
        long begin = Stopwatch.GetTimestamp();
        action();
        double once = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        int runs = (int)Math.Clamp(SampleMilliseconds / Math.Max(once, 1e-4), 1, 100_000);
        double shareMin = threads == 1 ? 0.97 : 0.85;
        List<double> kept = [], all = [];
        begin = Stopwatch.GetTimestamp();
        while (kept.Count < SamplesKept && all.Count < SamplesMax && (all.Count == 0 || Stopwatch.GetElapsedTime(begin).TotalSeconds < SeriesSecondsMax))
        {
            TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            for (int run = 0; run < runs; run++)
            {
                action();
            }

            double wall = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            double cpu = (Environment.CpuUsage.TotalTime - cpuBefore).TotalNanoseconds;
            all.Add((threads == 1 ? Math.Min(cpu, wall) : wall) / runs);
            if (cpu >= wall * threads * shareMin)
            {
                kept.Add(wall / runs);
            }
        }

        return kept.Count >= 3 ? (MedianOf(kept), kept[0], false) : (MedianOf(all), all[0], true);
    }

    private static double MedianOf(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
