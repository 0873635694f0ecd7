// The cosines and sines of a model's positions, one table for all layers. It grows when a longer sequence comes; rows that it had
// stay what they were, so growth cannot reach a result.

using System.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Nn;

/// <summary>Rotary position embedding (Su et al. 2021). Angles: <c>arithmetic.md#rotary-embedding</c>.</summary>
/// <param name="parameters">What decides the angles.</param>
public sealed class RotaryEmbedding(RotaryParameters parameters)
{
    private readonly Lock _gate = new();
    private volatile RotaryTable _table = RotaryTable.Create(parameters, 1);

    /// <summary>What decides the angles.</summary>
    public RotaryParameters Parameters => parameters;

    /// <summary>A table of at least this many positions. Threads may ask at once.</summary>
    public RotaryTable Table(int positions)
    {
        RotaryTable table = _table;
        if (table.Positions >= positions)
        {
            return table;
        }

        lock (_gate)
        {
            if (_table.Positions < positions)
            {
                _table = RotaryTable.Create(parameters, (int)Math.Min(int.MaxValue, BitOperations.RoundUpToPowerOf2((uint)positions)));
            }

            return _table;
        }
    }
}
