// The emulated fused multiply-add against the processor's instruction, on hundreds of millions of hard cases.

using System.Globalization;
using Idem.Numerics;

namespace Idem.Conformance;

internal static class FmaSweep
{
    public const string Usage = "fma [millions of cases of each width] [seed]";

    private const long Batch = 1_000_000;

    public static int Run(string[] args)
    {
        int millions = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
        ulong seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        if (!Fma.IsHardware)
        {
            Console.Error.WriteLine("this machine has no fused multiply-add instruction to compare with");
            return 2;
        }

        string?[] differences = new string?[millions];
        Parallel.For(0, millions, batch =>
        {
            ulong batchSeed = (seed << 32) + (ulong)batch;
            differences[batch] = FmaCases.FirstDifferenceDouble(batchSeed, Batch) ?? FmaCases.FirstDifferenceSingle(batchSeed, Batch);
        });
        string? first = differences.FirstOrDefault(difference => difference is not null);
        Console.WriteLine(first ?? $"fma: {millions} million cases of each width equal the instruction, seed {seed}");
        return first is null ? 0 : 3;
    }
}
