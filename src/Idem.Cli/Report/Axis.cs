// An axis: from values to places between 0 and 1, and the round numbers that are written beside it.

using System.Globalization;

namespace Idem.Cli.Report;

internal sealed class Axis
{
    private readonly double _low, _high;
    private readonly bool _isLog;

    private Axis(double low, double high, bool isLog, IReadOnlyList<double> ticks)
    {
        _low = low;
        _high = high;
        _isLog = isLog;
        Ticks = ticks;
    }

    /// <summary>Round numbers within the axis.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>From 1, 2 or 5 times a power of ten to another.</summary>
    public static Axis Linear(double low, double high, int ticks)
    {
        if (high - low <= Math.Abs(high) * 1e-9)
        {
            (low, high) = (low - Math.Max(1e-9, Math.Abs(low) * 0.1), high + Math.Max(1e-9, Math.Abs(high) * 0.1));
        }

        double step = Round((high - low) / ticks);
        double first = Math.Floor(low / step) * step, last = Math.Ceiling(high / step) * step;
        int count = (int)Math.Round((last - first) / step);
        return new Axis(first, last, false, [.. Enumerable.Range(0, count + 1).Select(i => first + (i * step))]);
    }

    /// <summary>Steps of a run: it ends at the last one, whatever its number.</summary>
    public static Axis Steps(long last, int ticks)
    {
        double step = Math.Max(1, Round((double)last / ticks));
        return new Axis(0, last, false, [.. Enumerable.Range(0, (int)(last / step) + 1).Select(i => i * step)]);
    }

    /// <summary>Powers of ten; of few of them also their doubles and fivefolds. Values are positive.</summary>
    public static Axis Logarithmic(double low, double high)
    {
        int first = (int)Math.Floor(Math.Log10(low)), last = Math.Max(first + 1, (int)Math.Ceiling(Math.Log10(high)));
        int every = Math.Max(1, (last - first + 5) / 6);
        double[] factors = last - first <= 2 ? [1, 2, 5] : [1];
        List<double> ticks = [];
        for (int power = first; power <= last; power += every)
        {
            ticks.AddRange(factors.Select(factor => factor * Math.Pow(10, power)).Where(tick => tick <= Math.Pow(10, last) * 1.0001));
        }

        // As much of the outer decades as values reach.
        double from = ticks.LastOrDefault(tick => tick <= low, Math.Pow(10, first)), to = ticks.FirstOrDefault(tick => tick >= high, Math.Pow(10, last));
        if (to <= from)
        {
            (from, to) = (Math.Pow(10, first), Math.Pow(10, last));
        }

        return new Axis(Math.Log10(from), Math.Log10(to), true, [.. ticks.Where(tick => tick >= from * 0.9999 && tick <= to * 1.0001)]);
    }

    /// <summary>Where a value is: 0 at the beginning, 1 at the end.</summary>
    public double Place(double value) => ((_isLog ? Math.Log10(value) : value) - _low) / (_high - _low);

    /// <summary>A number with four digits or so.</summary>
    public static string Format(double value) => value == 0 ? "0"
        : Math.Abs(value) >= 1e6 ? value.ToString("0.###e0", CultureInfo.InvariantCulture)
        : Math.Abs(value) >= 10_000 ? (value / 1000).ToString("0.#", CultureInfo.InvariantCulture) + "k"
        : Math.Abs(value) >= 1000 ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : Math.Abs(value) >= 1e-3 ? value.ToString("0.####", CultureInfo.InvariantCulture)
        : value.ToString("0.###e0", CultureInfo.InvariantCulture);

    private static double Round(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        double first = value / power;
        return power * (first <= 1 ? 1 : first <= 2 ? 2 : first <= 5 ? 5 : 10);
    }
}
