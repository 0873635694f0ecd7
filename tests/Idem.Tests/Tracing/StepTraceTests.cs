using Idem.Audit;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;
using Idem.Tests.Models;
using Idem.Tracing;
using Idem.Training;

namespace Idem.Tests.Tracing;

/// <summary>A trace sees every operation, changes no bit, and depends on the run alone.</summary>
[Collection(typeof(Alone))]
public class StepTraceTests
{
    private static readonly TrainConfig Config = new()
    {
        Seed = 5, NLayer = 2, NHead = 2, NEmbd = 16, NPositions = 8, BatchSize = 6, Shards = 3, Steps = 3, WarmupSteps = 1, DecaySteps = 3, Dropout = 0.1,
        EvalEvery = 0, DigestEvery = 1, CheckpointEvery = 3,
    };

    private static readonly Lazy<TrainingData> Data = new(() => TrainingData.Load([TrainingData.DemoPath], Config));

    [Fact]
    public void ATracedRunHasTheBitsOfAnyOther()
    {
        (List<LedgerRecord> plain, _) = Run(new Compute(SimdPaths.Widest, 2), traces: false);
        (List<LedgerRecord> traced, List<TraceRecord> trace) = Run(new Compute(SimdPaths.Widest, 2), traces: true);
        Assert.Equal(plain, traced);
        Assert.NotEmpty(trace);
    }

    [Theory]
    [InlineData(SimdPath.Scalar, 1)]
    [InlineData(SimdPath.Vector128, 3)]
    [InlineData(SimdPath.Vector512, 7)]
    public void NeitherThreadsNorWidthsShowInATrace(SimdPath path, int threads)
    {
        List<TraceRecord> expected = Run(new Compute(SimdPaths.Widest, 2), traces: true).Trace;
        List<TraceRecord> actual = Run(new Compute(path, threads), traces: true).Trace;
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.True(pair.First.IsSamePlace(pair.Second) && pair.First.Digest == pair.Second.Digest, pair.First.Place));
    }

    [Fact]
    public void EveryPartOfAStepIsThereUnderItsModule()
    {
        List<TraceRecord> step = [.. Run(new Compute(SimdPaths.Widest, 2), traces: true).Trace.Where(record => record.Step == 1)];
        Assert.Equal(3, step.Select(record => record.Shard).Where(shard => shard is not null).Distinct().Count());
        foreach (string expected in new[]
        {
            "forward transformer.wte embedding output (shard 0)", "forward transformer.h.1.ln_1 add output (shard 2)", "forward transformer.h.0.attn.c_attn mat_mul output (shard 1)",
            "forward transformer.h.0.attn.attn_dropout attention output (shard 0)", "forward transformer.h.1.mlp.act gelu_tanh output (shard 0)", "forward lm_head mat_mul output (shard 2)",
            "forward lm_head cross_entropy output (shard 0)", "backward transformer.h.1.mlp.c_fc mat_mul grad:transformer.h.1.mlp.c_fc.weight (shard 1)",
            "backward transformer.wte embedding grad:transformer.wte.weight (shard 0)", "reduce loss loss", "reduce transformer.ln_f join grad:transformer.ln_f.weight",
            "optimizer clip_grad_norm grad_norm", "optimizer transformer.wpe adamw exp_avg_sq:transformer.wpe.weight", "optimizer transformer.wpe adamw transformer.wpe.weight",
        })
        {
            Assert.Single(step, record => record.Place == expected);
        }
    }

    /// <summary>Fused operations are done one by one for who watches; the bits of the forward pass are the same for every type of model.</summary>
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen3")]
    [InlineData("gpt_neox")]
    [InlineData("gpt_neox-sequential")]
    [InlineData("gemma")]
    public void WatchedModelsHaveTheirBits(string name)
    {
        DecoderModel model = TinyDecoders.Create(name);
        int[] ids = TinyDecoders.Ids(12), targets = [.. ids.Skip(1), 0];
        (float[] losses, List<float[]> gradients) = Pass(null);
        OperationTrace trace = new(1, null, (record, _) => record.Operation == "cross_entropy" && record.Phase == TracePhase.Forward);
        (float[] watched, List<float[]> watchedGradients) = Pass(trace);
        Assert.Equal(Bits(losses), Bits(watched));
        Assert.All(gradients.Zip(watchedGradients), pair => Assert.Equal(Bits(pair.First), Bits(pair.Second)));
        Assert.Equal(losses, Assert.Single(trace.Entries, entry => entry.Values is not null).Values!.Values<float>().ToArray());
        Assert.All(trace.Entries, entry => Assert.False(entry.Record.Module.Length == 0, entry.Record.Place));

        (float[], List<float[]>) Pass(OperationObserver? observer)
        {
            model.ZeroGrad();
            using ObserverScope scope = Tape.Watch(observer);
            Tensor loss = model.Loss(ids, targets, 2, Reduction.None);
            float[] values = loss.ToArray();
            Autograd.Backward(loss, 1f);
            return (values, [.. model.Parameters().Select(parameter => parameter.Grad!.ToArray())]);
        }
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];

    private static (List<LedgerRecord> Ledger, List<TraceRecord> Trace) Run(Compute compute, bool traces)
    {
        Compute before = Compute.Current;
        Compute.Current = compute;
        try
        {
            TrainingSession session = new(Config, Data.Value, compute);
            List<LedgerRecord> ledger = [];
            List<TraceRecord> trace = [];
            for (int step = 1; step <= Config.Steps; step++)
            {
                StepTrace? observer = traces ? new StepTrace(step, Config.Shards) : null;
                session.Observer = observer;
                ledger.Add(session.Execute(null, default));
                trace.AddRange(observer?.Entries.Select(entry => entry.Record) ?? []);
            }

            return (ledger, trace);
        }
        finally
        {
            Compute.Current = before;
        }
    }
}
