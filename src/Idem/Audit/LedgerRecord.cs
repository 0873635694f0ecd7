// What a ledger states of one training step, and that statement's place in the chain.

namespace Idem.Audit;

/// <summary>One training step. Floats carry their encodings; digests cover tensors (see <see cref="TensorDigest"/>).</summary>
public readonly record struct LedgerRecord
{
    /// <summary>The step; ascending through a ledger.</summary>
    public required long Step { get; init; }

    /// <summary>The training loss of the step.</summary>
    public required LedgerNumber Loss { get; init; }

    /// <summary>The global gradient norm, before clipping.</summary>
    public required LedgerNumber GradNorm { get; init; }

    /// <summary>The learning rate used.</summary>
    public required LedgerNumber Lr { get; init; }

    /// <summary>The validation loss, on steps that evaluate.</summary>
    public LedgerNumber? ValLoss { get; init; }

    /// <summary>Of the token ids the step was trained on.</summary>
    public required Digest DataDigest { get; init; }

    /// <summary>Of the parameters after the step, where it was taken.</summary>
    public Digest? ParamsDigest { get; init; }

    /// <summary>Of the optimizer's state after the step, where it was taken.</summary>
    public Digest? OptimizerDigest { get; init; }
}

/// <summary>A record as it stands in a file.</summary>
/// <param name="Record">The statement.</param>
/// <param name="Prev">The hash of the line before; of the run's genesis on the first.</param>
/// <param name="Hash">This line's hash.</param>
/// <param name="Line">Its number, from 1.</param>
/// <param name="EndOffset">Bytes of the file up to and with its line feed.</param>
public readonly record struct LedgerEntry(LedgerRecord Record, Digest Prev, Digest Hash, long Line, long EndOffset);

/// <summary>The state of a ledger after some lines: what a checkpoint stores to tie itself to its run's history.</summary>
/// <param name="Lines">Lines written.</param>
/// <param name="Hash">The last one's hash; the genesis digest when there is none.</param>
public readonly record struct LedgerHead(long Lines, Digest Hash);
