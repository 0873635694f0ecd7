using Idem.Formats;
using Idem.Numerics.Random;
using Idem.Tests.Models;
using Idem.Tracing;
using Idem.Training;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>
/// Divergences put into one of two runs: each is located at the step, the operation and the tensor where it first acts, which the test
/// knows from executing the injected system itself, and its cause is named.
/// </summary>
[Collection(typeof(Alone))]
public sealed class InjectedDivergenceTests : IDisposable
{
    private static readonly TrainConfig Config = InjectedRun.Config;

    private readonly TemporaryFolder _folder = new();
    private readonly string[] _data;

    public InjectedDivergenceTests()
    {
        string text = string.Concat(Enumerable.Repeat("the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs.\n", 12));
        _data = [_folder.Write("one.txt", System.Text.Encoding.UTF8.GetBytes(text)), _folder.Write("two.txt", System.Text.Encoding.UTF8.GetBytes("sphinx of black quartz, judge my vow\n" + text[..300]))];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ARunIsEqualToItself()
    {
        string a = InjectedRun.Write(_folder, "a", Config, _data, new Injection()), b = InjectedRun.Write(_folder, "b", Config, _data, new Injection());
        DiffReport report = Find(a, b);
        Assert.True(report.IsEqual);
        Assert.Empty(report.Causes);
    }

    [Fact]
    public void AnotherSeed() => Check(Config with { Seed = 12 }, new Injection(), "another seed", "12 in b");

    [Fact]
    public void AnotherShardCount() => Check(Config with { Shards = 2 }, new Injection(), ArithmeticCauses.Shards, "2 in b");

    [Fact]
    public void AnotherLearningRate() => Check(Config with { LearningRate = 2e-3 }, new Injection(), "another learning_rate", "0.002 in b");

    [Fact]
    public void AShardCountOtherThanTheConfigurationSays() =>
        Check(Config, new Injection { Executed = Config with { Shards = 8 } }, ArithmeticCauses.Shards, "8, where the configuration says 4");

    [Fact]
    public void DocumentsInAnotherOrder()
    {
        string a = InjectedRun.Write(_folder, "a", Config, _data, new Injection()), b = InjectedRun.Write(_folder, "b", Config, [_data[1], _data[0]], new Injection());
        DiffReport report = Find(a, b);
        Assert.Contains(report.Differences, difference => difference.What == "data");
        Assert.Equal((DataOrderCauses.Name, true), (Assert.Single(report.Causes).Name, report.Causes[0].IsConfirmed));
        Assert.Equal((1, "forward", "embedding", "transformer.wte"), (report.Place!.Step, report.Place.Phase, report.Place.Operation, report.Place.Module));
    }

    [Fact]
    public void ABatchThatARunSkipped() => Check(
        Config,
        new Injection { Variant = new TrainingVariant { SampleIndex = (step, sequence) => ((ulong)(step - (step < 3 ? 1 : 0)) * 8) + (ulong)sequence } },
        DataOrderCauses.Name, "from step 3 on the data skips 1 step");

    [Fact]
    public void WindowsThatWereNotShuffled()
    {
        TrainingData data = TrainingData.Load(_data, Config);
        Idem.Data.TokenDatasetSampler sampler = new(data.Tokens.Train, Config.NPositions, Config.Seed);
        ulong windows = (ulong)sampler.Windows;
        ulong InTextOrder(ulong sample) => Enumerable.Range(0, (int)windows).Select(place => (sample / windows * windows) + (ulong)place).OrderBy(sampler.WindowStart).ElementAt((int)(sample % windows));
        Check(Config, new Injection { Variant = new TrainingVariant { SampleIndex = (step, sequence) => InTextOrder(((ulong)(step - 1) * 8) + (ulong)sequence) } }, DataOrderCauses.Name, "not shuffled");
    }

    [Fact]
    public void AReductionInAnotherOrder() =>
        Check(Config, new Injection { Deviation = new Deviation { Products = new DotOrder(DotOrderKind.Lanes, 8) } }, ArithmeticCauses.Order, "in 8 lanes");

    [Fact]
    public void ShardsJoinedFromLeftToRight() =>
        Check(Config, new Injection { Variant = new TrainingVariant { JoinsShardsInOrder = true } }, ArithmeticCauses.Order, "from left to right");

    [Fact]
    public void FusedMultiplyAddsThatWereNotFused() =>
        Check(Config, new Injection { Deviation = new Deviation { Unfused = true } }, ArithmeticCauses.Unfused, "rounded before");

    [Fact]
    public void ProductsThatWereContracted() =>
        Check(Config, new Injection { Deviation = new Deviation { Contracted = true } }, ArithmeticCauses.Contracted, "straight into a sum");

    [Fact]
    public void SubnormalsThatWereFlushed() => Check(
        Config with { InitializerRange = 1e-20 }, new Injection { Deviation = new Deviation { Flushed = true } }, ArithmeticCauses.Flushed, "subnormal", Config with { InitializerRange = 1e-20 });

    [Fact]
    public void AnAccumulatorThatWasWider() =>
        Check(Config, new Injection { Deviation = new Deviation { WideProducts = true, Products = DotOrder.Sequential } }, ArithmeticCauses.Wider, "float64");

    [Fact]
    public void ActivationsStoredInBFloat16() =>
        Check(Config, new Injection { Stored = new StoredPrecision(StoredKind.Activations, DType.BF16) }, ArithmeticCauses.Narrower, "activations stored as BF16");

    [Fact]
    public void GradientsStoredInFloat16() =>
        Check(Config, new Injection { Stored = new StoredPrecision(StoredKind.Gradients, DType.F16) }, ArithmeticCauses.Narrower, "gradients stored as F16");

    /// <summary>One bit of one weight at a random step and layer; found in the side's checkpoint, or by the digest alone.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ABitOfAWeight(int seed)
    {
        Random random = new(seed);
        int step = random.Next(1, Config.Steps);
        (string parameter, int length) = new[] { ("transformer.h.0.attn.c_attn.weight", 768), ("transformer.h.1.mlp.c_fc.weight", 1024), ("transformer.h.1.ln_2.weight", 16) }[random.Next(3)];
        int element = random.Next(length), bit = random.Next(23);
        string a = InjectedRun.Write(_folder, "a", Config, _data, new Injection());
        string b = InjectedRun.Write(_folder, "b", Config, _data, new Injection { Variant = Flip(step, parameter, element, bit) });
        DiffReport report = Find(a, b);
        DiffCause cause = Assert.Single(report.Causes);
        Assert.True(cause.IsConfirmed);
        Assert.Equal(WeightCauses.Name, cause.Name);
        Assert.StartsWith($"one bit of {parameter}[", cause.Detail, StringComparison.Ordinal);
        Assert.Equal((step, "weights", parameter), (report.Place!.Step, report.Place.Phase, report.Place.Result));
        ElementDifference first = report.Place.Tensor!.First!;
        Assert.Equal(1, report.Place.Tensor.Different);
        Assert.Equal(1u << bit, Convert.ToUInt32(first.BitsA, 16) ^ Convert.ToUInt32(first.BitsB, 16));
        Assert.Equal(element, first.Index.Count == 1 ? first.Index[0] : (first.Index[0] * report.Place.Tensor.Shape[1]) + first.Index[1]);
    }

    /// <summary>Without a digest of the step itself: a later checkpoint still shows which element moved, and execution which bit.</summary>
    [Fact]
    public void ABitOfAWeightThatNoDigestCovers()
    {
        TrainConfig config = Config with { DigestEvery = 100, CheckpointEvery = 4 };
        string a = InjectedRun.Write(_folder, "a", config, _data, new Injection());
        string b = InjectedRun.Write(_folder, "b", config, _data, new Injection { Variant = Flip(2, "transformer.h.1.mlp.c_fc.weight", 77, 23) });
        DiffReport report = Find(a, b);
        Assert.True(Assert.Single(report.Causes).IsConfirmed);
        Assert.Equal((2, "weights", "transformer.h.1.mlp.c_fc.weight"), (report.Place!.Step, report.Place.Phase, report.Place.Result));
        Assert.Equal([77 / 64, 77 % 64], report.Place.Tensor!.First!.Index);
    }

    /// <summary>A defect that no variant is: the side is named, what was tried is listed, and no cause is claimed.</summary>
    [Fact]
    public void WhatCannotBeConfirmedIsNotClaimed()
    {
        string a = InjectedRun.Write(_folder, "a", Config, _data, new Injection());
        string b = InjectedRun.Write(_folder, "b", Config, _data, new Injection
        {
            Variant = new TrainingVariant { AfterUpdate = (_, session) => new RandomStream(1, "noise", "").FillUniform(session.Model.Parameters()[0].Data, -0.01f, 0.01f) },
        });
        DiffReport report = Find(b, a);
        Assert.Equal(1, report.FirstStep);
        DiffCause cause = Assert.Single(report.Causes);
        Assert.Equal(("a", false), (cause.Side, cause.IsConfirmed));
        Assert.Contains(report.Tried, tried => tried.Contains("in 8 lanes", StringComparison.Ordinal));
        Assert.Null(report.Place);
    }

    private static TrainingVariant Flip(long step, string parameter, int element, int bit) => new()
    {
        AfterUpdate = (at, session) =>
        {
            if (at == step)
            {
                Span<float> data = session.Model.NamedParameters().First(named => named.Name == parameter).Parameter.Data;
                data[element] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(data[element]) ^ (1u << bit));
            }
        },
    };

    // The injected run is b. Where it first acts is known from the traces of both systems.
    private void Check(TrainConfig config, Injection injection, string cause, string detail, TrainConfig? other = null)
    {
        TrainConfig plain = other ?? Config;
        string a = InjectedRun.Write(_folder, "a", plain, _data, new Injection()), b = InjectedRun.Write(_folder, "b", config, _data, injection);
        DiffReport report = Find(a, b);
        DiffCause found = Assert.Single(report.Causes);
        Assert.True(found.IsConfirmed, found.Detail);
        Assert.Equal(("b", cause), (found.Side, found.Name));
        Assert.Contains(detail, found.Detail, StringComparison.Ordinal);
        Assert.False(report.IsEqual);
        DiffPlace place = report.Place!;
        Assert.NotNull(place.Tensor!.First);
        Assert.NotEqual(place.Tensor.First!.BitsA, place.Tensor.First.BitsB);
        if (place.Step == 0)
        {
            Assert.Equal(("another seed", "transformer.wte.weight"), (cause, place.Result));
            return;
        }

        bool sameShards = (injection.Executed ?? config).Shards == plain.Shards;
        TraceRecord[] left = [.. InjectedRun.Trace(plain, _data, new Injection()).Where(record => sameShards || record.Shard is null)];
        TraceRecord[] right = [.. InjectedRun.Trace(config, _data, injection).Where(record => sameShards || record.Shard is null)];
        TraceRecord expected = left.Zip(right).First(pair => pair.First.Digest != pair.Second.Digest).First;
        string result = expected.Result + (expected.Shard is { } shard ? $" of shard {shard}" : "");
        Assert.Equal((expected.Step, expected.PhaseName, expected.Operation, expected.Module, result), (place.Step!.Value, place.Phase, place.Operation, place.Module, place.Result));
        Assert.Equal(expected.Shape.AsSpan(), place.Tensor.Shape.ToArray());
    }

    private static DiffReport Find(string a, string b) => RunDifference.Find(
        RunFolder.Open(DiskFileSystem.Instance, a), RunFolder.Open(DiskFileSystem.Instance, b), null, null, new Compute(SimdPaths.Widest, 2), null, default);
}
