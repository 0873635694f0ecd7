// The deviating systems that are tried: each is executed, and named only if it gives the bits that a side states. From the likely to
// the unlikely, so that of two that give the same bits the simpler one is named.

using Idem.Formats;
using Idem.Numerics;
using Idem.Numerics.Reduction;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>A cause to try: its name, with which values, and the side executed with it.</summary>
/// <param name="Name">What a report calls it.</param>
/// <param name="Detail">With which values.</param>
/// <param name="Program">The side's program with this thing otherwise.</param>
internal sealed record CauseCandidate(string Name, string Detail, RunProgram Program);

/// <summary>Arithmetics and precisions of other systems.</summary>
internal static class ArithmeticCauses
{
    public const string Order = "a reduction in another order";
    public const string Unfused = "fused multiply-adds not fused";
    public const string Contracted = "products contracted into fused multiply-adds";
    public const string Flushed = "subnormals flushed to zero";
    public const string Narrower = "a narrower storage type";
    public const string WiderStorage = "a wider storage type";
    public const string Wider = "a wider accumulator";
    public const string Shards = "another shard count";

    public static IEnumerable<CauseCandidate> Of(RunProgram program)
    {
        foreach ((string name, string detail, Deviation deviation) in Deviations())
        {
            yield return new CauseCandidate(name, detail, program with { Deviation = deviation });
        }

        yield return new CauseCandidate(Order, "the shards' gradients added from left to right", program with { Variant = new TrainingVariant { JoinsShardsInOrder = true } });
        for (int shards = 1; shards <= program.Config.SequencesPerStep; shards++)
        {
            if (program.Config.SequencesPerStep % shards == 0 && shards != program.Config.Shards)
            {
                yield return new CauseCandidate(Shards, $"{shards}, where the configuration says {program.Config.Shards}", program with { Config = program.Config with { Shards = shards } });
            }
        }

        foreach (StoredKind kind in Enum.GetValues<StoredKind>())
        {
            foreach (DType dtype in new[] { DType.BF16, DType.F16 })
            {
                yield return new CauseCandidate(Narrower, $"{kind.ToString().ToLowerInvariant()} stored as {dtype.Name()}", program with { Stored = new StoredPrecision(kind, dtype) });
            }
        }
    }

    private static IEnumerable<(string Name, string Detail, Deviation Deviation)> Deviations()
    {
        yield return (Unfused, "every product rounded before it is added", new Deviation { Unfused = true });
        yield return (Contracted, "every product that goes straight into a sum", new Deviation { Contracted = true });
        yield return (Flushed, "subnormal float32 operands and results", new Deviation { Flushed = true });
        foreach ((string detail, DotOrder order) in Orders())
        {
            yield return (Order, $"matrix products summed {detail}", new Deviation { Products = order });
        }

        yield return (Wider, "matrix products summed in float64, rounded once", new Deviation { WideProducts = true, Products = DotOrder.Sequential });
        yield return (Unfused + ", in another order", "matrix products summed in one chain, each product rounded before it is added", new Deviation { Unfused = true, Products = DotOrder.Sequential });
        foreach (int lanes in new[] { 4, 8, 16 })
        {
            yield return (Unfused + ", in another order", $"matrix products summed in {lanes} lanes, each product rounded before it is added",
                new Deviation { Unfused = true, Products = new DotOrder(DotOrderKind.Lanes, lanes) });
        }
    }

    private static IEnumerable<(string Detail, DotOrder Order)> Orders()
    {
        yield return ("in one chain, first to last", DotOrder.Sequential);
        yield return ("in one chain, last to first", new DotOrder(DotOrderKind.Descending, 1));
        foreach (int lanes in new[] { 2, 4, 8, 16, 32, 64 })
        {
            yield return ($"in {lanes} lanes", new DotOrder(DotOrderKind.Lanes, lanes));
        }

        yield return ("pairwise", new DotOrder(DotOrderKind.Chains, 1));
        foreach (int leaf in new[] { 2, 4, 8, 16, 32, 64, 128, 512, 1024 })
        {
            if (leaf != ChainTree.Leaf)
            {
                yield return ($"in chains of {leaf}, where the definition has {ChainTree.Leaf}", new DotOrder(DotOrderKind.Chains, leaf));
            }
        }
    }
}
