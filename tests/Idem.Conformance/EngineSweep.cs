// Random requests through the engine: batches, chunks, shared pages, pages taken away, arrivals, cancellations, threads and paths; and
// random schedules with a model that costs nothing.

using System.Diagnostics;
using System.Globalization;
using Idem.Models;
using Idem.Tests.Inference;
using Idem.Tests.Inference.Scheduling;
using Idem.Tests.Models;

namespace Idem.Conformance;

internal static class EngineSweep
{
    public const string Usage = "engine [cases] [seed]";

    public const string SchedulesUsage = "schedule [cases] [seed]";

    public static int Run(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        DecoderModel[] models = [.. TinyDecoders.Names.Select(name => TinyDecoders.Create(name))];
        long begin = Stopwatch.GetTimestamp();
        int wrong = 0;
        for (int i = 0; i < cases; i++)
        {
            string name = TinyDecoders.Names[i % models.Length];
            if (EngineCampaign.Run(models[i % models.Length], new Random(HashCode(seed, i))) is { } difference)
            {
                wrong++;
                Console.WriteLine($"WRONG case {i} ({name}): {difference}");
            }

            if ((i + 1) % 500 == 0)
            {
                Console.WriteLine($"{i + 1} cases, {wrong} wrong, {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
            }
        }

        Console.WriteLine(wrong == 0 ? $"{cases} cases, none wrong" : $"FAILED: {wrong} of {cases} cases");
        return wrong == 0 ? 0 : 3;
    }

    /// <summary>Schedules without a model.</summary>
    public static int RunSchedules(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        int wrong = 0;
        Parallel.For(0, cases, i =>
        {
            if (SchedulerCampaign.Run(new Random(HashCode(seed, i))) is { } difference)
            {
                Interlocked.Increment(ref wrong);
                Console.WriteLine($"WRONG schedule {i}: {difference}");
            }
        });
        Console.WriteLine(wrong == 0 ? $"{cases} schedules, none wrong" : $"FAILED: {wrong} of {cases} schedules");
        return wrong == 0 ? 0 : 3;
    }

    private static int HashCode(int seed, int index) => unchecked((seed * 1_000_003) + (index * 7919));
}
