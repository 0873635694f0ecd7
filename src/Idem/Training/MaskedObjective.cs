// Masked language modelling (Devlin et al. 2018): some tokens of a window are hidden, and each is predicted from all others. Windows,
// masks and their addresses are defined in docs/arithmetic.md#masked-tokens.

using Idem.Data;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Random;
using Idem.Tensors;
using Idem.Tokenizers;

namespace Idem.Training;

/// <summary>Hidden ids from the others of their window, which stands between the tokenizer's special tokens.</summary>
internal sealed class MaskedObjective : TrainingObjective
{
    /// <summary>What run.json calls it.</summary>
    public const string Name = "masked_lm";

    private readonly TokenMasker _masker;
    private readonly RandomStream _trainMasks;
    private readonly RandomStream _validationMasks = new(0, "mask", "validation"); // of no seed: losses of different runs compare
    private readonly int[] _before;
    private readonly int[] _after;

    /// <exception cref="TrainConfigException">The windows are too short for the special tokens.</exception>
    /// <exception cref="UnsuitableModelException">The tokenizer has no mask token.</exception>
    /// <exception cref="DataException">Nothing in the text could be a target.</exception>
    public MaskedObjective(TrainConfig config, TrainingData data)
    {
        _masker = new TokenMasker(data.Tokenizer, TokenMasker.MaskIdOf(data.Tokenizer) ?? throw new UnsuitableModelException(
            "the tokenizer has no special token [MASK] or <mask>, which stands for what a masked language model is to predict: "
            + "begin from a folder with the tokenizer.json that the model was trained with"));
        _trainMasks = new RandomStream(config.Seed, "mask", "train");
        IReadOnlyList<Slot> slots = data.Tokenizer.Stages.PostProcessor?.Single ?? [];
        _before = [.. slots.TakeWhile(slot => slot.Text is null).SelectMany(slot => slot.Ids)];
        _after = [.. slots.SkipWhile(slot => slot.Text is null).SelectMany(slot => slot.Ids)];
        Length = config.NPositions;
        if (TextLength < 1)
        {
            throw new TrainConfigException($"setting 'n_positions' is {Length}: a window has {Length - TextLength} special tokens, so use at least {Length - TextLength + 1}");
        }

        Require("The training part", data.Tokens.Train, data.Tokens.Train.Length);
        if (config.EvalEvery > 0 && config.ValFraction > 0)
        {
            long evaluated = config.EvalWindows > 0 ? (long)config.EvalWindows * TextLength : long.MaxValue;
            Require("The validation part", data.Tokens.Validation, (int)Math.Min(evaluated, data.Tokens.Validation.Length));
        }
    }

    public override int Length { get; }

    public override int TextLength => Length - _before.Length - _after.Length;

    public override bool Trains(string parameter) => Bert.PredictsMaskedTokens(parameter);

    public override void Fill(TokenSequence tokens, int start, long step, int sequence, Span<int> inputs, Span<int> targets)
    {
        Surround(tokens, start, inputs);
        _masker.Hide(_trainMasks, (uint)sequence, (uint)step, inputs, targets);
    }

    // All ids are seen, so unlike in causal models the last one begins no further window.
    public override IEnumerable<TokenWindow> EvaluationWindows(int tokens)
    {
        for (long start = 0; start < tokens; start += TextLength)
        {
            yield return new TokenWindow((int)start, (int)Math.Min(TextLength, tokens - start));
        }
    }

    public override void FillEvaluation(TokenSequence tokens, TokenWindow window, int index, Span<int> inputs, Span<int> targets)
    {
        Surround(tokens, window.Start, inputs);
        _masker.Hide(_validationMasks, (uint)index, 0, inputs, targets);
    }

    public override Tensor Losses(LanguageModel model, ReadOnlySpan<int> inputs, ReadOnlySpan<int> targets, int sequences, ForwardContext? place = null) =>
        ((Bert)model).Loss(inputs, targets, sequences, context: place, reduction: Reduction.None);

    private void Surround(TokenSequence tokens, int start, Span<int> window)
    {
        _before.CopyTo(window);
        tokens.CopyTo(start, window[_before.Length..^_after.Length]);
        _after.CopyTo(window[^_after.Length..]);
    }

    private void Require(string part, TokenSequence tokens, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (_masker.MayBeTarget(tokens[i]))
            {
                return;
            }
        }

        throw new DataException(
            part, "it has no token that could be hidden: all are special tokens, such as the unknown one.",
            "Use text that the tokenizer knows, or leave validation out with val_fraction 0.");
    }
}
