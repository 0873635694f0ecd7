// A curve drawn with Braille characters: two by four dots a cell. For eyes only; no digest depends on it.

using System.Globalization;
using System.Text;

namespace Idem.Cli.Terminal;

internal static class LossCurve
{
    private static readonly int[,] DotBits = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    /// <summary>Draws the values (by step) into lines of text with the range at the left and the steps below.</summary>
    public static string Draw(IReadOnlyList<(long Step, float Value)> points, int width, int height)
    {
        List<(long Step, float Value)> finite = [.. points.Where(point => float.IsFinite(point.Value))];
        if (finite.Count < 2 || width < 12 || height < 2)
        {
            return "";
        }

        long first = finite[0].Step, last = Math.Max(finite[^1].Step, first + 1);
        double low = finite.Min(point => point.Value), high = finite.Max(point => point.Value);
        if (high - low < 1e-6)
        {
            high = low + 1e-6;
        }

        int columns = (width - 8) * 2, rows = height * 4;
        int[,] cells = new int[height, width - 8];
        int previous = -1;
        for (int column = 0; column < columns; column++)
        {
            double from = first + ((last - first) * (column / (double)columns));
            double to = first + ((last - first) * ((column + 1) / (double)columns));
            double? value = MeanBetween(finite, from, to, column == columns - 1);
            if (value is null)
            {
                continue;
            }

            int row = Math.Clamp((int)((high - value.Value) / (high - low) * (rows - 1)), 0, rows - 1);
            int start = previous < 0 ? row : Math.Min(previous, row), end = previous < 0 ? row : Math.Max(previous, row);
            for (int y = start; y <= end; y++)
            {
                cells[y / 4, column / 2] |= DotBits[y % 4, column % 2];
            }

            previous = row;
        }

        StringBuilder text = new();
        for (int line = 0; line < height; line++)
        {
            string label = line == 0 ? Format(high) : line == height - 1 ? Format(low) : "";
            text.Append(label.PadLeft(6)).Append(" \u2502");
            for (int column = 0; column < width - 8; column++)
            {
                text.Append((char)(0x2800 + cells[line, column]));
            }

            text.Append('\n');
        }

        string right = last.ToString(CultureInfo.InvariantCulture);
        text.Append("       \u2514 ").Append(first.ToString(CultureInfo.InvariantCulture).PadRight(Math.Max(1, width - 9 - right.Length))).Append(right);
        return text.ToString();
    }

    private static string Format(double value) => value.ToString(value >= 100 ? "0" : "0.000", CultureInfo.InvariantCulture);

    private static double? MeanBetween(List<(long Step, float Value)> points, double from, double to, bool inclusive)
    {
        double sum = 0;
        int count = 0;
        foreach ((long step, float value) in points)
        {
            if (step >= from && (step < to || (inclusive && step <= to)))
            {
                sum += value;
                count++;
            }
        }

        return count == 0 ? null : sum / count;
    }
}
