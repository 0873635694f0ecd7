// Random divergences put into one of two runs, and what 'idem diff' must find. Where an injection first acts is known from executing
// the injected system itself. One that shows in nothing a run states must be found to be equal.

using Idem.Formats;
using Idem.Numerics;
using Idem.Tests.Support;
using Idem.Tracing;
using Idem.Training;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>A divergence, and the name of its cause.</summary>
internal sealed record Divergence(string Cause, TrainConfig Config, Injection Injection)
{
    /// <summary>The step after which a weight was changed, and which.</summary>
    public (long Step, string Parameter, int Element)? Weight { get; init; }

    /// <summary>A bit of a weight, changed after a step.</summary>
    public static Divergence Bit(TrainConfig config, long step, string parameter, int element, int bit) => new(WeightCauses.Name, config, new Injection
    {
        Variant = new TrainingVariant
        {
            AfterUpdate = (at, session) =>
            {
                if (at == step)
                {
                    Span<float> data = session.Model.NamedParameters().First(named => named.Name == parameter).Parameter.Data;
                    data[element] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(data[element]) ^ (1u << bit));
                }
            },
        },
    })
    {
        Weight = (step, parameter, element),
    };

    /// <summary>A random one.</summary>
    public static Divergence Draw(Random random)
    {
        TrainConfig config = InjectedRun.Config;
        return random.Next(8) switch
        {
            0 => new("another seed", config with { Seed = (ulong)random.NextInt64() }, new Injection()),
            1 => new(ArithmeticCauses.Shards, config with { Shards = random.Next(2) + 1 }, new Injection()),
            2 => new(ArithmeticCauses.Shards, config, new Injection { Executed = config with { Shards = random.Next(2) + 1 } }),
            3 => new(ArithmeticCauses.Order, config, new Injection
            {
                Deviation = new Deviation
                {
                    Products = random.Next(3) switch
                    {
                        0 => new DotOrder(DotOrderKind.Lanes, 2 << random.Next(4)),
                        1 => new DotOrder(DotOrderKind.Chains, 1 << random.Next(4)),
                        _ => new DotOrder(DotOrderKind.Descending, 1),
                    },
                },
            }),
            4 => random.Next(3) switch
            {
                0 => new(ArithmeticCauses.Unfused, config, new Injection { Deviation = new Deviation { Unfused = true } }),
                1 => new(ArithmeticCauses.Contracted, config, new Injection { Deviation = new Deviation { Contracted = true } }),
                _ => new(ArithmeticCauses.Wider, config, new Injection { Deviation = new Deviation { WideProducts = true, Products = DotOrder.Sequential } }),
            },
            5 => new(ArithmeticCauses.Narrower, config, new Injection { Stored = new StoredPrecision((StoredKind)random.Next(4), random.Next(2) == 0 ? DType.BF16 : DType.F16) }),
            6 => Exchanged(config, random.Next(2, config.Steps + 1), random.Next(1, 40)),
            _ => RandomBit(config, random),
        };
    }

    private static Divergence Exchanged(TrainConfig config, long step, long other) => new(
        DataOrderCauses.Name, config,
        new Injection { Variant = new TrainingVariant { SampleIndex = (at, sequence) => ((ulong)((at == step ? step + other : at) - 1) * (ulong)config.SequencesPerStep) + (ulong)sequence } });

    private static Divergence RandomBit(TrainConfig config, Random random)
    {
        (string name, int length)[] tensors =
        [
            ("transformer.wpe.weight", 256), ("transformer.h.0.attn.c_attn.weight", 768), ("transformer.h.0.ln_2.bias", 16), ("transformer.h.1.attn.c_proj.weight", 256),
            ("transformer.h.1.mlp.c_fc.weight", 1024), ("transformer.h.1.mlp.c_proj.bias", 16), ("transformer.ln_f.weight", 16),
        ];
        (string parameter, int elements) = tensors[random.Next(tensors.Length)];
        return Bit(config, random.Next(1, config.Steps + 1), parameter, random.Next(elements), random.Next(23));
    }

    /// <summary>What is wrong with what diff finds; null if nothing is.</summary>
    public string? Problem(TemporaryFolder folder, string[] data, string name)
    {
        TrainConfig plain = InjectedRun.Config with { InitializerRange = Config.InitializerRange, DigestEvery = Config.DigestEvery, CheckpointEvery = Config.CheckpointEvery };
        string a = InjectedRun.Write(folder, name + "-a", plain, data, new Injection()), b = InjectedRun.Write(folder, name + "-b", Config, data, Injection);
        DiffReport report = RunDifference.Find(RunFolder.Open(DiskFileSystem.Instance, a), RunFolder.Open(DiskFileSystem.Instance, b), null, null, new Compute(SimdPaths.Widest, 2), null, default);
        if (report.FirstStep is null)
        {
            return SameStatements(a, b) ? null : "a difference was not seen";
        }

        if (report.Causes is not [{ IsConfirmed: true, Side: "b" } cause])
        {
            return $"not confirmed: {string.Join("; ", report.Causes.Select(found => $"{found.Name} ({found.Detail}, {found.IsConfirmed})"))}";
        }

        return cause.Name != Cause ? $"named {cause.Name} ({cause.Detail})" : report.Place is { } place ? Misplaced(place, plain, data) : "no place";
    }

    private static bool SameStatements(string a, string b) => File.ReadLines(Path.Combine(a, "ledger.jsonl")).Select(WithoutChain)
        .SequenceEqual(File.ReadLines(Path.Combine(b, "ledger.jsonl")).Select(WithoutChain));

    private static string WithoutChain(string line) => line[..line.IndexOf("\"prev\"", StringComparison.Ordinal)];

    private string? Misplaced(DiffPlace place, TrainConfig plain, string[] data)
    {
        if (place.Tensor?.First is not { } first || first.BitsA == first.BitsB)
        {
            return "no element";
        }

        if (Weight is { } weight)
        {
            long index = first.Index.Aggregate((0L, 0), (sum, at) => ((sum.Item1 * place.Tensor.Shape[sum.Item2]) + at, sum.Item2 + 1)).Item1;
            return (place.Step, place.Result, index, place.Tensor.Different) == (weight.Step, weight.Parameter, weight.Element, 1) ? null : $"placed at {place}, element {index}";
        }

        if (place.Step == 0)
        {
            return Cause == "another seed" || Injection.Stored is { Kind: StoredKind.Parameters } ? null : $"placed at {place}";
        }

        bool sameShards = (Injection.Executed ?? Config).Shards == plain.Shards;
        IEnumerable<TraceRecord> Traced(TrainConfig config, Injection injection) => InjectedRun.Trace(config, data, injection).Where(record => sameShards || record.Shard is null);
        TraceRecord expected = Traced(plain, new Injection()).Zip(Traced(Config, Injection)).First(pair => pair.First.Digest != pair.Second.Digest).First;
        string result = expected.Result + (expected.Shard is { } shard ? $" of shard {shard}" : "");
        return (expected.Step, expected.PhaseName, expected.Operation, expected.Module, result) == (place.Step, place.Phase, place.Operation, place.Module, place.Result)
            && expected.Shape.AsSpan().SequenceEqual(place.Tensor.Shape.ToArray()) ? null : $"placed at {place}, acts at step {expected.Step}, {expected.Place}";
    }
}
