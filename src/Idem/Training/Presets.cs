// Named starting points of `idem train --preset`. A preset is a set of settings, nothing else; flags override each of them.

namespace Idem.Training;

/// <summary>The presets of <c>idem train --preset</c>.</summary>
public static class Presets
{
    private static readonly (string Name, string Summary, TrainConfig Config)[] All =
    [
        ("shakespeare-char", "nanoGPT's CPU setting for tiny Shakespeare: 4 layers, width 128, context 64, 2000 steps", new TrainConfig
        {
            Bias = false,

            // GPT-2's 0.02 suits its width of 768; at width 128 it leaves attention flat for hundreds of steps (docs/log.md).
            InitializerRange = 0.08,
        }),
        ("demo", "what `idem demo` trains: under a minute on two cores", new TrainConfig
        {
            Seed = 42,
            Bias = false,
            InitializerRange = 0.08,
            BatchSize = 8,
            Steps = 800,
            WarmupSteps = 40,
            LearningRate = 4e-3,
            MinLearningRate = 2e-4,
            EvalEvery = 200,
            EvalWindows = 64,
            CheckpointEvery = 100,
            SampleEvery = 200,
            SampleTokens = 160,
        }),
        ("gpt2", "GPT-2 124M: 12 layers, width 768, context 1024, byte-level BPE of 50257", new TrainConfig
        {
            Tokenizer = "bpe",
            VocabSize = 50257,
            NLayer = 12,
            NHead = 12,
            NEmbd = 768,
            NPositions = 1024,
            BatchSize = 4,
            Shards = 1, // each shard more holds another 0.5 GiB of gradients
            Steps = 10_000,
            LearningRate = 6e-4,
            MinLearningRate = 6e-5,
            WarmupSteps = 200,
            Beta2 = 0.95,
            CheckpointEvery = 500,
            EvalWindows = 64,
        }),
    ];

    /// <summary>What <c>idem train --from</c> begins with: rates for a model that is trained already.</summary>
    internal static TrainConfig FineTuning { get; } = new()
    {
        NPositions = 256,
        BatchSize = 8,
        Steps = 500,
        LearningRate = 5e-5,
        MinLearningRate = 0,
        WarmupSteps = 20,
        Beta2 = 0.999,
        WeightDecay = 0.01,
        EvalEvery = 100,
        EvalWindows = 64,
        CheckpointEvery = 100,
        SampleEvery = 100,
        SampleTokens = 100,
    };

    /// <summary>Names and summaries, in the order of the documentation.</summary>
    public static IEnumerable<(string Name, string Summary)> Summaries => All.Select(preset => (preset.Name, preset.Summary));

    /// <summary>The settings of a preset.</summary>
    /// <exception cref="TrainConfigException">No preset has this name.</exception>
    public static TrainConfig Get(string name)
    {
        foreach ((string candidate, _, TrainConfig config) in All)
        {
            if (candidate == name)
            {
                return config;
            }
        }

        throw new TrainConfigException($"unknown preset '{name}': use {string.Join(", ", All.Select(preset => preset.Name))}");
    }
}
