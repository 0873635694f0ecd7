using Idem.Inference.Scheduling;
using Idem.Nn;

namespace Idem.Inference;

/// <summary>A generation as the scheduler sees it.</summary>
/// <param name="generation">The generation.</param>
/// <param name="request">What it is of.</param>
/// <param name="first">The sample of the same prompt that computes it first; null for that one itself.</param>
/// <param name="layout">Of its pages.</param>
internal sealed class GenerationSequence(Generation generation, GenerationRequest request, Generation? first, KvLayout layout) : Sequence
{
    /// <summary>Positions of prompts a step whose logits are all wanted: each takes memory of the size of the vocabulary.</summary>
    private const int PromptRowsMax = 64;

    /// <summary>The generation.</summary>
    public Generation Generation => generation;

    /// <summary>Its place in the model's memory.</summary>
    public KvCache Cache { get; } = new(layout);

    /// <inheritdoc/>
    public override List<int> Ids => generation.Ids;

    /// <inheritdoc/>
    public override int Begin => generation.Begin;

    /// <inheritdoc/>
    public override bool IsFinished => generation.Finished is not null;

    /// <inheritdoc/>
    public override bool IsReady => first is not { Finished: null, Tokens.Count: 0 };

    /// <inheritdoc/>
    public override bool TakesPrefixes => PromptRows is null;

    /// <inheritdoc/>
    public override int PositionsMax => PromptRows is null ? int.MaxValue : PromptRowsMax;

    /// <inheritdoc/>
    public override string Client => request.Client;

    /// <inheritdoc/>
    public override int TokensLeft => generation.Settings.MaxTokens - generation.Tokens.Count;

    /// <summary>How many of the most likely tokens are reported at each place of the prompt; null where its places are not reported, or all were.</summary>
    public int? PromptRows => generation.Sample == 0 && generation.PromptTokens.Count < generation.Prompt.Count ? request.PromptTopLogProbabilities : null;
}
