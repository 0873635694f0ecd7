// idem train: prepares a run (new or resumed), executes its steps, keeps ledger and checkpoints. A kill at any instant loses at most
// the steps since the last checkpoint; resumed, they are done again to the same bits, which is checked against what the ledger
// already held of them.

using System.Diagnostics;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Numerics;
using Idem.Tracing;

namespace Idem.Training;

/// <summary>A run that is ready to execute.</summary>
public sealed class TrainingSetup
{
    internal TrainingSetup(RunFolder run, TrainingSession session, LedgerWriter ledger, Compute compute, TraceRequest? trace)
    {
        Trace = trace;
        Run = run;
        Session = session;
        Ledger = ledger;
        Compute = compute;
    }

    /// <summary>In place of a data path: the built-in corpus of <c>idem demo</c>.</summary>
    public const string DemoData = TrainingData.DemoPath;

    /// <summary>Where the run is written.</summary>
    public string RunFolder => Run.Path;

    /// <summary>What the run is.</summary>
    public RunManifest Manifest => Run.Manifest;

    /// <summary>Trainable numbers.</summary>
    public long ParameterCount => Session.ParameterCount;

    /// <summary>Tokens of the training split.</summary>
    public long TrainTokens => Session.Data.Tokens.Train.Length;

    /// <summary>Tokens of the validation split.</summary>
    public long ValTokens => Session.Data.Tokens.Validation.Length;

    /// <summary>The first step that will be executed.</summary>
    public long FirstStep => Session.Step + 1;

    internal RunFolder Run { get; }

    internal TrainingSession Session { get; }

    internal LedgerWriter Ledger { get; }

    internal Compute Compute { get; }

    internal TraceRequest? Trace { get; }
}

/// <summary>Trains.</summary>
public static class Trainer
{
    private const int LedgerLinesPerFlush = 64;

    /// <summary>Prepares and executes.</summary>
    public static TrainingOutcome Run(TrainingRequest request, ITrainingObserver? observer, CancellationToken cancellation) =>
        Run(Prepare(request), observer, cancellation);

    /// <summary>Resolves the configuration, reads the data, and begins or reopens the run folder.</summary>
    /// <exception cref="TrainConfigException">The configuration is wrong.</exception>
    /// <exception cref="TrainingException">The run cannot start or go on as asked.</exception>
    /// <exception cref="CorruptFileException">The run to resume is damaged.</exception>
    public static TrainingSetup Prepare(TrainingRequest request) => Prepare(request, DiskFileSystem.Instance);

    internal static TrainingSetup Prepare(TrainingRequest request, IFileSystem files)
    {
        Compute compute = Compute.Current;
        if (request.Resume is null)
        {
            return Begin(request, files, compute);
        }

        if (!Training.RunFolder.IsRun(files, request.RunFolder))
        {
            // Killed before run.json was written: nothing was lost, and everything needed is on the command line.
            return request.Data.Count > 0
                ? Begin(request, files, compute)
                : throw new TrainingException($"{request.RunFolder} holds no run to resume: it has no {RunManifest.FileName}; name a folder that 'idem train --out' wrote, or begin a run with --data");
        }

        return Reopen(request, files, compute);
    }

    /// <summary>Executes a prepared run to its last step, or until it is cancelled.</summary>
    public static TrainingOutcome Run(TrainingSetup setup, ITrainingObserver? observer, CancellationToken cancellation)
    {
        using LedgerWriter ledger = setup.Ledger;
        using TraceWriter? trace = setup.Trace is not { } request ? null
            : TraceWriter.Create(request with { Steps = request.Steps ?? TraceSteps.Only(setup.FirstStep) }, "train", setup.Manifest.Subject());
        TrainingSession session = setup.Session;
        using RunTiming timing = RunTiming.Append(setup.Run, session.Step, RunEnvironment.Of(setup.Compute));
        TrainConfig config = setup.Manifest.Config;
        observer?.Started(new TrainingStart(setup.Manifest, setup.RunFolder, setup.ParameterCount, setup.TrainTokens, setup.ValTokens, setup.FirstStep));
        LedgerRecord? last = null;
        double? valLoss = null;
        (string Path, Digest Model)? saved = null;
        Dictionary<long, LedgerRecord> before = ledger.Earlier.ToDictionary(entry => entry.Record.Step, entry => entry.Record);
        while (session.Step < config.Steps && !cancellation.IsCancellationRequested)
        {
            LedgerRecord record = trace?.Wants(session.Step + 1) == true ? Traced(session, config, observer, trace) : session.Execute(observer, CancellationToken.None);
            StepTimes times = session.Times;
            long begin = Stopwatch.GetTimestamp();
            if (before.TryGetValue(record.Step, out LedgerRecord earlier) && earlier != record)
            {
                throw new TrainingException(
                    $"step {record.Step}, done again, differs from what the ledger held of it before the interruption; run 'idem doctor' on this machine, and look for a changed installation");
            }

            if (record.Step > ledger.Head.Lines)
            {
                ledger.Append(record);
            }

            times = times with { Evidence = times.Evidence + Stopwatch.GetElapsedTime(begin).TotalSeconds };
            last = record;
            valLoss = record.ValLoss?.Value ?? valLoss;
            observer?.Stepped(new TrainingStep(record, session.TokensPerStep, times.Train + times.Evidence));
            saved = null;
            begin = Stopwatch.GetTimestamp();
            if (config.Saves(session.Step))
            {
                saved = Save(setup, observer);
                times = times with { Save = Stopwatch.GetElapsedTime(begin).TotalSeconds };
            }

            timing.Add(record.Step, session.TokensPerStep, times);
            if (observer is not null && config.Samples(session.Step) && session.Model is DecoderModel decoder)
            {
                observer.Sampled(session.Step, Sample(decoder, session, config));
            }
        }

        saved ??= Save(setup, observer);
        trace?.Finish();
        return new TrainingOutcome(
            setup.RunFolder, session.Step, saved.Value.Path, saved.Value.Model, last?.Loss.Value, valLoss, session.Step < config.Steps);
    }

    private static LedgerRecord Traced(TrainingSession session, TrainConfig config, ITrainingObserver? observer, TraceWriter trace)
    {
        StepTrace step = new(session.Step + 1, config.Shards, trace.Keeps);
        session.Observer = step;
        LedgerRecord record = session.Execute(observer, CancellationToken.None);
        session.Observer = null;
        trace.Write(step.Entries);
        return record;
    }

    private static (string Path, Digest Model) Save(TrainingSetup setup, ITrainingObserver? observer)
    {
        setup.Ledger.Commit();
        LedgerHead head = setup.Ledger.HeadAt(setup.Session.Step);
        if (setup.Run.CheckpointSteps().Contains(setup.Session.Step) && IsSaved(setup, head, out (string Path, Digest Model) existing))
        {
            return existing;
        }

        (string Path, Digest Model) saved = RunCheckpoint.Save(setup.Run, setup.Session, head);
        observer?.Saved(setup.Session.Step, saved.Path, saved.Model);
        return saved;
    }

    // A run resumed from an earlier checkpoint comes by the later ones again: they stay, if they are whole and equal.
    private static bool IsSaved(TrainingSetup setup, LedgerHead head, out (string Path, Digest Model) saved)
    {
        saved = default;
        try
        {
            RunCheckpoint checkpoint = RunCheckpoint.Open(setup.Run, setup.Session.Step, verify: true);
            if (checkpoint.Ledger != head || checkpoint.ModelDigest != setup.Session.ModelDigest())
            {
                return false;
            }

            saved = (checkpoint.Path, checkpoint.ModelDigest);
            return true;
        }
        catch (CorruptFileException)
        {
            return false;
        }
    }

    private static string Sample(DecoderModel model, TrainingSession session, TrainConfig config)
    {
        int[] prompt = [session.Data.Tokens.Train[0]];
        System.Text.StringBuilder text = new();
        SamplingSettings settings = new() { MaxTokens = config.SampleTokens, Temperature = 0.8f, Seed = config.Seed };
        TextStream decoder = new(session.Data.Tokenizer);
        foreach (GeneratedToken token in new Engine(model).Generate(prompt, settings))
        {
            text.Append(decoder.Append(token.Id));
        }

        return text.Append(decoder.Finish()).ToString();
    }

    private static TrainingSetup Begin(TrainingRequest request, IFileSystem files, Compute compute)
    {
        if (request.From is not null && request.Preset is not null)
        {
            throw new TrainConfigException($"preset '{request.Preset}' is for a new model, but --from names one: leave one of them out");
        }

        RequireFree(files, request.RunFolder);
        BaseModel? start = request.From is null ? null : BaseModel.Load(request.From);
        TrainConfig config = start is null
            ? TrainConfigResolver.Resolve(request.Preset, request.ConfigFile, request.Overrides ?? [])
            : TrainConfigResolver.ResolveFrom(start.Config.ContextLength, request.ConfigFile, request.Overrides ?? [], start.CanSample);
        TrainingData data = TrainingData.Load(request.Data, config, start);
        RunManifest manifest = new()
        {
            Config = config,
            Base = start?.Identity,
            Data = data.Digest,
            Tokenizer = data.TokenizerDigest,
            VocabSize = data.Tokenizer.VocabularySize,
            DataPaths = TrainingData.AbsolutePaths(request.Data),
            Environment = RunEnvironment.Of(compute),
        };
        TrainingSession session = new(config, data, compute, start);
        RunFolder run = Training.RunFolder.Create(files, request.RunFolder, manifest, data.TokenizerJson);
        LedgerWriter ledger = LedgerWriter.Create(run.Files, run.LedgerPath, manifest.Genesis, LedgerLinesPerFlush);
        return new TrainingSetup(run, session, ledger, compute, request.Trace);
    }

    private static void RequireFree(IFileSystem files, string path)
    {
        if (files.FileExists(path))
        {
            throw new TrainingException($"{path} is a file: name a folder for the run");
        }

        for (string? above = Path.GetDirectoryName(Path.GetFullPath(path)); above is not null && !files.DirectoryExists(above); above = Path.GetDirectoryName(above))
        {
            if (files.FileExists(above))
            {
                throw new TrainingException($"{path}: {above} is a file, in which there is no folder: name one elsewhere");
            }
        }

        if (Training.RunFolder.IsRun(files, path))
        {
            throw new TrainingException($"{path} already holds a run: add --resume to continue it, or name another folder");
        }

        if (files.DirectoryExists(path) && files.List(path).Any(entry => !IsOwnLeftover(entry.Name)))
        {
            throw new TrainingException($"{path} is not empty and holds no run: name a new or an empty folder");
        }
    }

    // What a kill leaves between creating the folder and writing run.json.
    private static bool IsOwnLeftover(string name) =>
        name is Training.RunFolder.TokenizerFile or "checkpoints" || (name.StartsWith('.') && name.EndsWith(".pending", StringComparison.Ordinal));

    private static TrainingSetup Reopen(TrainingRequest request, IFileSystem files, Compute compute)
    {
        RunFolder run = Training.RunFolder.Open(files, request.RunFolder);
        run.Settle();
        BaseModel? start = BaseModel.Of(run, request.From);
        if (start is null)
        {
            TrainConfigResolver.RequireSame(run.Manifest.Config, request.Preset, request.ConfigFile, request.Overrides ?? [], request.RunFolder);
        }
        else
        {
            TrainConfigResolver.RequireSameFrom(run.Manifest.Config, start.Config.ContextLength, request.ConfigFile, request.Overrides ?? [], request.RunFolder, start.CanSample);
        }

        TrainingData data = TrainingData.Load(request.Data.Count > 0 ? request.Data : run.Manifest.DataPaths, run.Manifest.Config, start);
        data.RequireSameAs(run);
        TrainingSession session = new(run.Manifest.Config, data, compute, start);
        LedgerHead head = new(0, run.Manifest.Genesis);
        if (FindCheckpoint(run, request.Resume!) is { } checkpoint)
        {
            checkpoint.Restore(session);
            head = checkpoint.Ledger;
        }

        LedgerWriter ledger = run.Files.FileExists(run.LedgerPath)
            ? LedgerWriter.Resume(run.Files, run.LedgerPath, run.Manifest.Genesis, head, LedgerLinesPerFlush, Attested(run, head.Lines))
            : head.Lines == 0
                ? LedgerWriter.Create(run.Files, run.LedgerPath, run.Manifest.Genesis, LedgerLinesPerFlush)
                : throw new CorruptFileException(run.LedgerPath, "is missing", "Restore it from a copy of the run");
        return new TrainingSetup(run, session, ledger, compute, request.Trace);
    }

    // The heads of the checkpoints after a step, as far as they are whole.
    private static HashSet<LedgerHead> Attested(RunFolder run, long step)
    {
        HashSet<LedgerHead> heads = [];
        foreach (long later in run.CheckpointSteps().Where(later => later > step))
        {
            try
            {
                heads.Add(RunCheckpoint.Open(run, later, verify: false).Ledger);
            }
            catch (CorruptFileException)
            {
                // It attests nothing, and is written again when the run comes by.
            }
        }

        return heads;
    }

    // The newest checkpoint, which must be whole, or the one asked for; null: from the initial weights.
    private static RunCheckpoint? FindCheckpoint(RunFolder run, string resume)
    {
        IReadOnlyList<long> steps = run.CheckpointSteps();
        if (resume == "latest")
        {
            return steps.Count == 0 ? null : RunCheckpoint.Open(run, steps[^1], verify: true);
        }

        long? wanted = long.TryParse(resume, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long step)
            ? step
            : steps.Cast<long?>().FirstOrDefault(candidate => Path.GetFullPath(run.CheckpointPath(candidate!.Value)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(resume)));
        if (wanted == 0)
        {
            return null;
        }

        return wanted is { } found && steps.Contains(found)
            ? RunCheckpoint.Open(run, found, verify: true)
            : throw new TrainingException($"{run.Path} has no checkpoint '{resume}'; it has: {(steps.Count == 0 ? "none" : string.Join(", ", steps))}, and 0 for the initial weights");
    }
}
