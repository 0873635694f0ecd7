// What a verification of a run is asked, how far it is, and what it found.

using Idem.Audit;

namespace Idem.Verification;

/// <summary>How much of a run is executed again.</summary>
public enum VerificationLevel
{
    /// <summary>Nothing: chain, files and digests only.</summary>
    Ledger,

    /// <summary>Some segments, each from its checkpoint.</summary>
    Sample,

    /// <summary>Everything, from the initial weights.</summary>
    Full,
}

/// <summary>What to verify.</summary>
/// <param name="Sample">Segments between checkpoints to re-execute, drawn by <paramref name="Seed"/>; null: the whole run.</param>
/// <param name="Seed">Chooses the segments.</param>
/// <param name="Data">Where the data is; null: where run.json says.</param>
/// <param name="From">Where the model is that the run began from; null: where run.json says.</param>
/// <param name="LedgerOnly">Whether nothing is to be executed.</param>
public sealed record VerificationRequest(
    int? Sample = null, ulong Seed = 0, IReadOnlyList<string>? Data = null, string? From = null, bool LedgerOnly = false)
{
    /// <summary>How much is executed.</summary>
    public VerificationLevel Level => LedgerOnly ? VerificationLevel.Ledger : Sample is null ? VerificationLevel.Full : VerificationLevel.Sample;
}

/// <summary>What a verification is doing.</summary>
public enum VerificationPhase
{
    /// <summary>Checkpoints are read and digested.</summary>
    Files,

    /// <summary>Steps are executed.</summary>
    Steps,
}

/// <summary>How far a verification is.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Done">Units of the phase done.</param>
/// <param name="Total">Units in all.</param>
public readonly record struct VerificationProgress(VerificationPhase Phase, long Done, long Total);

/// <summary>Steps that were re-executed from one checkpoint (or from the initial weights, step 0) to the next.</summary>
/// <param name="From">The step before the first.</param>
/// <param name="To">The last step of the segment.</param>
/// <param name="Steps">Steps executed and compared: all, unless there is a mismatch.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Mismatch">The first difference, or null.</param>
public sealed record SegmentResult(long From, long To, long Steps, double Seconds, Mismatch? Mismatch);

/// <summary>What a verification did and found. That the files are whole is not in it: otherwise there is an exception instead.</summary>
/// <param name="Level">How much was executed.</param>
/// <param name="Ledger">The ledger's head; every link of the chain up to it was checked.</param>
/// <param name="RunSteps">Steps of the whole run, of which the ledger may hold fewer.</param>
/// <param name="Checkpoints">Checkpoints whose every byte was checked.</param>
/// <param name="FilesSeconds">The time that checking files took.</param>
/// <param name="Segments">What was re-executed.</param>
public sealed record VerificationReport(
    VerificationLevel Level, LedgerHead Ledger, long RunSteps, int Checkpoints, double FilesSeconds, IReadOnlyList<SegmentResult> Segments)
{
    /// <summary>Steps re-executed and compared.</summary>
    public long StepsExecuted => Segments.Sum(segment => segment.Steps);

    /// <summary>The first difference, or null.</summary>
    public Mismatch? Mismatch => Segments.Count == 0 ? null : Segments[^1].Mismatch;
}
