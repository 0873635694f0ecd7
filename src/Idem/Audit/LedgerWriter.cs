// Appends records to a ledger, durably, and goes on after a crash from the head a checkpoint stored.
// Order for the trainer: Append each step; before a checkpoint is written, Commit, and store Head in it. So a checkpoint is
// never ahead of its ledger, and whatever a crash left behind the newest head is cut and done again. Lines that a checkpoint
// attests are never cut, wherever a run resumes: a crash while they are done again would leave that checkpoint without its ledger.

using Idem.Formats;

namespace Idem.Audit;

/// <summary>The writer of a ledger.</summary>
public sealed class LedgerWriter : IDisposable
{
    private readonly AppendLog _log;
    private readonly byte[] _line = new byte[LedgerLine.LengthMax];
    private long _length;
    private long _step;

    private LedgerWriter(AppendLog log, LedgerHead head, long length, long step, IReadOnlyList<LedgerEntry> earlier)
    {
        _log = log;
        _length = length;
        _step = step;
        Head = head;
        Earlier = earlier;
    }

    /// <summary>Where the ledger stands.</summary>
    public LedgerHead Head { get; private set; }

    /// <summary>
    /// Sound records that <see cref="Resume"/> found past the head it resumes from, whether they stay (up to <see cref="Head"/>) or
    /// were cut. The steps done again must give exactly these; a caller can compare.
    /// </summary>
    public IReadOnlyList<LedgerEntry> Earlier { get; }

    /// <summary>Starts a ledger; the file must not exist.</summary>
    public static LedgerWriter Create(IFileSystem files, string path, Digest genesis, int linesPerFlush = 1)
        => new(AppendLog.Create(files, path, linesPerFlush), new LedgerHead(0, genesis), 0, -1, []);

    /// <summary>
    /// Verifies the ledger up to <paramref name="head"/>, cuts what follows the newest of <paramref name="attested"/> (be it a torn
    /// line), and goes on there.
    /// </summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The ledger.</param>
    /// <param name="genesis">The run's genesis digest.</param>
    /// <param name="head">The head to resume from; it must be in the ledger.</param>
    /// <param name="linesPerFlush">Lines after which the file is forced to the medium.</param>
    /// <param name="attested">Heads of later checkpoints. Lines up to the last that the ledger holds stay.</param>
    /// <exception cref="LedgerException">A line up to the head is bad or missing, or the head's hash is another.</exception>
    public static LedgerWriter Resume(
        IFileSystem files, string path, Digest genesis, LedgerHead head, int linesPerFlush = 1, IReadOnlyCollection<LedgerHead>? attested = null)
    {
        long step = -1, length = 0;
        LedgerHead reached = new(0, genesis), kept = reached;
        var earlier = new List<LedgerEntry>();
        try
        {
            foreach (LedgerEntry entry in Ledger.Read(files, path, genesis))
            {
                LedgerHead here = new(entry.Line, entry.Hash);
                if (entry.Line > head.Lines)
                {
                    earlier.Add(entry);
                }
                else
                {
                    reached = here;
                }

                if (entry.Line <= head.Lines || attested?.Contains(here) == true)
                {
                    kept = here;
                    (step, length) = (entry.Record.Step, entry.EndOffset);
                }
            }
        }
        catch (LedgerException e) when (e.Line > head.Lines)
        {
            // Past the checkpoint: unfinished business of the process that died; it is cut below.
        }

        if (reached != head)
        {
            throw reached.Lines < head.Lines
                ? new LedgerException(path, reached.Lines + 1, null, $"is missing: the checkpoint was taken after line {head.Lines}")
                : new LedgerException(path, head.Lines, "hash", $"{reached.Hash} is not the {head.Hash} the checkpoint was taken after: it belongs to another run");
        }

        return new LedgerWriter(AppendLog.Resume(files, path, length, linesPerFlush), kept, length, step, earlier);
    }

    /// <summary>Where the ledger stood after this many lines: those it resumed from, or later.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It never stood there since.</exception>
    public LedgerHead HeadAt(long lines)
    {
        if (lines == Head.Lines)
        {
            return Head;
        }

        foreach (LedgerEntry entry in Earlier)
        {
            if (entry.Line == lines && lines < Head.Lines)
            {
                return new LedgerHead(entry.Line, entry.Hash);
            }
        }

        throw new ArgumentOutOfRangeException(nameof(lines));
    }

    /// <summary>Appends the record of a step.</summary>
    /// <exception cref="ArgumentException">Steps do not ascend, or a number is not finite.</exception>
    /// <exception cref="IOException">The disk failed; resume from the last checkpoint.</exception>
    public LedgerEntry Append(in LedgerRecord record)
    {
        if (record.Step <= _step)
        {
            throw new ArgumentException($"step {record.Step} does not follow step {_step}", nameof(record));
        }

        RequireFinite(record.Step, "loss", record.Loss);
        RequireFinite(record.Step, "grad_norm", record.GradNorm);
        RequireFinite(record.Step, "lr", record.Lr);
        RequireFinite(record.Step, "val_loss", record.ValLoss);
        int length = LedgerLine.Encode(record, Head.Hash, _line, out Digest hash);
        _log.Append(_line.AsSpan(0, length));
        _length += length;
        _step = record.Step;
        var entry = new LedgerEntry(record, Head.Hash, hash, Head.Lines + 1, _length);
        Head = new LedgerHead(entry.Line, hash);
        return entry;
    }

    /// <summary>Returns once every record appended is on the medium.</summary>
    public void Commit() => _log.Commit();

    private static void RequireFinite(long step, string field, LedgerNumber? number)
    {
        if (number is { IsFinite: false })
        {
            throw new ArgumentException($"step {step}: {field} is {number.Value.Decimal}; a ledger holds finite numbers only", nameof(number));
        }
    }

    /// <summary>Closes the file; call <see cref="Commit"/> first.</summary>
    public void Dispose() => _log.Dispose();
}
