// Speed of the elementwise functions, data in the first-level cache: medians, millions a second.

using System.Globalization;
using Idem.Numerics;
using Idem.Numerics.Functions;

namespace Idem.Bench;

internal static class FunctionBenchmark
{
    private const int Count = 2048;

    public static void Report(Options options)
    {
        foreach (NamedFunction function in FunctionTable.All)
        {
            if (!function.Name.Contains(options.Only, StringComparison.Ordinal))
            {
                continue;
            }

            float[] x = Inputs(function.Name), y = new float[Count];
            foreach (SimdPath path in options.Paths)
            {
                (double nanoseconds, double best, bool disturbed) = Measurement.Median(1, () => function.Map(path, x, y));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{function.Name,-8} {path.Name(),6}: {Count * 1e3 / nanoseconds,6:F0} M/s, best {Count * 1e3 / best,6:F0}{(disturbed ? " (disturbed)" : "")}"));
            }
        }
    }

    /// <summary>Everyday arguments: [-8, 8), or [0.001, 100) for logarithms and roots.</summary>
    private static float[] Inputs(string name)
    {
        Random random = new(1);
        bool isPositive = name is "log" or "log1p" or "log2" or "rsqrt";
        return [.. Enumerable.Range(0, Count).Select(_ => (float)(isPositive ? 0.001 + (100 * random.NextDouble()) : (16 * random.NextDouble()) - 8))];
    }
}
