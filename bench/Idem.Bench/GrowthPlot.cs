// Tokens a second over a size, both logarithmic: dots as measured, the line as the count of operations says at the median rate,
// the band 15% around it. Plain SVG, readable on light and dark pages.

using System.Globalization;
using System.Text;

namespace Idem.Bench;

/// <param name="Title">Name of the horizontal axis.</param>
/// <param name="Points">Size and measurement.</param>
internal sealed record GrowthPanel(string Title, (int Size, GrowthPoint Point)[] Points)
{
    /// <summary>Tokens a second that the count of operations says.</summary>
    public double Expected(GrowthPoint point) =>
        Points.Select(other => other.Point.Gflops).Order().ElementAt(Points.Length / 2) * 1e9 / point.FlopsPerToken;
}

internal static class GrowthPlot
{
    private const int PanelWidth = 420, Height = 320, Left = 70, Top = 20, Bottom = 50, Right = 20;
    private const double Tolerance = 0.15;
    private static readonly int[] s_ticks = [1, 2, 5];

    public static string Draw(IReadOnlyList<GrowthPanel> panels)
    {
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {panels.Count * PanelWidth} {Height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#777\">");
        for (int i = 0; i < panels.Count; i++)
        {
            Draw(svg, panels[i], i * PanelWidth);
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static void Draw(StringBuilder svg, GrowthPanel panel, int offset)
    {
        double[] all = [.. panel.Points.SelectMany(item => new[] { item.Point.TokensPerSecond, panel.Expected(item.Point) })];
        double low = Math.Log10(all.Min() * 0.7), high = Math.Log10(all.Max() * 1.4);
        double first = Math.Log2(panel.Points[0].Size), last = Math.Log2(panel.Points[^1].Size);
        double X(int size) => offset + Left + ((Math.Log2(size) - first) / (last - first) * (PanelWidth - Left - Right));
        double Y(double value) => Top + ((high - Math.Log10(value)) / (high - low) * (Height - Top - Bottom));
        string Path(IEnumerable<(int Size, double Value)> points) =>
            string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Size):F1},{Y(point.Value):F1}")));

        IEnumerable<(int Size, double Value)> Line(double factor) => panel.Points.Select(item => (item.Size, panel.Expected(item.Point) * factor));
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{offset + Left}\" y=\"{Top}\" width=\"{PanelWidth - Left - Right}\" height=\"{Height - Top - Bottom}\" fill=\"none\" stroke=\"#999\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<polygon points=\"{Path(Line(1 + Tolerance))} {Path(Line(1 - Tolerance).Reverse())}\" fill=\"#4a90d9\" opacity=\"0.2\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{Path(Line(1))}\" fill=\"none\" stroke=\"#4a90d9\"/>");
        foreach ((int size, GrowthPoint point) in panel.Points)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{X(size):F1}\" cy=\"{Y(point.TokensPerSecond):F1}\" r=\"4\" fill=\"#d9534a\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{X(size):F1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{size}</text>");
        }

        foreach (double value in Ticks(low, high))
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{offset + Left - 6}\" y=\"{Y(value) + 4:F1}\" text-anchor=\"end\">{value:N0}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{offset + Left + ((PanelWidth - Left - Right) / 2)}\" y=\"{Height - 12}\" text-anchor=\"middle\">{panel.Title}: tokens/s</text>");
    }

    // 1, 2 and 5 times the powers of ten.
    private static IEnumerable<double> Ticks(double low, double high) =>
        from exponent in Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
        from step in s_ticks
        let value = step * Math.Pow(10, exponent)
        where Math.Log10(value) >= low && Math.Log10(value) <= high
        select value;
}
