// What a run folder tells of its run, all of it checked except for the times, which nothing covers.

using Idem.Audit;
using Idem.Formats;
using Idem.Training;

namespace Idem.Verification;

/// <summary>A checkpoint as the ledger and its own files state it.</summary>
/// <param name="Step">The step after which it was taken.</param>
/// <param name="Model">Digest of its model.</param>
/// <param name="Optimizer">Digest of its optimizer.</param>
public sealed record CheckpointDigests(long Step, Digest Model, Digest Optimizer);

/// <summary>A run that agrees with itself.</summary>
/// <param name="Run">The folder, and what the run is.</param>
/// <param name="Steps">What the ledger states; element i is of step i + 1.</param>
/// <param name="Hashes">The hashes of the ledger's lines.</param>
/// <param name="Checkpoints">In the order of their steps.</param>
/// <param name="Parameters">Numbers of the newest checkpoint's model; 0 without a checkpoint.</param>
/// <param name="Times">How long it took, as far as that was kept.</param>
public sealed record RunHistory(
    RunFolder Run, IReadOnlyList<LedgerRecord> Steps, IReadOnlyList<Digest> Hashes, IReadOnlyList<CheckpointDigests> Checkpoints, long Parameters, RunTimes Times)
{
    /// <summary>The ledger's head.</summary>
    public LedgerHead Head => new(Hashes.Count, HashAt(Hashes.Count));

    /// <summary>The hash of the ledger's head after this many lines.</summary>
    public Digest HashAt(long lines) => lines == 0 ? Run.Manifest.Genesis : Hashes[(int)lines - 1];

    /// <summary>Reads a run, and checks what 'idem verify --ledger' checks.</summary>
    /// <exception cref="CorruptFileException">A file is not what was written.</exception>
    /// <exception cref="FileNotFoundException">There is no run.</exception>
    public static RunHistory Load(string path, CancellationToken cancellation)
    {
        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, path);
        RunEvidence evidence = RunEvidence.Check(run, null, cancellation);
        return new RunHistory(
            run,
            [.. evidence.Ledger.Select(entry => entry.Record)],
            [.. evidence.Ledger.Select(entry => entry.Hash)],
            [.. evidence.Checkpoints.Select(checkpoint => new CheckpointDigests(checkpoint.Step, checkpoint.ModelDigest, checkpoint.OptimizerDigest))],
            evidence.Checkpoints.Count == 0 ? 0 : evidence.Checkpoints[^1].ParameterCount,
            RunTiming.Read(run));
    }
}
