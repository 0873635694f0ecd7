using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tensors;
using Idem.Tests.Tensors;
using Dropout = Idem.Nn.Dropout;
using Reduction = Idem.Nn.Reduction;

namespace Idem.Tests.Nn;

public class LayerTests
{
    private static Tensor Input(params int[] shape) => Tensor.From(FiniteDifferences.Values(new Shape(shape).Length, 4), new Shape(shape));

    [Fact]
    public void Linear_takes_any_leading_dimensions_and_a_bare_vector()
    {
        var layer = new Linear(3, 2);
        layer.Initialize(1);
        Tensor x = Input(4, 5, 3);
        Tensor y = layer.Forward(x);
        Assert.Equal([4, 5, 2], y.Shape);
        Assert.Equal(y.ToArray()[^2..], layer.Forward(Tensor.From(x.Data[^3..])).ToArray());
        Assert.Throws<ShapeException>(() => layer.Forward(Input(4, 2)));
    }

    [Fact]
    public void Layers_are_the_operations_of_their_names()
    {
        Tensor x = Input(4, 6);
        Assert.Equal(x.Relu().ToArray(), new ReLU().Forward(x).ToArray());
        Assert.Equal(x.Gelu().ToArray(), new GELU().Forward(x).ToArray());
        Assert.Equal(x.Gelu(tanh: true).ToArray(), new GELU("tanh").Forward(x).ToArray());
        Assert.Equal(x.Silu().ToArray(), new SiLU().Forward(x).ToArray());
        Assert.Equal(x.Tanh().ToArray(), new Tanh().Forward(x).ToArray());
        Assert.Equal(x.Sigmoid().ToArray(), new Sigmoid().Forward(x).ToArray());
        Assert.Throws<ArgumentException>(() => new GELU("fast"));
        Assert.Equal([4, 6], new Idem.Nn.LayerNorm(6).Forward(x).Shape);
        Assert.Equal([4, 6], new Idem.Nn.RmsNorm(6).Forward(x).Shape);
    }

    [Fact]
    public void Dropout_is_a_function_of_its_address()
    {
        var model = new Sequential(new Dropout(0.25), new Dropout(0.25));
        Tensor x = Tensor.Full([8, 100], 1f);
        float[] Run(uint step, uint first, int sequences) =>
            model.Forward(x.Slice(0, (int)first, sequences), new ForwardContext(7, step, first, sequences)).ToArray();

        float[] whole = Run(3, 0, 8);
        Assert.Equal(whole, Run(3, 0, 8));
        Assert.Equal(whole[200..500], Run(3, 2, 3)); // a shard draws what the whole batch draws
        Assert.NotEqual(whole, Run(4, 0, 8));
        const float factor = 4f / 3f;
        Assert.All(whole, v => Assert.True(v == 0f || v == factor * factor));
        Assert.InRange(whole.Count(v => v != 0f), 380, 520); // 800 * 0.75^2 = 450

        Assert.Throws<InvalidOperationException>(() => model.Forward(x));
        model.Eval();
        Assert.Same(x, model.Forward(x));
    }

    [Fact]
    public void Dropout_from_a_PyTorch_stream_draws_its_mask()
    {
        Tensor x = Input(50).RequireGrad();
        var mask = new float[50];
        new TorchRandom(3).DropoutMask(mask, 0.3);
        Tensor y = new Dropout(0.3, new TorchRandom(3)).Forward(x);
        Assert.Equal(x.ToArray().Zip(mask, (a, b) => a * b), y.ToArray());
        y.Sum().Backward();
        Assert.Equal(mask, x.Grad!.ToArray());
    }

    [Fact]
    public void Linear_draws_as_PyTorch_constructs()
    {
        var layer = new Linear(3, 2, random: new TorchRandom(0));
        var weight = new float[6];
        var bias = new float[2];
        TorchInit.Linear(new TorchRandom(0), weight, bias, 3, 2);
        Assert.Equal(weight, layer.Weight.ToArray());
        Assert.Equal(bias, layer.Bias!.ToArray());
    }

    [Fact]
    public void Losses_reduce_as_PyTorch_names_it()
    {
        Tensor a = Tensor.From([1f, 2f, 4f]), b = Tensor.From([0f, 4f, 4f]);
        Assert.Equal(5f / 3f, new MseLoss().Forward(a, b).Item());
        Assert.Equal(5f, new MseLoss(Reduction.Sum).Forward(a, b).Item());
        Assert.Equal([1f, 4f, 0f], new MseLoss(Reduction.None).Forward(a, b).ToArray());
        Assert.Throws<ShapeException>(() => new MseLoss().Forward(a, Tensor.Zeros([3, 1])));

        Tensor logits = Input(4, 5);
        int[] targets = [1, -100, 0, 4];
        float[] losses = new CrossEntropyLoss(reduction: Reduction.None).Forward(logits, targets).ToArray();
        Assert.Equal(0f, losses[1]);
        Assert.Equal(Average.Mean(losses, 3), new CrossEntropyLoss().Forward(logits, targets).Item());
        Assert.Equal(Average.Total(losses), new CrossEntropyLoss(reduction: Reduction.Sum).Forward(logits, targets).Item());
        Assert.True(float.IsNaN(new CrossEntropyLoss(ignoreIndex: 2).Forward(logits, [2, 2, 2, 2]).Item()));
        Assert.Throws<ShapeException>(() => new CrossEntropyLoss().Forward(logits, [1, 2]));
    }

    [Fact]
    public void Seeded_shards_of_a_loss_add_up_to_the_mean()
    {
        Tensor logits = Input(4, 5).RequireGrad();
        int[] targets = [1, 3, 0, 4];
        new CrossEntropyLoss().Forward(logits, targets).Backward();
        float[] expected = logits.Grad!.ToArray();
        var sink = new GradientBuffers([logits]);
        var joined = new GradientBuffers([logits]);
        for (int shard = 0; shard < 2; shard++)
        {
            Tensor part = new CrossEntropyLoss(reduction: Reduction.None).Forward(logits.Slice(0, 2 * shard, 2), targets.AsSpan(2 * shard, 2));
            Autograd.Backward(part, 0.25f, sink);
            joined.Add(Compute.Current, sink);
        }

        Assert.Equal(expected, joined[0].ToArray());
    }
}
