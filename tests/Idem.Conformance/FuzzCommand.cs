// Fuzz campaigns: malformed files must end in the one exception their reader promises, quickly.

using System.Diagnostics;
using System.Globalization;
using Idem.Numerics;
using Idem.Tests.ChatTemplates;
using Idem.Tests.Formats;
using Idem.Tests.Inference;
using Idem.Tests.Tokenizers;

namespace Idem.Conformance;

internal static class FuzzCommand
{
    public const string TokenizersUsage = "tokenizer-fuzz COUNT SEED";
    public const string TemplatesUsage = "template-fuzz COUNT SEED";

    public const string GgufUsage = "gguf-fuzz COUNT SEED";
    public const string SafeTensorsUsage = "safetensors-fuzz COUNT SEED";

    public const string GenerationConfigsUsage = "generation-config-fuzz COUNT SEED";

    private const int SlowMilliseconds = 100;

    public static int Tokenizers(string[] arguments) => Run("tokenizer-fuzz", arguments, seed =>
    {
        var mutator = new TokenizerMutator(seed);
        return () =>
        {
            byte[] file = mutator.Next();
            return (() => TokenizerMutator.Try(file), () => System.Text.Encoding.UTF8.GetString(file));
        };
    });

    public static int Templates(string[] arguments) => Run("template-fuzz", arguments, seed =>
    {
        var mutator = new TemplateMutator(seed);
        return () =>
        {
            (string template, string messages) = mutator.Next();
            return (() => TemplateMutator.Try(template, messages), () => template);
        };
    });

    public static int Gguf(string[] arguments) => Run("gguf-fuzz", arguments, seed =>
    {
        var mutator = new GgufMutator(seed);
        return () =>
        {
            byte[] file = mutator.Next();
            return (() => GgufMutator.Try(file), () => Convert.ToBase64String(file));
        };
    });

    public static int SafeTensors(string[] arguments) => Run("safetensors-fuzz", arguments, seed =>
    {
        var mutator = new SafeTensorsMutator(seed);
        return () =>
        {
            byte[] file = mutator.Next();
            return (() => SafeTensorsMutator.Try(file), () => Convert.ToBase64String(file));
        };
    });

    public static int GenerationConfigs(string[] arguments) => Run("generation-config-fuzz", arguments, seed =>
    {
        var mutator = new GenerationConfigMutator(seed);
        return () =>
        {
            byte[] file = mutator.Next();
            return (() => GenerationConfigMutator.Try(file), () => Convert.ToBase64String(file));
        };
    });

    private static int Run(string name, string[] arguments, Func<int, Func<(Func<bool> Try, Func<string> Show)>> start)
    {
        if (arguments.Length != 2 || !long.TryParse(arguments[0], out long count) || !int.TryParse(arguments[1], out int seed))
        {
            Console.Error.WriteLine($"usage: Idem.Conformance {name} COUNT SEED");
            return 2;
        }

        Compute.Current = new Compute(Compute.Current.Path, 1); // inputs are small
        Func<(Func<bool> Try, Func<string> Show)> next = start(seed);
        long good = 0, slow = 0;
        double slowest = 0;
        for (long i = 0; i < count; i++)
        {
            (Func<bool> attempt, Func<string> show) = next();
            long began = Stopwatch.GetTimestamp();
            try
            {
                good += attempt() ? 1 : 0;
            }
            catch (Exception e)
            {
                Console.WriteLine($"{name}: input {i} of seed {seed}: {e}\n{show()}");
                return 3;
            }

            double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            for (int again = 0; again < 2 && milliseconds > SlowMilliseconds; again++)
            {
                milliseconds = Math.Min(milliseconds, Time(attempt)); // what a busy machine took is not the input's
            }

            if (milliseconds > SlowMilliseconds)
            {
                Console.WriteLine($"{name}: input {i} of seed {seed} takes {milliseconds:0} ms\n{show()}");
            }

            slowest = Math.Max(slowest, milliseconds);
            slow += milliseconds > SlowMilliseconds ? 1 : 0;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: {count} inputs of seed {seed}, {good} good, the rest refused; slowest {slowest:0} ms, {slow} over {SlowMilliseconds} ms"));
        return 0;
    }

    private static double Time(Func<bool> attempt)
    {
        long began = Stopwatch.GetTimestamp();
        attempt();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
