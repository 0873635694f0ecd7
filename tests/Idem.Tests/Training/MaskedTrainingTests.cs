using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Data;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Numerics.Reduction;
using Idem.Tensors;
using Idem.Tests.Support;
using Idem.Tracing;
using Idem.Training;
using Idem.Verification;
using Idem.Verification.Differences;

namespace Idem.Tests.Training;

/// <summary>BERT trained by masked language modelling: the step against its parts by hand, the same bits everywhere, and a run from beginning to proof.</summary>
public sealed class MaskedTrainingTests : IDisposable
{
    private static readonly TrainConfig Config = Presets.FineTuning with
    {
        NPositions = 12, BatchSize = 6, Shards = 3, Steps = 2, DecaySteps = 2, WarmupSteps = 0, LearningRate = 1e-3, EvalEvery = 1, EvalWindows = 2, DigestEvery = 1, SampleEvery = 0, ValFraction = 0.25m,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Steps_have_one_digest_on_every_path_and_thread_count()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingData data = Data(start);
        List<LedgerRecord>? expected = null;
        Compute before = Compute.Current;
        try
        {
            foreach (Compute compute in KernelTesting.Computes.Where(compute => compute.Threads <= 3))
            {
                Compute.Current = compute;
                TrainingSession session = new(Config, data, compute, start);
                Assert.Equal(start.Identity.Model, session.ModelDigest());
                List<LedgerRecord> records = [session.Execute(null, default), session.Execute(null, default)];
                Assert.Equal(expected ??= records, records);
            }
        }
        finally
        {
            Compute.Current = before;
        }

        Assert.NotEqual(start.Identity.Model, expected![0].ParamsDigest);
        Assert.NotEqual(expected[0].DataDigest, expected[1].DataDigest);
    }

    /// <summary>Other shards are another order of the losses' float64 sum; these sums round to the same float32.</summary>
    [Fact]
    public void A_batch_is_the_same_however_it_is_divided()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingData data = Data(start);
        LedgerRecord whole = Execute(Config, data, start)[0];
        Assert.Equal(whole, Execute(Config with { BatchSize = 2, GradientAccumulationSteps = 3 }, data, start)[0]);
        foreach (int shards in new[] { 1, 2, 6 })
        {
            LedgerRecord other = Execute(Config with { Shards = shards }, data, start)[0];
            Assert.Equal((whole.DataDigest, whole.Loss), (other.DataDigest, other.Loss));
        }
    }

    /// <summary>Two shards, each by <see cref="Bert.Loss"/> over windows that are put together here.</summary>
    [Fact]
    public void A_step_is_the_loss_and_the_gradient_of_its_parts()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingData data = Data(start);
        TrainConfig config = Config with { Shards = 2, EvalEvery = 0 };
        Bert bert = (Bert)ModelFolder.Load(start.Identity.Path).Model;
        bert.Train();
        (int[] inputs, int[] targets) = Batch(config, data);
        int count = targets.Count(target => target != -100), half = inputs.Length / 2;
        GradientBuffers[] shards = [new(bert.Parameters()), new(bert.Parameters())];
        double[] sums = new double[2];
        for (int s = 0; s < 2; s++)
        {
            Tensor losses = bert.Loss(
                inputs.AsSpan(s * half, half), targets.AsSpan(s * half, half), 3, context: new ForwardContext(config.Seed, 1, (uint)(3 * s), 3), reduction: Reduction.None);
            sums[s] = Reduce.Sum(losses.Data);
            Autograd.Backward(losses, ShardTree.MeanGradient(count), shards[s]);
        }

        shards[0].Add(Compute.Current, shards[1]);
        TrainingSession session = new(config, data, Compute.Current, start);
        GradientObserver observer = new();
        session.Observer = observer;
        Assert.Equal((float)((sums[0] + sums[1]) / count), session.Execute(null, default).Loss.Value);
        foreach (NamedParameter named in bert.NamedParameters().Where(named => Bert.PredictsMaskedTokens(named.Name)))
        {
            KernelTesting.SameBits(shards[0][named.Parameter], observer.Gradients[named.Name], named.Name);
        }

        // One shard: the mean loss itself.
        Tensor mean = bert.Loss(inputs, targets, 6, context: new ForwardContext(config.Seed, 1, 0, 6));
        Assert.Equal(mean.Item(), Execute(config with { Shards = 1 }, data, start)[0].Loss.Value);
    }

    [Fact]
    public void What_the_loss_does_not_depend_on_stays()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingSession session = new(Config with { WeightDecay = 0.5, LearningRate = 0.1 }, Data(start), Compute.Current, start);
        session.Execute(null, default);
        Bert before = (Bert)ModelFolder.Load(start.Identity.Path).Model;
        foreach ((NamedParameter was, NamedParameter now) in before.NamedParameters().Zip(session.Model.NamedParameters()))
        {
            bool same = TensorTesting.Bits(was.Parameter).SequenceEqual(TensorTesting.Bits(now.Parameter));
            Assert.True(same != Bert.PredictsMaskedTokens(was.Name), was.Name);
        }
    }

    [Fact]
    public void The_validation_loss_depends_on_no_seed_or_step()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingData data = Data(start);
        TrainConfig still = Config with { NPositions = 13, LearningRate = 0, EvalWindows = 0 };
        LedgerRecord[] records = [.. Execute(still, data, start, 2), .. Execute(still with { Seed = 3, BatchSize = 3, Shards = 1 }, data, start, 2)];
        Assert.Single(records.Select(record => record.ValLoss).Distinct());
        Assert.Equal(4, records.Select(record => record.Loss).Distinct().Count());

        // Every window by itself; the last one is shorter.
        Bert bert = (Bert)ModelFolder.Load(start.Identity.Path).Model;
        TokenMasker masker = new(data.Tokenizer, TinyBert.Mask);
        List<float> losses = [];
        int targets = 0;
        for (int begin = 0, w = 0; begin < data.Tokens.Validation.Length; begin += 11, w++)
        {
            int[] ids = [TinyBert.Cls, .. Enumerable.Range(begin, Math.Min(11, data.Tokens.Validation.Length - begin)).Select(i => data.Tokens.Validation[i]), TinyBert.Sep], labels = new int[ids.Length];
            masker.Hide(new RandomStream(0, "mask", "validation"), (uint)w, 0, ids, labels);
            losses.AddRange(bert.Loss(ids, labels, 1, reduction: Reduction.None).Data.ToArray());
            targets += labels.Count(label => label != -100);
        }

        Assert.NotEqual(0, data.Tokens.Validation.Length % 11);
        Assert.Equal(ShardTree.Mean(Reduce.Sum(losses.ToArray()), targets), records[0].ValLoss!.Value.Value);
    }

    [Fact]
    public void A_run_resumes_at_any_step_and_verifies()
    {
        string from = TinyBert.Write(_folder);
        File.WriteAllText(Path.Combine(from, "special_tokens_map.json"), """{ "mask_token": "[MASK]" }""");
        TrainingOutcome whole = Train("run", from, 4);
        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, whole.RunFolder);
        Assert.Equal("masked_lm", run.Manifest.Objective);
        Assert.Equal("masked_lm", (string)JsonNode.Parse(File.ReadAllText(Path.Combine(whole.RunFolder, "run.json")))!["objective"]!);
        Assert.Null((run.Manifest with { Base = null }).Objective);
        Assert.Equal(4, RunVerifier.Verify(run, new VerificationRequest(), Compute.Current, null, default).Segments.Count);
        Assert.Null(RunVerifier.Verify(run, new VerificationRequest(), Compute.Current, null, default).Mismatch);

        Bert trained = Assert.IsType<Bert>(ModelFolder.Load(whole.CheckpointPath).Model);
        Assert.Equal(BertParts.All, trained.Parts);
        Assert.Equal(TinyBert.TokenizerJson, File.ReadAllBytes(Path.Combine(whole.CheckpointPath, "tokenizer.json")));
        Assert.True(File.Exists(Path.Combine(whole.CheckpointPath, "special_tokens_map.json")));
        foreach (string resume in new[] { "0", "1", "2", "3" })
        {
            Directory.Delete(run.CheckpointPath(4), recursive: true);
            Assert.Equal(whole.ModelDigest, Trainer.Run(new TrainingRequest(whole.RunFolder, [], Resume: resume), null, default).ModelDigest);
        }
    }

    [Fact]
    public void Two_runs_of_other_seeds_are_told_apart()
    {
        string from = TinyBert.Write(_folder);
        RunFolder a = RunFolder.Open(DiskFileSystem.Instance, Train("a", from, 2).RunFolder), b = RunFolder.Open(DiskFileSystem.Instance, Train("b", from, 2, seed: 9).RunFolder);
        DiffCause cause = Assert.Single(RunDifference.Find(a, b, null, null, Compute.Current, null, default).Causes);
        Assert.Equal(("another seed", true), (cause.Name, cause.IsConfirmed));
    }

    [Fact]
    public void A_batch_that_a_run_skipped_is_found_under_its_masks()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainingData data = Data(start);
        TrainConfig config = Config with { EvalEvery = 0 };
        TrainingVariant skipped = new() { SampleIndex = (step, sequence) => ((ulong)step * 6) + (ulong)sequence };
        Digest stated = new TrainingSession(config, data, Compute.Current, start, skipped).Execute(null, default).DataDigest;
        TrainingObjective objective = TrainingObjective.Of(config, data, start);
        TokenDatasetSampler sampler = new(data.Tokens.Train, objective.TextLength, config.Seed);
        Assert.Equal(stated, DataOrderCauses.BatchDigest(config, data, objective, sampler, 1, skipped.SampleIndex));
    }

    [Fact]
    public void What_cannot_be_trained_is_refused_by_name()
    {
        string text = _folder["text"], from = TinyBert.Write(_folder);
        File.WriteAllText(text, TinyFolder.Text);
        string Refused<T>(string model, string data, params KeyValuePair<string, JsonNode?>[] settings)
            where T : Exception => Assert.Throws<T>(() => Trainer.Prepare(new TrainingRequest(_folder["run"], [data], Overrides: [new("eval_every", 0), .. settings], From: model))).Message;
        Assert.Contains("'sample_every'", Refused<TrainConfigException>(from, text, new KeyValuePair<string, JsonNode?>("sample_every", 5)), StringComparison.Ordinal);
        Assert.Contains("'n_positions'", Refused<TrainConfigException>(from, text, new KeyValuePair<string, JsonNode?>("n_positions", 2)), StringComparison.Ordinal);
        Assert.Contains("cls.predictions", Refused<UnsuitableModelException>(TinyBert.Write(_folder, "bare", BertParts.Pooler), text), StringComparison.Ordinal);
        Assert.Contains("[MASK]", Refused<UnsuitableModelException>(TinyBert.Write(_folder, "unmasked", tokenizer: TinyBert.TokenizerWithoutMaskJson), text), StringComparison.Ordinal);
        File.WriteAllText(_folder["unknown"], string.Concat(Enumerable.Repeat("1234 5678 ", 200)));
        Assert.Contains("special tokens", Refused<DataException>(from, _folder["unknown"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run"]));
        Assert.Contains("encoder", Assert.Throws<UnsuitableModelException>(() => ModelFolder.Load(from).Decoder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_of_special_tokens_alone_has_no_loss()
    {
        BaseModel start = BaseModel.Load(TinyBert.Write(_folder));
        TrainConfig config = Config with { BatchSize = 1, Shards = 1, EvalEvery = 0, ValFraction = 0, Steps = 40, NPositions = 4 };
        TrainingData data = TrainingData.Of(new TextCorpus([new TextDocument("text", string.Concat(Enumerable.Repeat("7 ", 40)) + "fox")]), config, start);
        List<LedgerRecord> records = Execute(config, data, start, 10);
        Assert.Contains(records, record => record.Loss.Value == 0 && record.GradNorm.Value == 0);
        Assert.All(records, record => Assert.True(record.Loss.IsFinite));
    }

    private static TrainingData Data(BaseModel start) => TrainingData.Of(new TextCorpus([new TextDocument("text", TinyFolder.Text)]), Config, start);

    private static List<LedgerRecord> Execute(TrainConfig config, TrainingData data, BaseModel start, int steps = 1)
    {
        TrainingSession session = new(config, data, Compute.Current, start);
        return [.. Enumerable.Range(0, steps).Select(_ => session.Execute(null, default))];
    }

    // The first step's windows: [CLS], ten ids, [SEP].
    private static (int[] Inputs, int[] Targets) Batch(TrainConfig config, TrainingData data)
    {
        TokenDatasetSampler sampler = new(data.Tokens.Train, 10, config.Seed);
        TokenMasker masker = new(data.Tokenizer, TinyBert.Mask);
        int[] inputs = new int[72], targets = new int[72];
        for (int i = 0; i < 6; i++)
        {
            int begin = sampler.WindowStart((ulong)i);
            int[] window = [TinyBert.Cls, .. Enumerable.Range(begin, 10).Select(t => data.Tokens.Train[t]), TinyBert.Sep], labels = new int[12];
            masker.Hide(new RandomStream(config.Seed, "mask", "train"), (uint)i, 1, window, labels);
            window.CopyTo(inputs, i * 12);
            labels.CopyTo(targets, i * 12);
        }

        return (inputs, targets);
    }

    private TrainingOutcome Train(string name, string from, int steps, int seed = 1)
    {
        File.WriteAllText(_folder["text"], TinyFolder.Text);
        List<KeyValuePair<string, JsonNode?>> settings =
        [
            new("n_positions", 12), new("batch_size", 2), new("steps", steps), new("eval_every", 2), new("checkpoint_every", 1), new("warmup_steps", 0), new("seed", seed), new("val_fraction", 0.25),
        ];
        return Trainer.Run(new TrainingRequest(_folder[name], [_folder["text"]], Overrides: settings, From: from), null, default);
    }

    private sealed class GradientObserver : IStepObserver
    {
        private readonly StepTrace _trace = new(1, 6);

        public Dictionary<string, float[]> Gradients { get; } = [];

        public OperationObserver Shard(int index) => _trace.Shard(index);

        public void Result(TracePhase phase, string parameter, string operation, string result, Shape shape, Span<float> values)
        {
            if (phase == TracePhase.Reduce)
            {
                Gradients[parameter] = values.ToArray();
            }
        }

        public void Loss(float loss)
        {
        }

        public void GradNorm(double norm)
        {
        }
    }
}
