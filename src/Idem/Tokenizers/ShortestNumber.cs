// Doubles as the Rust libraries write them: the shortest digits that read back as the same number, a point always, an exponent
// below 1e-5 and from 1e16 on.

using System.Globalization;
using System.Text;

namespace Idem.Tokenizers;

internal static class ShortestNumber
{
    public static string Format(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture); // -0.00123, 1.5E-07, 1E+20
        bool isNegative = text[0] == '-';
        string[] parts = text[(isNegative ? 1 : 0)..].Split('E');
        int dot = parts[0].IndexOf('.', StringComparison.Ordinal);
        int point = dot < 0 ? parts[0].Length : dot;
        point += parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        string all = parts[0].Replace(".", "", StringComparison.Ordinal);
        string figures = all.TrimStart('0');
        point -= all.Length - figures.Length;
        figures = figures.TrimEnd('0');
        figures = figures.Length == 0 ? "0" : figures;
        return (isNegative ? "-" : "") + Place(figures, figures == "0" ? 1 : point);
    }

    // point: how many figures stand before it
    private static string Place(string figures, int point)
    {
        if (point is > 0 and <= 16)
        {
            return figures.Length <= point
                ? figures.PadRight(point, '0') + ".0"
                : string.Concat(figures.AsSpan(0, point), ".", figures.AsSpan(point));
        }

        if (point is > -5 and <= 0)
        {
            return "0." + new string('0', -point) + figures;
        }

        var text = new StringBuilder(figures);
        if (figures.Length > 1)
        {
            text.Insert(1, '.');
        }

        return text.Append('e').Append((point - 1).ToString(CultureInfo.InvariantCulture)).ToString();
    }
}
