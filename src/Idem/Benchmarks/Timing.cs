// The time of an action: the median of samples between two probes of the FMA peak. If the probes differ, or stay below what the
// machine has shown before, or the samples scatter, something else ran on it; the series is then taken again, and marked if it stays so. Clocks decide
// what is reported, and no bit of a result.

using System.Diagnostics;
using Idem.Numerics;

namespace Idem.Benchmarks;

/// <param name="Nanoseconds">Median of one call.</param>
/// <param name="Spread">Half the distance between the quartiles, as a share of the median.</param>
/// <param name="Peak">FMA peak around the series, GFLOP/s.</param>
/// <param name="Disturbed">Whether the probes fell, or the samples scattered, in every attempt.</param>
internal readonly record struct Timing(double Nanoseconds, double Spread, double Peak, bool Disturbed)
{
    private const int AttemptsMax = 3;
    private const double SpreadMax = 0.25;
    private const int SamplesMin = 3;
    private const int SamplesWanted = 15;

    /// <summary>Times an action that has been called before.</summary>
    public static Timing Take(PeakProbe probe, double seconds, Action action, CancellationToken cancellation)
    {
        Timing timing = default;
        for (int attempt = 0; attempt < AttemptsMax && (attempt == 0 || timing.Disturbed); attempt++)
        {
            double before = probe.Measure();
            List<double> samples = Samples(seconds, action, cancellation);
            double after = probe.Measure();
            samples.Sort();
            double median = samples[samples.Count / 2];
            double spread = (samples[samples.Count * 3 / 4] - samples[samples.Count / 4]) / 2 / median;
            timing = new Timing(median, spread, Math.Max(before, after), spread > SpreadMax || probe.IsDisturbed(before, after));
        }

        return timing;
    }

    private static List<double> Samples(double seconds, Action action, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        action();
        double once = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        int calls = (int)Math.Clamp(seconds / SamplesWanted / Math.Max(once, 1e-8), 1, 1_000_000);
        List<double> samples = [];
        begin = Stopwatch.GetTimestamp();
        while (samples.Count < SamplesMin || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
            {
                action();
            }

            samples.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / calls);
        }

        return samples;
    }
}
