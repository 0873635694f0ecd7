using System.Globalization;

namespace Idem.Tests.Functions;

/// <summary>hard-cases.txt: one case a line, function, input and correctly rounded output as encodings, values from MPFR.</summary>
internal static class HardCases
{
    public static IReadOnlyList<(string Function, uint Input, uint Output)> Read()
    {
        using Stream stream = typeof(HardCases).Assembly.GetManifestResourceStream("hard-cases.txt")
            ?? throw new InvalidOperationException("hard-cases.txt is not embedded in the test assembly");
        using StreamReader reader = new(stream);
        List<(string, uint, uint)> cases = [];
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                string[] fields = line.Split(' ');
                cases.Add((fields[0], Encoding(fields[1]), Encoding(fields[2])));
            }
        }

        return cases;
    }

    private static uint Encoding(string hex) => uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
