// Every setting that decides a run's bits, in one flat record: what `idem train` resolves from its preset, config file and
// flags, prints, and saves in run.json. Threads, SIMD path and paths of files are not here: they decide no bit.

using System.Text.Json.Serialization;
using Idem.Models;

namespace Idem.Training;

/// <summary>
/// The resolved configuration of a training run. Property names in JSON are snake case; those of the model are the names of
/// Hugging Face's GPT-2 <c>config.json</c>.
/// </summary>
public sealed record TrainConfig
{
    /// <summary>Seed of everything drawn: initial weights, data order, dropout, samples.</summary>
    public ulong Seed { get; init; } = 1337;

    /// <summary><c>char</c> (one token a character of the data) or <c>bpe</c> (byte-level BPE trained on the data).</summary>
    public string Tokenizer { get; init; } = "char";

    /// <summary>Vocabulary of the <c>bpe</c> tokenizer; the <c>char</c> tokenizer has as many entries as the data has characters.</summary>
    public int VocabSize { get; init; } = 4096;

    /// <summary>Share of the data, taken from its end, that is kept for validation.</summary>
    public decimal ValFraction { get; init; } = 0.1m;

    /// <summary>Transformer blocks.</summary>
    public int NLayer { get; init; } = 4;

    /// <summary>Attention heads of a block; divides <see cref="NEmbd"/>.</summary>
    public int NHead { get; init; } = 4;

    /// <summary>Width of the residual stream.</summary>
    public int NEmbd { get; init; } = 128;

    /// <summary>Context length in tokens.</summary>
    public int NPositions { get; init; } = 64;

    /// <summary>Activation of the MLP: <c>gelu_new</c>, <c>gelu</c>, <c>relu</c> or <c>silu</c>.</summary>
    public string ActivationFunction { get; init; } = "gelu_new";

    /// <summary>Whether linear and normalisation layers have biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether the output projection is the token embedding.</summary>
    public bool TieWordEmbeddings { get; init; } = true;

    /// <summary>Dropout probability of embeddings, attention and residual branches.</summary>
    public double Dropout { get; init; }

    /// <summary>Epsilon of the layer norms.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <summary>Standard deviation of the initial weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Sequences of a step, times <see cref="GradientAccumulationSteps"/>.</summary>
    public int BatchSize { get; init; } = 12;

    /// <summary>A step's batch is this many times <see cref="BatchSize"/>; only the product decides the bits.</summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>
    /// Logical micro-batches of a step: each one's gradient is computed by itself, and they are joined by a fixed tree. Divides
    /// the step's sequences. 0 takes the largest divisor up to 4.
    /// </summary>
    public int Shards { get; init; }

    /// <summary>Optimizer steps of the run.</summary>
    public int Steps { get; init; } = 2000;

    /// <summary><c>adamw</c>, <c>adam</c> or <c>sgd</c>.</summary>
    public string Optimizer { get; init; } = "adamw";

    /// <summary>Peak learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Where the <c>cosine</c> and <c>linear</c> schedules end.</summary>
    public double MinLearningRate { get; init; } = 1e-4;

    /// <summary><c>cosine</c>, <c>linear</c> or <c>constant</c>.</summary>
    public string Schedule { get; init; } = "cosine";

    /// <summary>Steps of linear warm-up from 0.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Step at which the schedule reaches its minimum; 0 takes <see cref="Steps"/>.</summary>
    public int DecaySteps { get; init; }

    /// <summary>Adam's first decay rate.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Adam's second decay rate.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>Adam's epsilon.</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Weight decay of matrices and embeddings; biases and norms have none.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Momentum of <c>sgd</c>.</summary>
    public double Momentum { get; init; }

    /// <summary>Largest global gradient norm; 0 does not clip.</summary>
    public double GradClip { get; init; } = 1.0;

    /// <summary>Steps between evaluations on the validation split (and one at the end); 0 never evaluates.</summary>
    public int EvalEvery { get; init; } = 250;

    /// <summary>Validation windows of an evaluation; 0 takes the whole split.</summary>
    public int EvalWindows { get; init; }

    /// <summary>Steps between checkpoints (and one at the end).</summary>
    public int CheckpointEvery { get; init; } = 250;

    /// <summary>Steps between parameter digests in the ledger (and one at each checkpoint).</summary>
    public int DigestEvery { get; init; } = 50;

    /// <summary>Steps between samples shown during training; 0 shows none. Samples decide no bit of the run.</summary>
    public int SampleEvery { get; init; } = 500;

    /// <summary>Tokens of such a sample.</summary>
    public int SampleTokens { get; init; } = 200;

    /// <summary>Sequences of one optimizer step.</summary>
    [JsonIgnore]
    public int SequencesPerStep => BatchSize * GradientAccumulationSteps;

    /// <summary>Sequences of one shard.</summary>
    [JsonIgnore]
    public int SequencesPerShard => SequencesPerStep / Shards;

    /// <summary>The model that this configuration trains, for a tokenizer of this many entries.</summary>
    public Gpt2Config ModelConfig(int vocabSize) => new()
    {
        VocabSize = vocabSize,
        NPositions = NPositions,
        NEmbd = NEmbd,
        NLayer = NLayer,
        NHead = NHead,
        ActivationFunction = ActivationFunction,
        EmbdPdrop = Dropout,
        AttnPdrop = Dropout,
        ResidPdrop = Dropout,
        LayerNormEpsilon = LayerNormEpsilon,
        InitializerRange = InitializerRange,
        TieWordEmbeddings = TieWordEmbeddings,
        Bias = Bias,
        BosTokenId = null,
        EosTokenId = null,
    };
}

/// <summary>A training configuration that cannot be run; the message names the setting and the remedy.</summary>
public sealed class TrainConfigException(string message) : Exception(message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.Strict,
    WriteIndented = true)]
[JsonSerializable(typeof(TrainConfig))]
internal sealed partial class TrainConfigJson : JsonSerializerContext;
