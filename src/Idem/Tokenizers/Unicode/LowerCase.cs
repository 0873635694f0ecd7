// Lower case without context or language, by Unicode 17.0: one character for one, but for U+0130, which becomes two.

using System.Globalization;

namespace Idem.Tokenizers;

internal static class LowerCase
{
    /// <summary>The one character whose lower case is two: <see cref="DotlessFirst"/>, <see cref="DotAbove"/>.</summary>
    public const int CapitalIWithDot = 0x130;

    public const int DotlessFirst = 'i', DotAbove = 0x307;

    private static readonly Dictionary<int, int> Lower = Read();

    /// <summary>The lower case of any character but <see cref="CapitalIWithDot"/>.</summary>
    public static int Of(int codePoint) =>
        codePoint < 0x80
            ? (codePoint is >= 'A' and <= 'Z' ? codePoint | 0x20 : codePoint)
            : Lower.GetValueOrDefault(codePoint, codePoint);

    private static Dictionary<int, int> Read()
    {
        var lower = new Dictionary<int, int>();
        foreach (string line in UnicodeTable.Lines("lowercase-17.0.txt"))
        {
            string[] parts = line.Split(' ');
            int dots = parts[0].IndexOf("..", StringComparison.Ordinal);
            int last = UnicodeTable.Hex(parts[0].AsSpan(dots + 2));
            int step = int.Parse(parts[1], CultureInfo.InvariantCulture), difference = int.Parse(parts[2], CultureInfo.InvariantCulture);
            for (int code = UnicodeTable.Hex(parts[0].AsSpan(0, dots)); code <= last; code += step)
            {
                lower.Add(code, code + difference);
            }
        }

        return lower;
    }
}
