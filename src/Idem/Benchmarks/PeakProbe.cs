// The FMA peak as a witness: measured before and after each series, it tells whether the machine was the series' alone.

using System.Diagnostics;
using Idem.Numerics;

namespace Idem.Benchmarks;

/// <summary>Measures the FMA peak of a width and number of threads, and remembers the best.</summary>
internal sealed class PeakProbe(Compute compute)
{
    /// <summary>How far a probe of an undisturbed machine may lie below the best, as a share.</summary>
    public const double DifferenceMax = 0.10;

    private const int Iterations = 200_000;
    private const int Runs = 7;
    private readonly double[] _speeds = new double[Runs];

    public Compute Compute => compute;

    /// <summary>The highest peak measured so far, GFLOP/s.</summary>
    public double Best { get; private set; }

    /// <summary>The peak here and now in GFLOP/s: the median of short runs on all threads.</summary>
    public double Measure()
    {
        MachineProbe.MultiplyAdd(compute, Iterations);
        for (int run = 0; run < Runs; run++)
        {
            long begin = Stopwatch.GetTimestamp();
            double operations = MachineProbe.MultiplyAdd(compute, Iterations);
            _speeds[run] = operations / Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        }

        Array.Sort(_speeds);
        double speed = _speeds[Runs / 2];
        Best = Math.Max(Best, speed);
        return speed;
    }

    /// <summary>Whether one of two probes fell.</summary>
    public bool IsDisturbed(double before, double after) => Math.Min(before, after) < Best * (1 - DifferenceMax);
}
