// Reading and verifying a ledger: the hash chain of a training run's steps, one JSON object a line.
// What a chain shows: no line was changed, inserted, removed or reordered BEFORE the last one. That lines were cut off
// the end shows only against a LedgerHead kept elsewhere (the checkpoint, a receipt).

using Idem.Formats;

namespace Idem.Audit;

/// <summary>Reads and verifies ledgers.</summary>
public static class Ledger
{
    /// <summary>The name of the file in a run folder.</summary>
    public const string FileName = "ledger.jsonl";

    /// <summary>
    /// The entries in order, each checked against the chain before it is returned. <paramref name="genesis"/> is the digest
    /// of what the run was started from, and the first line's <c>prev</c>.
    /// </summary>
    /// <exception cref="LedgerException">While enumerating, at the first bad line.</exception>
    public static IEnumerable<LedgerEntry> Read(IFileSystem files, string path, Digest genesis)
    {
        using Stream stream = files.OpenRead(path);
        var lines = new LineReader(stream, path, LedgerLine.LengthMax);
        Digest prev = genesis;
        long stepBefore = -1;
        while (lines.TryRead(out ReadOnlyMemory<byte> line))
        {
            LedgerRecord record = LedgerLine.Decode(line.Span, prev, path, lines.Line, out Digest hash);
            if (record.Step <= stepBefore)
            {
                throw new LedgerException(path, lines.Line, "step", $"{record.Step} does not follow {stepBefore}");
            }

            yield return new LedgerEntry(record, prev, hash, lines.Line, lines.EndOffset);
            prev = hash;
            stepBefore = record.Step;
        }
    }

    /// <summary>Checks the whole file; returns its head, to be compared with the one a checkpoint or receipt states.</summary>
    /// <exception cref="LedgerException">Names the first bad line.</exception>
    public static LedgerHead Verify(IFileSystem files, string path, Digest genesis)
    {
        var head = new LedgerHead(0, genesis);
        foreach (LedgerEntry entry in Read(files, path, genesis))
        {
            head = new LedgerHead(entry.Line, entry.Hash);
        }

        return head;
    }
}
