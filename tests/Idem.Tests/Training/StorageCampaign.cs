// Whole runs on a disk that fails: the real trainer, writers and readers over FaultyFileSystem. A run lives several times; each life
// ends by a crash, a failing disk or a full one. Whatever happened, all that was reported saved is there, all that is there verifies,
// and the run ends with every byte of the run that nothing happened to.

using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Tests.Formats;
using Idem.Training;
using Idem.Verification;

namespace Idem.Tests.Training;

/// <summary>How a life ends, if it does.</summary>
internal enum Ending
{
    /// <summary>The process stops.</summary>
    Crash,

    /// <summary>One operation fails with EIO.</summary>
    Error,

    /// <summary>Every operation fails from here on.</summary>
    DeadDisk,

    /// <summary>Nothing that takes space succeeds from here on; a write may be half done.</summary>
    FullDisk,

    /// <summary>One operation fails, opening files to read being counted too.</summary>
    ReadError,
}

internal sealed class StorageCampaign
{
    private const string RunPath = TinyRun.Path;

    private static readonly CrashKind[] Kinds = Enum.GetValues<CrashKind>();
    private static readonly Ending[] Endings = Enum.GetValues<Ending>();

    private readonly string _data;
    private readonly int _steps;
    private readonly Action<FaultyFileSystem> _canary;
    private readonly Dictionary<string, byte[]> _expected;
    private readonly string[] _expectedLedger;

    /// <param name="data">A text file on the real disk.</param>
    /// <param name="steps">Steps of the run; every second has a checkpoint, and the last.</param>
    /// <param name="canary">Breaks a promise of each disk, to see that the campaign notices.</param>
    public StorageCampaign(string data, int steps, Action<FaultyFileSystem>? canary = null)
    {
        _data = data;
        _steps = steps;
        _canary = canary ?? (_ => { });
        FaultyFileSystem files = new FaultyFileSystem();
        Train(files, new Acknowledged(), "latest");
        Operations = files.Operations;
        _expected = Evidence(files);
        _expectedLedger = Lines(_expected[RunPath + "/" + Ledger.FileName]);
    }

    /// <summary>Operations of the run that nothing happens to.</summary>
    public int Operations { get; }

    /// <summary>A run of several lives, drawn. What is wrong with it, or null.</summary>
    public string? Run(Random random)
    {
        FaultyFileSystem files = new FaultyFileSystem();
        Acknowledged acknowledged = new();
        List<string> story = [];
        for (int lives = 1 + random.Next(4); lives > 0; lives--)
        {
            (Ending ending, int at, CrashKind kind) = (Endings[random.Next(Endings.Length)], random.Next(Operations), Kinds[random.Next(Kinds.Length)]);
            string resume = Resume(files, random);
            story.Add($"resumed from {resume}, {ending} at operation {at}, then {kind}");
            if (Live(ref files, acknowledged, resume, ending, at, kind, random) is { } wrong)
            {
                return string.Join("; ", [.. story, wrong]);
            }
        }

        string last = Resume(files, random);
        return Finish(files, acknowledged, last) is { } difference ? string.Join("; ", [.. story, $"resumed from {last}", difference]) : null;
    }

    /// <summary>A life that ends at each operation, in each way, and one that finishes the run. What is wrong.</summary>
    public IEnumerable<string> RunEach()
    {
        (Ending, CrashKind)[] ways =
        [
            .. Kinds.Select(kind => (Ending.Crash, kind)), (Ending.Error, CrashKind.Kill), (Ending.DeadDisk, CrashKind.PowerCutReordered),
            (Ending.FullDisk, CrashKind.Kill), (Ending.ReadError, CrashKind.Kill),
        ];
        for (int at = 0; at <= Operations; at++)
        {
            foreach ((Ending ending, CrashKind kind) in ways)
            {
                if (Run(ending, at, kind) is { } wrong)
                {
                    yield return wrong;
                }
            }
        }
    }

    private string? Run(Ending ending, int at, CrashKind kind)
    {
        FaultyFileSystem files = new FaultyFileSystem();
        Acknowledged acknowledged = new();
        return (Live(ref files, acknowledged, "latest", ending, at, kind, new Random(at)) ?? Finish(files, acknowledged, "latest")) is { } wrong
            ? $"{ending} at operation {at}, then {kind}: {wrong}"
            : null;
    }

    private string? Live(ref FaultyFileSystem files, Acknowledged acknowledged, string resume, Ending ending, int at, CrashKind kind, Random random)
    {
        _canary(files);
        files.Fault = ending == Ending.Crash ? null : () => new InjectedException();
        files.FaultPasses = ending is Ending.Error or Ending.ReadError;
        files.FaultsSpaceOnly = ending == Ending.FullDisk;
        files.CountsReads = ending == Ending.ReadError;
        files.CrashAfter(at);
        try
        {
            Train(files, acknowledged, resume);
        }
        catch (Exception exception) when (exception is CrashException || IsInjected(exception))
        {
        }
        catch (Exception exception)
        {
            return $"it failed with {exception}";
        }

        files = files.Reboot(kind, random);
        return Check(files, acknowledged);
    }

    private string? Finish(FaultyFileSystem files, Acknowledged acknowledged, string resume)
    {
        try
        {
            Train(files, acknowledged, resume);
            _ = RunEvidence.Check(RunFolder.Open(files, RunPath), null, default);
        }
        catch (Exception exception)
        {
            return $"it cannot be finished: {exception}";
        }

        Dictionary<string, byte[]> actual = Evidence(files);
        string? differing = _expected.Keys.Union(actual.Keys).FirstOrDefault(
            file => !_expected.TryGetValue(file, out byte[]? expected) || !actual.TryGetValue(file, out byte[]? content) || !expected.AsSpan().SequenceEqual(content));
        if (differing is not null)
        {
            return $"{differing} is not that of the uninterrupted run";
        }

        // What is finished is on the medium.
        FaultyFileSystem left = files.Reboot(CrashKind.PowerCut);
        string? lost = _expected.Keys.FirstOrDefault(file => !left.FileExists(file) || !_expected[file].AsSpan().SequenceEqual(left.Content(file)));
        return lost is null ? null : $"{lost} of the finished run is lost by a power cut";
    }

    // What a new process finds. Lines past the newest checkpoint may be torn; everything else must be as it was.
    private string? Check(FaultyFileSystem files, Acknowledged acknowledged)
    {
        if (!RunFolder.IsRun(files, RunPath))
        {
            return acknowledged.Step == 0 ? null : $"the run is gone, though step {acknowledged.Step} was saved";
        }

        try
        {
            RunFolder run = RunFolder.Open(files, RunPath);
            run.VerifyTokenizer();
            List<LedgerEntry> ledger = SoundLines(run);
            if (!ledger.Select(entry => entry.Hash.ToString()).SequenceEqual(_expectedLedger.Take(ledger.Count).Select(HashOf)))
            {
                return "the ledger holds other lines";
            }

            IReadOnlyList<long> steps = run.CheckpointSteps();
            foreach (long step in steps)
            {
                RunCheckpoint.Open(run, step, verify: true).CheckAgainst(run, ledger);
            }

            return (steps.Count == 0 ? 0 : steps[^1]) >= acknowledged.Step ? null : $"the newest checkpoint is of step {(steps.Count == 0 ? 0 : steps[^1])}, though step {acknowledged.Step} was saved";
        }
        catch (IOException exception)
        {
            return $"what is left does not verify: {exception}";
        }
    }

    private static List<LedgerEntry> SoundLines(RunFolder run)
    {
        List<LedgerEntry> lines = [];
        try
        {
            foreach (LedgerEntry entry in run.Files.FileExists(run.LedgerPath) ? Ledger.Read(run.Files, run.LedgerPath, run.Manifest.Genesis) : [])
            {
                lines.Add(entry);
            }
        }
        catch (LedgerException)
        {
        }

        return lines;
    }

    private void Train(FaultyFileSystem files, Acknowledged acknowledged, string resume) => TinyRun.Train(files, _data, _steps, acknowledged, resume);

    private static Dictionary<string, byte[]> Evidence(FaultyFileSystem files) => TinyRun.Evidence(files).ToDictionary(file => file, files.Content);

    // Mostly as anyone does; now and then from an earlier checkpoint, which must not cost the later ones.
    private static string Resume(FaultyFileSystem files, Random random)
    {
        if (!RunFolder.IsRun(files, RunPath) || random.Next(3) > 0)
        {
            return "latest";
        }

        IReadOnlyList<long> steps = RunFolder.Open(files, RunPath).CheckpointSteps();
        int chosen = random.Next(steps.Count + 1);
        return chosen == steps.Count ? "0" : steps[chosen].ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static bool IsInjected(Exception? exception) => exception is InjectedException || (exception?.InnerException is { } inner && IsInjected(inner));

    private static string[] Lines(byte[] ledger) => System.Text.Encoding.ASCII.GetString(ledger).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string HashOf(string line) => (string)JsonNode.Parse(line)!["hash"]!;

    private sealed class InjectedException() : IOException("No space left on device, or an error of it");

    private sealed class Acknowledged : ITrainingObserver
    {
        /// <summary>The last step whose checkpoint was reported to be safe.</summary>
        public long Step { get; private set; }

        public void Saved(long step, string path, Digest model) => Step = Math.Max(Step, step);

        public void Started(TrainingStart start)
        {
        }

        public void Stepped(TrainingStep step)
        {
        }

        public void Evaluating(long step, int done, int total)
        {
        }

        public void Sampled(long step, string text)
        {
        }
    }
}
