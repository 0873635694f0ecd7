// What a run's model learns: what a window of the text becomes, what it is asked about it, and the loss of each answer. The order of
// windows, shards, sums and updates are the session's, and are the same for all.

using Idem.Data;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Training;

/// <summary>From windows of ids to losses.</summary>
internal abstract class TrainingObjective
{
    /// <summary>The target of a position that has no loss.</summary>
    public const int NoTarget = TokenMasker.NoTarget;

    /// <summary>Positions of a window.</summary>
    public abstract int Length { get; }

    /// <summary>Ids of the text that a window takes.</summary>
    public abstract int TextLength { get; }

    /// <summary>The objective of a run.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="data">The data.</param>
    /// <param name="start">The model that the run begins from, or null: it decides.</param>
    public static TrainingObjective Of(TrainConfig config, TrainingData data, BaseModel? start) =>
        start is not null && NameOf(start.Config.ModelType) is not null ? new MaskedObjective(config, data) : new CausalObjective(config.NPositions);

    /// <summary>What run.json calls the objective of a model type; null where it is the next token, which needs no name.</summary>
    public static string? NameOf(string modelType) => modelType == "bert" ? MaskedObjective.Name : null;

    /// <summary>Whether the loss depends on a parameter; the others stay as they are.</summary>
    public virtual bool Trains(string parameter) => true;

    /// <summary>A window of a step.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="start">Where the window begins.</param>
    /// <param name="step">The step.</param>
    /// <param name="sequence">Its number in the step's whole batch.</param>
    /// <param name="inputs">Receives <see cref="Length"/> ids that the model sees.</param>
    /// <param name="targets">Receives as many targets.</param>
    public abstract void Fill(TokenSequence tokens, int start, long step, int sequence, Span<int> inputs, Span<int> targets);

    /// <summary>The windows of an evaluation, in order, over this many ids.</summary>
    public abstract IEnumerable<TokenWindow> EvaluationWindows(int tokens);

    /// <summary>A window of an evaluation; the same in every evaluation.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="window">The window; it may be shorter than those of steps.</param>
    /// <param name="index">Its number.</param>
    /// <param name="inputs">Receives the ids that the model sees, for <see cref="PositionsOf"/> positions.</param>
    /// <param name="targets">Receives as many targets.</param>
    public abstract void FillEvaluation(TokenSequence tokens, TokenWindow window, int index, Span<int> inputs, Span<int> targets);

    /// <summary>The loss of each position, one after another; +0 where there is no target.</summary>
    public abstract Tensor Losses(LanguageModel model, ReadOnlySpan<int> inputs, ReadOnlySpan<int> targets, int sequences, ForwardContext? place = null);

    /// <summary>Positions of a window of an evaluation.</summary>
    public int PositionsOf(TokenWindow window) => window.Length + Length - TextLength;
}

/// <summary>Each id from those before it in its window.</summary>
/// <param name="length">Ids of a window.</param>
internal sealed class CausalObjective(int length) : TrainingObjective
{
    public override int Length => length;

    public override int TextLength => length;

    public override void Fill(TokenSequence tokens, int start, long step, int sequence, Span<int> inputs, Span<int> targets) => Fill(tokens, start, inputs, targets);

    public override IEnumerable<TokenWindow> EvaluationWindows(int tokens) => Data.EvaluationWindows.Over(tokens, length);

    public override void FillEvaluation(TokenSequence tokens, TokenWindow window, int index, Span<int> inputs, Span<int> targets) => Fill(tokens, window.Start, inputs, targets);

    public override Tensor Losses(LanguageModel model, ReadOnlySpan<int> inputs, ReadOnlySpan<int> targets, int sequences, ForwardContext? place = null) =>
        ((DecoderModel)model).Loss(inputs, targets, sequences, Reduction.None, place);

    private static void Fill(TokenSequence tokens, int start, Span<int> inputs, Span<int> targets)
    {
        tokens.CopyTo(start, inputs);
        tokens.CopyTo(start + 1, targets);
    }
}
