// Runs as a deviating system would have written them: whole folders, ledgers and checkpoints in order, of steps that were computed otherwise.

using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Tests.Support;
using Idem.Tracing;
using Idem.Training;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>How a run is computed.</summary>
internal sealed record Injection
{
    public Deviation? Deviation { get; init; }

    public TrainingVariant? Variant { get; init; }

    public StoredPrecision? Stored { get; init; }

    /// <summary>The configuration that is executed, where it is not the one that run.json states.</summary>
    public TrainConfig? Executed { get; init; }
}

internal static class InjectedRun
{
    public static TrainConfig Config { get; } = new()
    {
        Seed = 11, NLayer = 2, NHead = 2, NEmbd = 16, NPositions = 16, BatchSize = 8, Shards = 4, Steps = 4, WarmupSteps = 1, DecaySteps = 4, InitializerRange = 0.1,
        EvalEvery = 0, SampleEvery = 0, DigestEvery = 1, CheckpointEvery = 2, ValFraction = 0,
    };

    /// <summary>Two texts to train on, of the same characters whatever their order.</summary>
    public static string[] WriteData(TemporaryFolder folder)
    {
        string text = string.Concat(Enumerable.Repeat("the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs.\n", 12));
        return
        [
            folder.Write("one.txt", System.Text.Encoding.UTF8.GetBytes(text)),
            folder.Write("two.txt", System.Text.Encoding.UTF8.GetBytes("sphinx of black quartz, judge my vow\n" + text[..300])),
        ];
    }

    /// <summary>Writes a run; returns its folder.</summary>
    public static string Write(TemporaryFolder folder, string name, TrainConfig config, string[] data, Injection injection)
    {
        TrainingData loaded = TrainingData.Load(data, config);
        RunManifest manifest = new()
        {
            Config = config, Data = loaded.Digest, Tokenizer = loaded.TokenizerDigest, VocabSize = loaded.Tokenizer.VocabularySize, DataPaths = data,
            Environment = RunEnvironment.Of(new Compute(SimdPath.Scalar, 1)),
        };
        RunFolder run = RunFolder.Create(DiskFileSystem.Instance, folder[name], manifest, loaded.TokenizerJson);
        using LedgerWriter ledger = LedgerWriter.Create(run.Files, run.LedgerPath, manifest.Genesis, 64);
        Execute(config, loaded, injection, (session, record, _) =>
        {
            ledger.Append(record);
            if (config.Saves(session.Step))
            {
                ledger.Commit();
                RunCheckpoint.Save(run, session, ledger.Head);
            }
        });
        return folder[name];
    }

    /// <summary>Every step's trace, as the injected system computes it.</summary>
    public static List<TraceRecord> Trace(TrainConfig config, string[] data, Injection injection)
    {
        List<TraceRecord> records = [];
        Execute(config, TrainingData.Load(data, config), injection, (_, _, trace) => records.AddRange(trace.Entries.Select(entry => entry.Record)));
        return records;
    }

    private static void Execute(TrainConfig config, TrainingData data, Injection injection, Action<TrainingSession, LedgerRecord, StepTrace> stepped)
    {
        TrainConfig executed = injection.Executed ?? config;
        Compute before = Compute.Current, compute = injection.Deviation is null ? new Compute(SimdPaths.Widest, 2) : Compute.Deviating(injection.Deviation, 2);
        Compute.Current = compute;
        try
        {
            TrainingSession session = new(executed, data, compute, null, injection.Variant);
            injection.Stored?.Round(session.Model);
            for (int step = 1; step <= config.Steps; step++)
            {
                StepTrace trace = new(step, executed.Shards);
                session.Observer = injection.Stored?.Watch(trace) ?? trace;
                stepped(session, session.Execute(null, default), trace);
            }
        }
        finally
        {
            Compute.Current = before;
        }
    }
}
