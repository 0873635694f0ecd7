// Our side of a comparison: prepares the named case and times samples of it, as the driver asks. The same requests and answers
// as those of bench/peers/pytorch/serve.py.

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Idem.Numerics;

namespace Idem.Bench.Peers;

internal static class Serving
{
    private const double WarmUpSeconds = 0.5;

    public static void Run(Options options)
    {
        Compute compute = new(options.Paths[0], options.Threads);
        Compute.Current = compute;
        Action action = () => { };
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', 2);
            Console.Out.WriteLine(words[0] switch
            {
                "prepare" => Prepare(compute, words[1], out action),
                "sample" => Sample(action, double.Parse(words[1], CultureInfo.InvariantCulture)).ToString("F1", CultureInfo.InvariantCulture),
                "memory" => (PeakResidentBytes() >> 20).ToString(CultureInfo.InvariantCulture),
                "versions" => $"Idem on {RuntimeInformation.FrameworkDescription}, path {compute.Path.Name()}",
                _ => throw new ArgumentException($"unknown request {line}"),
            });
        }
    }

    /// <summary>The largest resident memory this process has had; 0 where the system does not tell.</summary>
    public static long PeakResidentBytes()
    {
        const string Status = "/proc/self/status", Key = "VmHWM:";
        if (!File.Exists(Status))
        {
            return Process.GetCurrentProcess().PeakWorkingSet64;
        }

        string line = File.ReadLines(Status).First(line => line.StartsWith(Key, StringComparison.Ordinal));
        return long.Parse(line[Key.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) << 10;
    }

    private static string Prepare(Compute compute, string name, out Action action)
    {
        // Memory is touched, methods are compiled, and those that are called often compiled again: that comes 0.1 s after the last new one.
        action = ComparedCase.Parse(name).Prepare(compute);
        action();
        Sample(action, WarmUpSeconds);
        return "ready";
    }

    private static double Sample(Action action, double seconds)
    {
        long begin = Stopwatch.GetTimestamp(), calls = 0;
        TimeSpan elapsed;
        do
        {
            action();
            calls++;
            elapsed = Stopwatch.GetElapsedTime(begin);
        }
        while (elapsed.TotalSeconds < seconds);
        return elapsed.TotalNanoseconds / calls;
    }
}
