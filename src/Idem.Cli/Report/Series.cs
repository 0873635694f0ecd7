// Values by step, and what is drawn of them: a few hundred intervals of steps with their mean, lowest and highest value.

namespace Idem.Cli.Report;

/// <summary>A curve.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Style">CSS class of its colour and dashes.</param>
/// <param name="Points">Values by step, ascending.</param>
/// <param name="HasDots">Whether single values are few, and marked.</param>
internal sealed record Series(string Name, string Style, IReadOnlyList<(long Step, double Value)> Points, bool HasDots = false)
{
    private const int IntervalsMax = 240;

    /// <summary>Steps of a curve that are drawn as one.</summary>
    public readonly record struct Interval(long First, long Last, double Low, double Mean, double High)
    {
        public double Middle => (First + Last) / 2.0;
    }

    /// <summary>The curve, thinned.</summary>
    public IReadOnlyList<Interval> Intervals()
    {
        if (Points.Count <= 2 * IntervalsMax)
        {
            return [.. Points.Select(point => new Interval(point.Step, point.Step, point.Value, point.Value, point.Value))];
        }

        List<Interval> intervals = [];
        for (int i = 0; i < IntervalsMax; i++)
        {
            int begin = (int)((long)Points.Count * i / IntervalsMax), end = (int)((long)Points.Count * (i + 1) / IntervalsMax);
            IEnumerable<double> values = Points.Skip(begin).Take(end - begin).Select(point => point.Value);
            intervals.Add(new Interval(Points[begin].Step, Points[end - 1].Step, values.Min(), values.Average(), values.Max()));
        }

        return intervals;
    }
}
