using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Training;
using Idem.Verification;

namespace Idem.Tests.Training;

/// <summary>Training that begins from a model folder: every decoder type, the same bits everywhere, and what a run remembers of its beginning.</summary>
public class FineTuningTests
{
    private static readonly TrainConfig Config = Presets.FineTuning with
    {
        NPositions = 8, BatchSize = 6, Shards = 3, Steps = 2, DecaySteps = 2, WarmupSteps = 0, LearningRate = 1e-3, EvalEvery = 2, EvalWindows = 2, DigestEvery = 1,
    };

    public static TheoryData<string> Types => new(TinyDecoders.Names);

    [Theory]
    [MemberData(nameof(Types))]
    public void Steps_have_one_digest_on_every_path_and_thread_count(string type)
    {
        using TemporaryFolder folder = new();
        BaseModel start = BaseModel.Load(TinyFolder.Write(folder, type));
        TrainingData data = TrainingData.Of(new Idem.Data.TextCorpus([new Idem.Data.TextDocument("text", TinyFolder.Text)]), Config, start);
        List<LedgerRecord>? expected = null;
        Compute before = Compute.Current;
        try
        {
            foreach (Compute compute in KernelTesting.Computes.Where(compute => compute.Threads is 1 or 3))
            {
                Compute.Current = compute;
                TrainingSession session = new(Config, data, compute, start);
                Assert.Equal(start.Identity.Model, session.ModelDigest());
                List<LedgerRecord> records = [session.Execute(null, default), session.Execute(null, default)];
                Assert.NotEqual(start.Identity.Model, session.ModelDigest());
                Assert.Equal(expected ??= records, records);
            }
        }
        finally
        {
            Compute.Current = before;
        }
    }

    [Fact]
    public void A_run_resumes_verifies_and_keeps_what_belongs_to_the_model()
    {
        using TemporaryFolder folder = new();
        string from = TinyFolder.Write(folder, "llama-llama3");
        File.WriteAllText(Path.Combine(from, "special_tokens_map.json"), "{}\n");
        File.WriteAllText(Path.Combine(from, "generation_config.json"), """{ "eos_token_id": [3, 5, 99] }""");
        File.WriteAllText(folder["text"], TinyFolder.Text);
        List<KeyValuePair<string, JsonNode?>> settings =
        [
            new("n_positions", 8), new("batch_size", 2), new("steps", 4), new("eval_every", 0), new("checkpoint_every", 2), new("sample_every", 0), new("warmup_steps", 0),
        ];
        TrainingOutcome whole = Trainer.Run(new TrainingRequest(folder["run"], [folder["text"]], Overrides: settings, From: from), null, default);
        ModelFolder trained = ModelFolder.Load(whole.CheckpointPath);
        Assert.IsType<Llama>(trained.Model);
        Assert.Equal([3, 5], trained.StopIds);
        Assert.Equal("{}\n", File.ReadAllText(Path.Combine(whole.CheckpointPath, "special_tokens_map.json")));
        Assert.Equal(TinyFolder.TokenizerJson, File.ReadAllBytes(Path.Combine(whole.CheckpointPath, "tokenizer.json")));
        Assert.Equal(TinyDecoders.Create("llama-llama3").Config.ToJson(), File.ReadAllBytes(Path.Combine(whole.CheckpointPath, "config.json")));

        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, folder["run"]);
        Assert.Equal("llama", run.Manifest.Base!.ModelType);
        Assert.False(run.Manifest.ConfigJson().ContainsKey("n_layer"));
        Assert.Null(RunVerifier.Verify(run, new VerificationRequest(), Compute.Current, null, default).Mismatch);
        Directory.Delete(run.CheckpointPath(4), recursive: true);
        TrainingOutcome resumed = Trainer.Run(new TrainingRequest(folder["run"], [], Resume: "latest"), null, default);
        Assert.Equal(whole.ModelDigest, resumed.ModelDigest);

        // Another place with the same model is as good; another model is not.
        Directory.Move(from, folder["moved"]);
        Assert.Contains("--from", Assert.Throws<TrainingException>(() => Trainer.Prepare(new TrainingRequest(folder["run"], [], Resume: "latest"))).Message, StringComparison.Ordinal);
        Assert.Null(RunVerifier.Verify(run, new VerificationRequest(From: folder["moved"]), Compute.Current, null, default).Mismatch);
        string other = TinyFolder.Write(folder, TinyDecoders.Create("llama-llama3", seed: 2), "other");
        Assert.Contains(
            "digest", Assert.Throws<TrainingException>(() => RunVerifier.Verify(run, new VerificationRequest(From: other), Compute.Current, null, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_the_model_are_not_the_runs_to_say()
    {
        foreach ((string setting, JsonNode value) in new (string, JsonNode)[] { ("n_layer", 3), ("dropout", 0.5), ("tokenizer", "bpe"), ("n_positions", 81) })
        {
            Assert.Contains(
                $"'{setting}'", Assert.Throws<TrainConfigException>(() => TrainConfigResolver.ResolveFrom(80, null, [new(setting, value)])).Message, StringComparison.Ordinal);
        }

        Assert.Equal(80, TrainConfigResolver.ResolveFrom(80, null, []).NPositions);
        using TemporaryFolder folder = new();
        Assert.Throws<TrainConfigException>(() => Trainer.Prepare(new TrainingRequest(folder["run"], ["demo:"], Preset: "demo", From: folder.Path)));
    }
}
