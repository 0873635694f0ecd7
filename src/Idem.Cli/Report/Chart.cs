// A chart of curves over steps: SVG for the lines, which stretches with the page, and HTML for the words, which does not. It is readable
// without its picture: a title, a description in words, and a table of its data.

using System.Text;

namespace Idem.Cli.Report;

/// <summary>How values are spread over the height of a chart.</summary>
internal enum Scale
{
    /// <summary>From near the lowest to near the highest value.</summary>
    Linear,

    /// <summary>From zero.</summary>
    FromZero,

    /// <summary>By powers of ten; for positive values.</summary>
    Logarithmic,
}

/// <summary>A chart.</summary>
/// <param name="Id">Unique in the page.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Unit">What the values are, for words.</param>
/// <param name="Scale">How values are spread.</param>
/// <param name="Series">The curves.</param>
/// <param name="Steps">The last step of the axis.</param>
/// <param name="Mark">A step to mark, and the word at the mark.</param>
internal sealed record Chart(string Id, string Title, string Unit, Scale Scale, IReadOnlyList<Series> Series, long Steps, (long Step, string Label)? Mark = null)
{
    private const double Width = 1000, Height = 300;
    private const int TableRows = 40;

    public void Write(Html html)
    {
        IReadOnlyList<IReadOnlyList<Series.Interval>> intervals = [.. Series.Select(series => series.Intervals())];
        Axis x = Axis.Steps(Steps, 6), y = YAxis([.. intervals.SelectMany(list => list)]);
        html.Raw($"<figure class=\"chart{(Mark is null ? "" : " is-marked")}\" id=\"{Id}\"><figcaption><h3>{Html.Escape(Title)}</h3>{Legend()}</figcaption>");
        html.Raw("<div class=\"plot\">");
        WriteLabels(html, x, y);
        html.Raw($"<svg viewBox=\"0 0 {Width} {Height}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"{Id}-t {Id}-d\"><title id=\"{Id}-t\">{Html.Escape(Title)}</title><desc id=\"{Id}-d\">{Html.Escape(Describe())}</desc>");
        WriteGrid(html, x, y);
        for (int i = 0; i < Series.Count; i++)
        {
            WriteCurve(html, Series[i], intervals[i], x, y);
        }

        WriteMark(html, x);
        WriteHints(html, intervals, x);
        html.Raw("</svg></div>");
        WriteTable(html);
        html.Raw("</figure>");
    }

    private Axis YAxis(IReadOnlyList<Series.Interval> all)
    {
        double low = all.Min(interval => interval.Low), high = all.Max(interval => interval.High);
        return Scale switch
        {
            Scale.Logarithmic when low > 0 => Axis.Logarithmic(low, high),
            Scale.FromZero => Axis.Linear(0, high > 0 ? high : 1, 4),
            _ => Axis.Linear(low, high, 4),
        };
    }

    // A single curve is what the title says.
    private string Legend() => Series.Count == 1 ? "" : $"<ul class=\"legend\">{string.Concat(Series.Select(series => $"<li class=\"{series.Style}\"><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 4H23\"/></svg>{Html.Escape(series.Name)}</li>"))}</ul>";

    private void WriteLabels(Html html, Axis x, Axis y)
    {
        html.Raw("<div aria-hidden=\"true\">");
        foreach (double tick in y.Ticks)
        {
            html.Raw($"<span class=\"y\" style=\"bottom:{Html.Place(100 * y.Place(tick))}%\">{Axis.Format(tick)}</span>");
        }

        foreach (double tick in x.Ticks)
        {
            html.Raw($"<span class=\"x\" style=\"left:{Html.Place(100 * x.Place(tick))}%\">{Axis.Format(tick)}</span>");
        }

        if (Mark is { } mark)
        {
            double place = x.Place(mark.Step);
            html.Raw($"<span class=\"mark {(place > 0.5 ? "before" : "")}\" style=\"left:{Html.Place(100 * place)}%\">{Html.Escape(mark.Label)}</span>");
        }

        html.Raw("</div>");
    }

    private static void WriteGrid(Html html, Axis x, Axis y)
    {
        StringBuilder lines = new();
        foreach (double tick in y.Ticks)
        {
            string place = Html.Place(Height * (1 - y.Place(tick)));
            lines.Append($"M0 {place}H{Width}");
        }

        StringBuilder ends = new();
        foreach (double tick in x.Ticks)
        {
            ends.Append($"M{Html.Place(Width * x.Place(tick))} {Height}v5");
        }

        html.Raw($"<path class=\"grid\" d=\"{lines}\"/><path class=\"axis\" d=\"M0 {Height}H{Width}{ends}\"/>");
    }

    private static void WriteCurve(Html html, Series series, IReadOnlyList<Series.Interval> intervals, Axis x, Axis y)
    {
        if (intervals.Any(interval => interval.High > interval.Low))
        {
            IEnumerable<string> band = intervals.Select(interval => At(interval.Middle, interval.High)).Concat(intervals.Reverse().Select(interval => At(interval.Middle, interval.Low)));
            html.Raw($"<path class=\"{series.Style} band\" d=\"M{string.Join('L', band)}Z\"/>");
        }

        html.Raw($"<path class=\"{series.Style} line\" d=\"M{string.Join('L', intervals.Select(interval => At(interval.Middle, interval.Mean)))}\"/>");
        if (series.HasDots || intervals.Count == 1)
        {
            // Dots are lines of no length with round ends: the picture is stretched, they are not.
            html.Raw($"<path class=\"{series.Style} dots\" d=\"{string.Concat(intervals.Select(interval => $"M{At(interval.Middle, interval.Mean)}h0"))}\"/>");
        }

        string At(double step, double value) => $"{Html.Place(Width * x.Place(step))} {Html.Place(Height * (1 - y.Place(value)))}";
    }

    private void WriteMark(Html html, Axis x)
    {
        if (Mark is { } mark)
        {
            html.Raw($"<path class=\"mark\" d=\"M{Html.Place(Width * x.Place(mark.Step))} 0V{Height}\"/>");
        }
    }

    // What a pointer that rests over the chart is told.
    private void WriteHints(Html html, IReadOnlyList<IReadOnlyList<Series.Interval>> intervals, Axis x)
    {
        IReadOnlyList<Series.Interval> longest = intervals.MaxBy(list => list.Count)!;
        StringBuilder hints = new();
        for (int i = 0; i < longest.Count; i++)
        {
            Series.Interval here = longest[i];
            double left = i == 0 ? 0 : x.Place((longest[i - 1].Middle + here.Middle) / 2), right = i == longest.Count - 1 ? 1 : x.Place((here.Middle + longest[i + 1].Middle) / 2);
            string values = string.Join(", ", Series.Select((series, s) => (series.Name, Found: intervals[s].FirstOrDefault(other => other.First <= here.Last && other.Last >= here.First)))
                .Where(pair => pair.Found.Last > 0).Select(pair => $"{pair.Name} {Axis.Format(pair.Found.Mean)}"));
            hints.Append($"<rect class=\"hint\" x=\"{Html.Place(Width * left)}\" width=\"{Html.Place(Width * (right - left))}\" height=\"{Height}\"><title>{Html.Escape($"{StepsOf(here)}: {values}")}</title></rect>");
        }

        html.Raw(hints.ToString());
    }

    private static string StepsOf(Series.Interval interval) => interval.First == interval.Last ? $"step {interval.First}" : $"steps {interval.First} to {interval.Last}";

    private string Describe() => $"{Unit} over {Steps} steps. " + string.Join(' ', Series.Where(series => series.Points.Count > 0).Select(series =>
    {
        (long Step, double Value) low = series.Points.MinBy(point => point.Value), high = series.Points.MaxBy(point => point.Value);
        return $"{series.Name}: {Axis.Format(series.Points[0].Value)} at step {series.Points[0].Step}, {Axis.Format(series.Points[^1].Value)} at step {series.Points[^1].Step}; "
            + $"lowest {Axis.Format(low.Value)} at step {low.Step}, highest {Axis.Format(high.Value)} at step {high.Step}.";
    })) + (Mark is { } mark ? $" Marked at step {mark.Step}: {mark.Label}." : "");

    private void WriteTable(Html html)
    {
        SortedSet<long> all = [.. Series.SelectMany(series => series.Points.Select(point => point.Step))];
        SortedSet<long> marked = [.. Series.Where(series => series.HasDots).SelectMany(series => series.Points.Select(point => point.Step))];
        long[] steps = [.. all];
        SortedSet<long> shown = [.. Enumerable.Range(0, Math.Min(TableRows, steps.Length)).Select(i => steps[(long)i * (steps.Length - 1) / Math.Max(1, Math.Min(TableRows, steps.Length) - 1)])];
        shown.UnionWith(marked.Count <= TableRows ? marked : []);
        if (Mark is { } mark && all.Contains(mark.Step))
        {
            shown.Add(mark.Step);
        }

        Dictionary<long, double>[] values = [.. Series.Select(series => series.Points.ToDictionary(point => point.Step, point => point.Value))];
        string which = shown.Count == all.Count ? $"{all.Count} steps" : $"{shown.Count} of {all.Count} steps";
        html.Raw($"<details class=\"data\"><summary>Data of this chart ({which})</summary>");
        html.Table(Title, ["step", .. Series.Select(series => Html.Escape(series.Name))], shown.Select(step => (IReadOnlyList<string>)
            [$"{step}", .. values.Select(series => series.TryGetValue(step, out double value) ? Axis.Format(value) : "")]), "numbers");
        html.Raw("</details>");
    }
}
