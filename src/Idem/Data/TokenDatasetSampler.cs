// Which window of the training ids a sample is: a pure function of (seed, global sample index), drawn uniformly with
// replacement as nanoGPT does. Batches, shards, workers and resumed runs have no part in it.

using Idem.Numerics.Random;

namespace Idem.Data;

/// <summary>Windows of a fixed context length, addressed by sample index.</summary>
public sealed class TokenDatasetSampler
{
    private readonly TokenSequence _tokens;
    private readonly RandomStream _stream;
    private readonly ulong _starts;

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
        _starts = (ulong)(tokens.Length - contextLength);
        _stream = new RandomStream(seed, "data", "train");
    }

    /// <summary>The number of inputs, and of targets, of a window.</summary>
    public int ContextLength { get; }

    /// <summary>Where the window of a sample begins: <c>Bounded(tokens - contextLength)</c> at position sampleIndex.</summary>
    public int WindowStart(ulong sampleIndex) => (int)_stream.Bounded(_starts, sampleIndex);

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
