using Idem.Formats;
using Idem.Numerics.Random;
using Idem.Tests.Models;
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

    public InjectedDivergenceTests() => _data = InjectedRun.WriteData(_folder);

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
    public void AnotherSeed() => Check("another seed", Config with { Seed = 12 });

    [Fact]
    public void AnotherShardCount() => Check(ArithmeticCauses.Shards, Config with { Shards = 2 });

    [Fact]
    public void AnotherLearningRate() => Check("another learning_rate", Config with { LearningRate = 2e-3 });

    [Fact]
    public void AShardCountOtherThanTheConfigurationSays() => Check(ArithmeticCauses.Shards, Config, new Injection { Executed = Config with { Shards = 8 } });

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
        DataOrderCauses.Name, Config, new Injection { Variant = new TrainingVariant { SampleIndex = (step, sequence) => ((ulong)(step - (step < 3 ? 1 : 0)) * 8) + (ulong)sequence } });

    [Fact]
    public void WindowsThatWereNotShuffled()
    {
        TrainingData data = TrainingData.Load(_data, Config);
        Idem.Data.TokenDatasetSampler sampler = new(data.Tokens.Train, Config.NPositions, Config.Seed);
        ulong windows = (ulong)sampler.Windows;
        ulong InTextOrder(ulong sample) => Enumerable.Range(0, (int)windows).Select(place => (sample / windows * windows) + (ulong)place).OrderBy(sampler.WindowStart).ElementAt((int)(sample % windows));
        Check(DataOrderCauses.Name, Config, new Injection { Variant = new TrainingVariant { SampleIndex = (step, sequence) => InTextOrder(((ulong)(step - 1) * 8) + (ulong)sequence) } });
    }

    [Fact]
    public void AReductionInAnotherOrder() => Check(ArithmeticCauses.Order, Config, new Injection { Deviation = new Deviation { Products = new DotOrder(DotOrderKind.Lanes, 8) } });

    [Fact]
    public void ShardsJoinedFromLeftToRight() => Check(ArithmeticCauses.Order, Config, new Injection { Variant = new TrainingVariant { JoinsShardsInOrder = true } });

    [Fact]
    public void FusedMultiplyAddsThatWereNotFused() => Check(ArithmeticCauses.Unfused, Config, new Injection { Deviation = new Deviation { Unfused = true } });

    [Fact]
    public void ProductsThatWereContracted() => Check(ArithmeticCauses.Contracted, Config, new Injection { Deviation = new Deviation { Contracted = true } });

    [Fact]
    public void SubnormalsThatWereFlushed() => Check(ArithmeticCauses.Flushed, Config with { InitializerRange = 1e-20 }, new Injection { Deviation = new Deviation { Flushed = true } });

    [Fact]
    public void AnAccumulatorThatWasWider() =>
        Check(ArithmeticCauses.Wider, Config, new Injection { Deviation = new Deviation { WideProducts = true, Products = DotOrder.Sequential } });

    [Fact]
    public void ActivationsStoredInBFloat16() => Check(ArithmeticCauses.Narrower, Config, new Injection { Stored = new StoredPrecision(StoredKind.Activations, DType.BF16) });

    [Fact]
    public void GradientsStoredInFloat16() => Check(ArithmeticCauses.Narrower, Config, new Injection { Stored = new StoredPrecision(StoredKind.Gradients, DType.F16) });

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    public void ParametersStoredNarrowly(DType dtype) => Check(ArithmeticCauses.Narrower, Config, new Injection { Stored = new StoredPrecision(StoredKind.Parameters, dtype) });

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    public void OptimizerStatesStoredNarrowly(DType dtype) => Check(ArithmeticCauses.Narrower, Config, new Injection { Stored = new StoredPrecision(StoredKind.States, dtype) });

    /// <summary>One bit of one weight at a random step and layer: in the side's checkpoint, or known by the ledger's digest alone.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ABitOfAWeight(int seed)
    {
        Random random = new(seed);
        (string parameter, int length) = new[] { ("transformer.h.0.attn.c_attn.weight", 768), ("transformer.h.1.mlp.c_fc.weight", 1024), ("transformer.h.1.ln_2.weight", 16) }[random.Next(3)];
        Check(Divergence.Bit(Config, random.Next(1, Config.Steps), parameter, random.Next(length), random.Next(23)));
    }

    /// <summary>Without a digest of the step itself: a later checkpoint still shows which element moved, and execution which bit.</summary>
    [Fact]
    public void ABitOfAWeightThatNoDigestCovers() =>
        Check(Divergence.Bit(Config with { DigestEvery = 100, CheckpointEvery = 4 }, 2, "transformer.h.1.mlp.c_fc.weight", 77, 23));

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

    private static DiffReport Find(string a, string b) => RunDifference.Find(
        RunFolder.Open(DiskFileSystem.Instance, a), RunFolder.Open(DiskFileSystem.Instance, b), null, null, new Compute(SimdPaths.Widest, 2), null, default);

    private void Check(string cause, TrainConfig config, Injection? injection = null) => Check(new Divergence(cause, config, injection ?? new Injection()));

    private void Check(Divergence divergence)
    {
        Assert.Null(divergence.Problem(_folder, _data, "run"));
        Assert.NotEqual(File.ReadAllText(Path.Combine(_folder["run-a"], "ledger.jsonl")), File.ReadAllText(Path.Combine(_folder["run-b"], "ledger.jsonl")));
    }
}
