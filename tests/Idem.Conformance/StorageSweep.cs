// Runs on disks that fail, crash and lose what was not flushed: whole training runs over a file system in memory. First a life that ends
// at each operation, then drawn schedules of several lives.

using System.Diagnostics;
using System.Globalization;
using Idem.Numerics;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Conformance;

internal static class StorageSweep
{
    public const string Usage = "storage [schedules] [seed]";

    public static int Run(string[] args)
    {
        int schedules = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        Compute.Current = new Compute(SimdPaths.Widest, 1); // so small a run is fastest on one thread
        using TemporaryFolder folder = new();
        StorageCampaign campaign = new(folder.Write("text.txt", "abracadabra, abracadabra\n"u8.ToArray()), steps: 5);
        long begin = Stopwatch.GetTimestamp();
        int wrong = 0;
        foreach (string difference in campaign.RunEach())
        {
            wrong++;
            Console.WriteLine($"WRONG: {difference}");
        }

        Console.WriteLine($"each of {campaign.Operations} operations, {wrong} wrong, {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
        for (int i = 0; i < schedules; i++)
        {
            if (campaign.Run(new Random(unchecked((seed * 1_000_003) + (i * 7919)))) is { } difference)
            {
                wrong++;
                Console.WriteLine($"WRONG schedule {i}: {difference}");
            }

            if ((i + 1) % 5000 == 0)
            {
                Console.WriteLine($"{i + 1} schedules, {wrong} wrong, {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
            }
        }

        Console.WriteLine(wrong == 0 ? $"every operation and {schedules} schedules, none wrong" : $"FAILED: {wrong} wrong");
        return wrong == 0 ? 0 : 3;
    }
}
