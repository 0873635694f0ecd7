// One of two runs: its evidence, what is needed to execute it again, and the comparison of what it states with what was computed.

using Idem.Audit;
using Idem.Data;
using Idem.Formats;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>A run that is compared.</summary>
internal sealed class RunSide
{
    private RunSide(string name, RunEvidence evidence, BaseModel? start, TextCorpus? corpus, TrainingData? data, string? problem)
    {
        Corpus = corpus;
        Name = name;
        Evidence = evidence;
        Start = start;
        Data = data;
        Problem = problem;
    }

    /// <summary>a or b.</summary>
    public string Name { get; }

    public RunEvidence Evidence { get; }

    public RunFolder Run => Evidence.Run;

    public RunManifest Manifest => Evidence.Run.Manifest;

    public IReadOnlyList<LedgerEntry> Ledger => Evidence.Ledger;

    public BaseModel? Start { get; }

    /// <summary>The text; null as <see cref="Data"/>.</summary>
    public TextCorpus? Corpus { get; }

    /// <summary>The data; null if it is not to be had, for the reason in <see cref="Problem"/>.</summary>
    public TrainingData? Data { get; }

    public string? Problem { get; }

    /// <summary>Reads and checks a run's files, and its data if it is there.</summary>
    public static RunSide Open(string name, RunFolder run, IReadOnlyList<string>? data, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        RunEvidence evidence = RunEvidence.Check(run, (done, total) => progress?.Invoke(new DiffProgress($"checking {name}", done, total)), cancellation);
        try
        {
            BaseModel? start = BaseModel.Of(run, null);
            TextCorpus corpus = TrainingData.Corpus(data ?? run.Manifest.DataPaths);
            TrainingData loaded = TrainingData.Of(corpus, run.Manifest.Config, start);
            loaded.RequireSameAs(run);
            return new RunSide(name, evidence, start, corpus, loaded, null);
        }
        catch (Exception exception) when (exception is TrainingException or DataException or FileNotFoundException)
        {
            return new RunSide(name, evidence, null, null, null, exception.Message);
        }
    }

    /// <summary>The checkpoint after a step, or null.</summary>
    public RunCheckpoint? Checkpoint(long step) => Evidence.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Step == step);

    /// <summary>What the run states of a step other than a record that was computed; of what both have.</summary>
    public Mismatch? Compare(LedgerRecord computed) => Compare(Ledger[(int)computed.Step - 1].Record, computed);

    /// <summary>The first quantity that two records of one step both state, differently.</summary>
    public static Mismatch? Compare(in LedgerRecord a, in LedgerRecord b) =>
        LedgerComparison.FirstDifference(a, b, isPlanned: false) is { } difference ? new Mismatch(difference.Step, difference.Quantity, difference.A, difference.B) : null;
}
