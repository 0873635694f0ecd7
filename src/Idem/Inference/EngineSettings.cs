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

    /// <summary>How keys and values are held. Part of the result, as the dtype of weights is: bfloat16 halves the memory and has results of its own.</summary>
    public CacheDtype CacheDtype { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PrefillChunk, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PrefixPositions ?? 0);
    }
}
