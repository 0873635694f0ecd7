// Malformed config.json files by the million: each loads, or is refused with a typed error, in bounded time and memory.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Idem.Tests.Models;

namespace Idem.Conformance;

internal static class ConfigSweep
{
    public const string Usage = "configs COUNT SEED";
    private const double SecondsMax = 0.1;

    public static int Run(string[] args)
    {
        if (args.Length != 2
            || !int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || !int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int seed))
        {
            Console.Error.WriteLine($"usage: Idem.Conformance {Usage}");
            return 2;
        }

        ConfigMutator mutator = new(seed);
        int loaded = 0;
        TimeSpan longest = default;
        for (int i = 0; i < count; i++)
        {
            (byte[] json, Tensors.IStateSource weights) = mutator.Next();
            long begin = Stopwatch.GetTimestamp();
            try
            {
                loaded += ConfigMutator.Load(json, weights) ? 1 : 0;
            }
            catch (Exception e)
            {
                Console.Error.WriteLine($"configs: input {i} of seed {seed} raised {e.GetType().Name}: {e.Message}\n{Encoding.UTF8.GetString(json)}");
                return 3;
            }

            TimeSpan time = Stopwatch.GetElapsedTime(begin);
            if (time.TotalSeconds > SecondsMax)
            {
                // Slow, or the process was stopped meanwhile: once more tells.
                begin = Stopwatch.GetTimestamp();
                ConfigMutator.Load(json, weights);
                time = Stopwatch.GetElapsedTime(begin);
            }

            longest = time > longest ? time : longest;
            if (time.TotalSeconds > SecondsMax)
            {
                Console.Error.WriteLine($"configs: input {i} of seed {seed} took {time.TotalSeconds} s\n{Encoding.UTF8.GetString(json)}");
                return 3;
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"configs: {count} inputs of seed {seed}: {loaded} load, the others are refused with a typed error; the longest took {longest.TotalMilliseconds:F1} ms"));
        return 0;
    }
}
