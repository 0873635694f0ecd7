// Training steps to time: the same session that `idem train` runs, on drawn token ids in place of a text, without files.
// What the steps compute does not depend on what is timed: the digest after a fixed step belongs to the figure.

using System.Text;
using Idem.Audit;
using Idem.Data;
using Idem.Models;
using Idem.Numerics;
using Idem.Numerics.Random;
using Idem.Training;

namespace Idem.Benchmarks;

/// <param name="Name">Model of the table.</param>
/// <param name="VocabSize">V.</param>
/// <param name="Config">Everything else.</param>
internal sealed record TrainingCase(string Name, int VocabSize, TrainConfig Config)
{
    /// <summary>The names that <see cref="Get"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tiny", "shakespeare-char", "gpt2"];

    /// <summary>The cases of a model: one, or for gpt2 one a context length.</summary>
    /// <exception cref="ArgumentException">Another name.</exception>
    public static IReadOnlyList<TrainingCase> Get(string model) => model switch
    {
        "tiny" => [Tiny(batch: 16, length: 64)],
        "shakespeare-char" => [ShakespeareChar()],
        "gpt2" => [Gpt2(batch: 4, length: 64), Gpt2(batch: 4, length: 256)],
        _ => throw new ArgumentException($"unknown model '{model}': use {string.Join(", ", Names)}", nameof(model)),
    };

    /// <summary>GPT-2 with 0.96M parameters: 4 layers, width 128.</summary>
    public static TrainingCase Tiny(int batch, int length) =>
        new("gpt2-tiny", 1200, Endless(new TrainConfig { BatchSize = batch, NPositions = length, Shards = 4 }));

    /// <summary>The preset, with as many tokens as tiny Shakespeare has characters.</summary>
    public static TrainingCase ShakespeareChar() => new("shakespeare-char", 65, Endless(Presets.Get("shakespeare-char") with { Shards = 4 }));

    /// <summary>GPT-2 124M. One shard: the whole batch in one forward and backward, as other systems compute it.</summary>
    public static TrainingCase Gpt2(int batch, int length) =>
        new("gpt2", 50257, Endless(Presets.Get("gpt2") with { BatchSize = batch, NPositions = length, Shards = 1 }));

    /// <summary>The name with batch and context.</summary>
    public string Title => $"{Name} B={Config.SequencesPerStep} T={Config.NPositions}";

    /// <summary>Tokens of a step.</summary>
    public int TokensPerStep => Config.SequencesPerStep * Config.NPositions;

    /// <summary>
    /// Floating-point operations of a step: forward and twice as many backward, of matrix products (6 a weight and token) and
    /// of causal attention over the keys present. Norms, activations and the optimizer are not counted.
    /// </summary>
    public double FlopsPerStep
    {
        get
        {
            Gpt2Config model = Config.ModelConfig(VocabSize);
            double width = model.NEmbd, length = Config.NPositions;
            double weights = (model.NLayer * ((4 * width * width) + (2 * width * model.InnerSize))) + (VocabSize * width);
            double attention = model.NLayer * 2 * width * (length + 1);
            return TokensPerStep * 3 * ((2 * weights) + attention);
        }
    }

    /// <summary>A session before its first step.</summary>
    public TrainingSteps Begin(Compute compute) => new(this, compute);

    // No end, no evaluation, no digest, no checkpoint among the steps.
    private static TrainConfig Endless(TrainConfig config) => config with
    {
        Tokenizer = "char", Steps = int.MaxValue, ValFraction = 0, EvalEvery = 0, DigestEvery = int.MaxValue, CheckpointEvery = int.MaxValue, SampleEvery = 0,
    };
}

/// <summary>Executes the steps of a case.</summary>
internal sealed class TrainingSteps
{
    private const int FirstCharacter = 0x100; // to 0xD7FF: more than GPT-2's vocabulary, none a surrogate
    private readonly TrainingSession _session;

    public TrainingSteps(TrainingCase training, Compute compute)
    {
        TrainConfig config = training.Config;
        string text = Text(training.VocabSize, 4 * training.TokensPerStep);
        _session = new TrainingSession(config, TrainingData.Of(new TextCorpus([new TextDocument("drawn", text)]), config), compute);
    }

    public long ParameterCount => _session.ParameterCount;

    /// <summary>Where the time of the last step went.</summary>
    public StepTimes Times => _session.Times;

    /// <summary>What the last step states.</summary>
    public LedgerRecord Record { get; private set; }

    public void Step() => Record = _session.Execute(null, CancellationToken.None);

    public Digest ModelDigest() => _session.ModelDigest();

    // Each character of the vocabulary once, then drawn ones.
    private static string Text(int vocabSize, int length)
    {
        RandomStream random = new(1, "bench", "text");
        StringBuilder text = new(vocabSize + length);
        for (int i = 0; i < vocabSize + length; i++)
        {
            text.Append((char)(FirstCharacter + (i < vocabSize ? i : random.Bounded((ulong)vocabSize, (ulong)i))));
        }

        return text.ToString();
    }
}
