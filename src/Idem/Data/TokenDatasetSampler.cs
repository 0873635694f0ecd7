// Which window of the training ids a sample is: a pure function of (seed, global sample index). An epoch cuts the ids into windows one
// behind the other, from a start of its own so that no two epochs cut alike, and visits each window once, in an order of its own.
// So every id is learned from equally often; drawing windows with replacement would leave a fifth of them out of two epochs.
// Batches, shards, workers and resumed runs have no part in it.

using Idem.Numerics.Random;

namespace Idem.Data;

/// <summary>Windows of a fixed context length, addressed by sample index.</summary>
public sealed class TokenDatasetSampler
{
    private readonly TokenSequence _tokens;
    private readonly RandomStream _order;
    private readonly RandomStream _offsets;
    private readonly ulong _windows;

    /// <summary>A sampler over ids under a run's seed.</summary>
    /// <exception cref="DataException">There are not even <paramref name="contextLength"/> + 1 ids.</exception>
    public TokenDatasetSampler(TokenSequence tokens, int contextLength, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        if (tokens.Length <= contextLength)
        {
            throw new DataException(
                "The training part",
                $"it has {tokens.Length} tokens, a window of context length {contextLength} needs {contextLength + 1L}.",
                "Use more text or a shorter context.");
        }

        _tokens = tokens;
        ContextLength = contextLength;
        _windows = (ulong)Math.Max(1, (tokens.Length - contextLength) / contextLength);
        _order = new RandomStream(seed, "data", "train");
        _offsets = new RandomStream(seed, "data", "offset");
    }

    /// <summary>The number of inputs, and of targets, of a window.</summary>
    public int ContextLength { get; }

    /// <summary>Windows of an epoch; epoch e is samples e*Windows to (e+1)*Windows - 1.</summary>
    public long Windows => (long)_windows;

    /// <summary>
    /// Where the window of a sample begins: in epoch e at place i, offset(e) + contextLength * order(e, i). The offset is drawn below
    /// contextLength (or below what the text leaves), the order is a permutation (docs/formats.md, "Data order").
    /// </summary>
    public int WindowStart(ulong sampleIndex)
    {
        ulong epoch = sampleIndex / _windows, place = sampleIndex % _windows;
        Permutation order = new(_order, epoch, (long)_windows);
        ulong free = (ulong)(_tokens.Length - ContextLength) - ((_windows - 1) * (ulong)ContextLength); // starts that leave room
        long offset = _offsets.Bounded(Math.Min(free, (ulong)ContextLength), epoch);
        return (int)(offset + (ContextLength * order[(long)place]));
    }

    /// <summary>Fills the inputs of a sample, and its targets: the same ids one place further.</summary>
    public void Fill(ulong sampleIndex, Span<int> inputs, Span<int> targets)
    {
        if (inputs.Length != ContextLength || targets.Length != ContextLength)
        {
            throw new ArgumentException(
                $"Inputs and targets hold {ContextLength} ids each, not {inputs.Length} and {targets.Length}.");
        }

        int start = WindowStart(sampleIndex);
        _tokens.CopyTo(start, inputs);
        _tokens.CopyTo(start + 1, targets);
    }
}
