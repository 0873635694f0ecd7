// The FMA peak as a witness: measured before and after each series, it tells whether the machine was the series' alone.

using System.Diagnostics;
using Idem.Numerics;

namespace Idem.Benchmarks;

/// <summary>Measures the FMA peak of a width and number of threads, and remembers the best.</summary>
internal sealed class PeakProbe(Compute compute)
{
    /// <summary>How far two neighbouring probes of an undisturbed machine may differ, as a share of the higher.</summary>
    public const double DifferenceMax = 0.10;

    /// <summary>How far they may both lie below the best: clocks vary, but a core that is not there halves the peak.</summary>
    public const double FallMax = 0.20;

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

    /// <summary>Whether the peak changed between two probes, or stayed below what the machine has shown.</summary>
    public bool IsDisturbed(double before, double after)
    {
        double low = Math.Min(before, after);
        return low < Math.Max(before, after) * (1 - DifferenceMax) || low < Best * (1 - FallMax);
    }
}
