// Random divergences put into runs, and what idem diff makes of them.

using System.Diagnostics;
using System.Globalization;
using Idem.Tests.Support;
using Idem.Tests.Verification.Differences;

namespace Idem.Conformance;

internal static class DivergenceSweep
{
    public const string Usage = "divergences [cases] [seed]";

    public static int Run(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        long begin = Stopwatch.GetTimestamp();
        using TemporaryFolder folder = new();
        string[] data = InjectedRun.WriteData(folder);
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        int wrong = 0;
        for (int i = 0; i < cases; i++)
        {
            Divergence divergence = Divergence.Draw(new Random(unchecked((seed * 1_000_003) + (i * 7919))));
            counts[divergence.Cause] = counts.GetValueOrDefault(divergence.Cause) + 1;
            if (divergence.Problem(folder, data, $"case{i}") is { } problem)
            {
                wrong++;
                Console.WriteLine($"WRONG case {i} ({divergence.Cause}; {divergence.Injection}): {problem}");
            }

            if ((i + 1) % 50 == 0)
            {
                Console.WriteLine($"{i + 1} cases, {wrong} wrong, {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
            }
        }

        Console.WriteLine(string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}")));
        Console.WriteLine(wrong == 0 ? $"{cases} cases, none wrong" : $"FAILED: {wrong} of {cases} cases");
        return wrong == 0 ? 0 : 3;
    }
}
