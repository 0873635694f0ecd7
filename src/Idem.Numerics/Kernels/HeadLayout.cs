namespace Idem.Numerics.Kernels;

/// <summary>How a layer's queries, keys and values lie: as projections leave them, and packed as attention takes them.</summary>
public readonly record struct HeadLayout
{
    /// <summary>Heads of q.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Heads of k and of v.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Elements of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Elements of each head of q and k that are rotated, from its first; 0 for none.</summary>
    public int RotaryDimensions { get; init; }

    /// <summary>One operand holds all: head after head its q, k and v side by side (GPT-NeoX). Needs as many key heads.</summary>
    public bool IsInterleaved { get; init; }

    /// <summary>Elements of a packed row [q k v].</summary>
    public int PackedWidth => (QueryHeads + (2 * KeyHeads)) * HeadSize;

    /// <summary>Throws unless the numbers make sense together.</summary>
    internal void Check(string operation)
    {
        Kernels.Check.Dimension(operation, nameof(QueryHeads), QueryHeads, 1);
        Kernels.Check.Dimension(operation, nameof(KeyHeads), KeyHeads, 1);
        Kernels.Check.Dimension(operation, nameof(HeadSize), HeadSize, 1);
        Kernels.Check.That(
            RotaryDimensions >= 0 && RotaryDimensions % 2 == 0 && RotaryDimensions <= HeadSize, operation,
            $"{RotaryDimensions} elements of a head of {HeadSize} cannot be rotated in pairs");
        Kernels.Check.That(!IsInterleaved || QueryHeads == KeyHeads, operation, $"interleaved heads need as many key heads as query heads ({QueryHeads}), not {KeyHeads}");
    }
}
