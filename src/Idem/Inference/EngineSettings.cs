using Idem.Nn;

namespace Idem.Inference;

/// <summary>How an <see cref="Engine"/> shares a machine among sequences. Changes speed and memory, never a result, but for <see cref="CacheDtype"/>.</summary>
public sealed record EngineSettings
{
    /// <summary>Positions of prompts that one step computes at most, all sequences together.</summary>
    public int PrefillChunk { get; init; } = 512;

    /// <summary>Sequences that advance at once; others wait.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>
    /// Positions of finished sequences whose keys and values are kept for prompts that begin alike, all together; null for the
    /// model's context once; 0 for none.
    /// </summary>
    public int? PrefixPositions { get; init; }

    /// <summary>Tokens that a prompt and its continuation may have together; null: any number, sequences slide beyond the model's context.</summary>
    public int? MaxSequenceLength { get; init; }

    /// <summary>Samples that may wait; an <see cref="Serving.EngineHost"/> refuses more.</summary>
    public int MaxQueued { get; init; } = 1024;

    /// <summary>How keys and values are held. Part of the result, as the dtype of weights is: bfloat16 halves the memory and has results of its own.</summary>
    public CacheDtype CacheDtype { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PrefillChunk, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PrefixPositions ?? 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequenceLength ?? 1, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueued, 1);
    }
}
