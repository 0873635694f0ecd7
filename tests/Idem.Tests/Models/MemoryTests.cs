using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>Tests that count memory run alone: the pool is shared by all threads.</summary>
[CollectionDefinition(DisableParallelization = true)]
public class Alone;

/// <summary>Loops neither make storages nor leave garbage beyond the results a caller sees, and forgotten graphs are collected.</summary>
[Collection(typeof(Alone))]
public class MemoryTests
{
    private static readonly Gpt2Config Config = new()
    {
        VocabSize = 61, NPositions = 32, NEmbd = 48, NLayer = 2, NHead = 3, ResidPdrop = 0.1, EmbdPdrop = 0.1, AttnPdrop = 0.1,
    };

    private readonly Gpt2 _model = new(Config);
    private readonly int[] _ids = [.. Enumerable.Range(0, 60).Select(i => i * i % 61)];

    public MemoryTests() => _model.Initialize(1);

    [Fact]
    public void Training()
    {
        var context = new ForwardContext(1, 2, 0, 3);
        Loop(garbageBytesMax: 200, () => // the loss
        {
            _model.ZeroGrad();
            _model.Loss(_ids, _ids, 3, context: context).Backward();
        });
    }

    [Fact]
    public void Training_shards_into_buffers()
    {
        var sink = new GradientBuffers(_model.Parameters());
        var context = new ForwardContext(1, 2, 0, 3);
        Loop(garbageBytesMax: 200, () => Autograd.Backward(_model.Loss(_ids, _ids, 3, Idem.Nn.Reduction.None, context), 1f / 60, sink));
        Assert.All(_model.Parameters(), parameter => Assert.Null(parameter.Grad));
    }

    [Fact]
    public void Decoding_and_evaluating()
    {
        KvCache[] cache = [_model.NewCache()];
        var logits = new float[61];
        Loop(garbageBytesMax: 0, () =>
        {
            cache[0].Truncate(0);
            _model.Forward(_ids.AsSpan(0, 20), cache, logits);
            _model.Forward(_ids.AsSpan(20, 1), cache, logits);
        });
        _model.Eval();
        for (int i = 0; i < 3; i++)
        {
            Tensor all = Autograd.NoGrad(() => _model.Forward(_ids, 3));
            Assert.Equal(60 * 61, all.Length); // the result outlives the scope that returned everything else
        }
    }

    [Theory]
    [InlineData("llama-yarn")]
    [InlineData("qwen3")]
    [InlineData("gpt_neox")]
    [InlineData("gemma")]
    public void Rotary_models(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        KvCache[] cache = [model.NewCache()];
        var logits = new float[61];
        Loop(garbageBytesMax: 0, () =>
        {
            cache[0].Truncate(0);
            model.Forward(_ids.AsSpan(0, 20), cache, logits);
            model.Forward(_ids.AsSpan(20, 1), cache, logits);
        });
        Loop(garbageBytesMax: 200, () => // the loss
        {
            model.ZeroGrad();
            model.Loss(_ids, _ids, 3).Backward();
        });
    }

    [Fact]
    public void Graphs_that_nobody_back_propagates_are_collected()
    {
        _model.Eval();
        var forgotten = new List<WeakReference>();
        for (int i = 0; i < 4; i++)
        {
            forgotten.Add(Forget());
        }

        GC.Collect();
        Assert.All(forgotten, graph => Assert.False(graph.IsAlive));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private WeakReference Forget() => new(_model.Forward(_ids, 3).Memory);

    private static void Loop(long garbageBytesMax, Action step)
    {
        for (int i = 0; i < 4; i++)
        {
            step();
        }

        long made = StoragePool.BytesMade, before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            step();
        }

        long garbage = (GC.GetAllocatedBytesForCurrentThread() - before) / 50;
        Assert.Equal(made, StoragePool.BytesMade);
        Assert.InRange(garbage, 0, garbageBytesMax);
    }
}
