// What all benchmarks accept.

using System.Globalization;
using Idem.Numerics;

namespace Idem.Bench;

/// <param name="Threads">Threads to use; default one.</param>
/// <param name="Paths">SIMD paths to measure; default the widest.</param>
/// <param name="Only">Measures only cases whose name contains this.</param>
/// <param name="Seconds">Time of each training case (`train`); longer for a profiler.</param>
internal sealed record Options(int Threads, IReadOnlyList<SimdPath> Paths, string Only, double Seconds)
{
    public static Options Parse(string[] args)
    {
        Options options = new(1, [SimdPaths.Widest], "", 2);
        for (int i = 1; i + 1 < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--threads" => options with { Threads = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--simd" when args[i + 1] == "all" => options with { Paths = SimdPaths.All },
                "--simd" when SimdPaths.TryParse(args[i + 1], out SimdPath path) => options with { Paths = [path] },
                "--seconds" => options with { Seconds = double.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--only" => options with { Only = args[i + 1] },
                _ => throw new ArgumentException($"unknown option {args[i]} {args[i + 1]}"),
            };
        }

        return options;
    }
}
