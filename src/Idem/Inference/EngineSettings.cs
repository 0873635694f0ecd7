using Idem.Models;
using Idem.Nn;

namespace Idem.Inference;

/// <summary>How an <see cref="Engine"/> shares a machine among sequences. Changes speed and memory, never a result, but for <see cref="CacheDtype"/>.</summary>
public sealed record EngineSettings
{
    /// <summary>
    /// Positions that one step computes at most, all sequences together. Each sequence past its prompt gets one, even if those are more;
    /// prompts share what is left, at least one position.
    /// </summary>
    public int MaxBatchedTokens { get; init; } = 512;

    /// <summary>Sequences that advance at once; others wait.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Tokens that a prompt and its continuation may have together; null: any number, sequences slide beyond the model's context.</summary>
    public int? MaxSequenceLength { get; init; }

    /// <summary>Samples that may wait; an <see cref="Serving.EngineHost"/> refuses more.</summary>
    public int MaxQueued { get; init; } = 1024;

    /// <summary>Positions of a page of keys and values, the unit in which sequences take and share memory.</summary>
    public int PageLength { get; init; } = KvLayout.DefaultPageLength;

    /// <summary>
    /// Positions for whose keys and values there is memory, all sequences together, rounded down to pages; null for as many as
    /// <see cref="MaxSequences"/> can have. Memory is taken when it is first needed. Where it runs out, the sequence that began last is
    /// computed again later.
    /// </summary>
    public int? KvPositions { get; init; }

    /// <summary>
    /// Positions whose keys and values are kept for prompts that begin alike when no sequence needs them any more, all together; null for
    /// the model's context once; 0 for none. Kept positions give way to running sequences.
    /// </summary>
    public int? PrefixPositions { get; init; }

    /// <summary>How keys and values are held. Part of the result, as the dtype of weights is: bfloat16 halves the memory and has results of its own.</summary>
    public CacheDtype CacheDtype { get; init; }

    /// <summary>How many positions of a model's keys and values a number of bytes holds, in whole pages; for <see cref="KvPositions"/>.</summary>
    public int PositionsIn(long bytes, DecoderModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return (int)Math.Min(bytes / model.KvLayout(PageLength, CacheDtype).PageBytes, int.MaxValue / PageLength) * PageLength;
    }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchedTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequenceLength ?? 1, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueued, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PageLength, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PrefixPositions ?? 0);
        if (KvPositions < PageLength)
        {
            throw new ArgumentOutOfRangeException(nameof(KvPositions), KvPositions, $"there is no room for a page of {PageLength} positions");
        }
    }
}
