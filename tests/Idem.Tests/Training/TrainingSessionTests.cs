using Idem.Audit;
using Idem.Training;

namespace Idem.Tests.Training;

/// <summary>What may differ between two executions of a step without changing a bit, and what may not.</summary>
public class TrainingSessionTests
{
    private static readonly TrainConfig Config = new()
    {
        Seed = 5, NLayer = 1, NHead = 2, NEmbd = 16, NPositions = 8, BatchSize = 10, Shards = 5, Steps = 6, WarmupSteps = 2, DecaySteps = 6, Dropout = 0.2,
        EvalEvery = 3, EvalWindows = 70, DigestEvery = 2, CheckpointEvery = 6,
    };

    private static readonly Lazy<TrainingData> Data = new(() => TrainingData.Load([TrainingData.DemoPath], Config));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void WorkersMayShareShardsAnyWay(int threads) => Assert.Equal(Run(Config, 1), Run(Config, threads));

    [Theory]
    [InlineData(5, 2)]
    [InlineData(2, 5)]
    [InlineData(1, 10)]
    public void TheSplitIntoAccumulatedBatchesCannotMatter(int batchSize, int accumulation) =>
        Assert.Equal(Run(Config, 1), Run(Config with { BatchSize = batchSize, GradientAccumulationSteps = accumulation }, 2));

    /// <summary>The number of shards is part of the result: it places the joints of the sums.</summary>
    [Fact]
    public void TheNumberOfShardsMatters() => Assert.NotEqual(Run(Config, 1)[^1], Run(Config with { Shards = 2 }, 1)[^1]);

    [Fact]
    public void ALossThatIsNotFiniteStopsTheRunAndNamesTheStep()
    {
        TrainingSession session = new(Config with { LearningRate = 1e30, MinLearningRate = 0, GradClip = 0, Optimizer = "sgd", WarmupSteps = 0 }, Data.Value, new Compute(SimdPaths.Widest, 1));
        TrainingException error = Assert.Throws<TrainingException>(() =>
        {
            for (int step = 0; step < 6; step++)
            {
                session.Execute(null, default);
            }
        });
        Assert.StartsWith("step ", error.Message, StringComparison.Ordinal);
        Assert.Contains("not finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfigurationsAreCheckedByName()
    {
        foreach ((string setting, System.Text.Json.Nodes.JsonNode value) in new (string, System.Text.Json.Nodes.JsonNode)[]
        {
            ("n_layer", 0), ("n_embd", 7), ("dropout", 1.0), ("schedule", "exponential"), ("shards", 7), ("val_fraction", 1.5), ("optimizer", "lion"), ("steps", 0), ("beta2", 1), ("min_learning_rate", 5),
        })
        {
            TrainConfigException error = Assert.Throws<TrainConfigException>(() => TrainConfigResolver.Resolve("shakespeare-char", null, [new(setting, value)]));
            Assert.Contains($"'{setting}'", error.Message, StringComparison.Ordinal);
        }

        TrainConfig resolved = TrainConfigResolver.Resolve("shakespeare-char", null, [new("batch_size", 10)]);
        Assert.Equal((2, 2000, 2000), (resolved.Shards, resolved.Steps, resolved.DecaySteps));
    }

    private static List<LedgerRecord> Run(TrainConfig config, int threads)
    {
        TrainingSession session = new(config, Data.Value, new Compute(SimdPaths.Widest, threads));
        return [.. Enumerable.Range(0, config.Steps).Select(_ => session.Execute(null, default))];
    }
}
