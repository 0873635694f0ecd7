using Idem.Tensors;

namespace Idem.Tests.Tensors;

/// <summary>The order of sums, the life of graphs, and their error messages.</summary>
public class BackwardTests
{
    private static Tensor Leaf(params float[] values) => Tensor.From(values).RequireGrad();

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);

    [Fact]
    public void Contributions_are_added_from_the_last_use_to_the_first()
    {
        // In float32, (1 + 2^-24) + 2^-24 = 1 but (2^-24 + 2^-24) + 1 = 1 + 2^-23.
        const float Tiny = 1f / (1 << 24);
        Tensor x = Leaf(1f);
        Tensor first = x * 1f, second = x * Tiny, third = x * Tiny;
        (first + second + third).Sum().Backward();
        Assert.Equal(Bits(1f + (2 * Tiny)), Bits(x.Grad!.Item()));

        Tensor z = Leaf(1f);
        first = z * Tiny;
        second = z * Tiny;
        third = z * 1f;
        (first + second + third).Sum().Backward();
        Assert.Equal(Bits(1f), Bits(z.Grad!.Item()));
    }

    [Fact]
    public void A_backward_is_summed_before_it_is_added_to_an_earlier_gradient()
    {
        const float Tiny = 1f / (1 << 24);
        Tensor x = Leaf(1f);
        (x * 1f).Sum().Backward();
        ((x * Tiny) + (x * Tiny)).Sum().Backward();
        Assert.Equal(Bits(1f + (2 * Tiny)), Bits(x.Grad!.Item()));
        x.ZeroGrad();
        Assert.Null(x.Grad);
        (x * 3f).Sum().Backward();
        Assert.Equal(3f, x.Grad!.Item());
    }

    [Fact]
    public void One_input_twice_and_shared_gradients_add_up()
    {
        Tensor x = Leaf(3f, -2f);
        Tensor y = x * x;      // 2x
        Tensor z = y + x;      // dz passes unchanged to y and x
        (z + z).Sum().Backward();
        Assert.Equal([2 * ((2 * 3f) + 1), 2 * ((2 * -2f) + 1)], x.Grad!.ToArray());
    }

    [Fact]
    public void Only_the_leaves_that_require_it_get_a_gradient()
    {
        Tensor x = Leaf(1f), data = Tensor.From(2f);
        Tensor y = x * data;
        y.Sum().Backward();
        Assert.Equal(2f, x.Grad!.Item());
        Assert.Null(data.Grad);
        Assert.Null(y.Grad);
    }

    [Fact]
    public void Values_stay_readable_until_the_next_step_and_then_explain_themselves()
    {
        Tensor x = Leaf(2f);
        Tensor y = (x * 3f).Square();
        Tensor kept = y.Detach(), copied = y.Clone();
        Tensor loss = y.Sum();
        loss.Backward();
        Assert.Equal(36f, y.Item());
        Assert.Equal(36f, loss.Item());

        Tensor next = x * 5f; // the next step begins
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => y.Item());
        Assert.Contains("Unary", error.Message, StringComparison.Ordinal);
        Assert.Contains("Detach()", error.Message, StringComparison.Ordinal);
        Assert.Equal(10f, next.Item());
        Assert.Equal(36f, kept.Item());
        Assert.Equal(36f, copied.Item());
        Assert.Contains("recycled", y.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_graph_refuses_a_second_backward_and_further_operations()
    {
        Tensor x = Leaf(2f);
        Tensor y = x * 3f;
        Tensor side = y * 2f;
        Tensor loss = y.Sum();
        loss.Backward();
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(loss.Backward).Message, StringComparison.Ordinal);
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(() => side.Sum().Backward()).Message, StringComparison.Ordinal);

        Tensor z = x * 4f;
        Tensor w = z.Sum();
        w.Backward();
        Assert.Contains("Detach()", Assert.Throws<InvalidOperationException>(() => z * 2f).Message, StringComparison.Ordinal);
        Assert.Equal(16f, (z.Detach() * 2f).Item());
        using (Autograd.NoGrad())
        {
            Assert.Equal(16f, (z * 2f).Item());
        }
    }

    [Fact]
    public void Errors_of_backward_name_the_remedy()
    {
        Assert.Contains("Mean()", Assert.Throws<InvalidOperationException>(() => (Leaf(1f, 2f) * 2f).Backward()).Message, StringComparison.Ordinal);
        Assert.Contains("requires a gradient", Assert.Throws<InvalidOperationException>(() => Tensor.Scalar(1f).Backward()).Message, StringComparison.Ordinal);
        Tensor hidden = Autograd.NoGrad(() => Leaf(1f) * 2f);
        Assert.False(hidden.RequiresGrad);
        Assert.Throws<InvalidOperationException>(hidden.Backward);
    }

    [Fact]
    public void NoGrad_nests_and_ends()
    {
        Tensor x = Leaf(1f);
        using (Autograd.NoGrad())
        {
            Autograd.NoGrad(() => Assert.False((x * 2f).RequiresGrad));
            Assert.False(Autograd.IsRecording);
            Assert.False((x * 2f).RequiresGrad);
        }

        Assert.True((x * 2f).RequiresGrad);
    }

    [Fact]
    public void A_sink_receives_what_grad_would_and_leaves_grad_alone()
    {
        Tensor w = Leaf(1f, 2f), v = Leaf(3f, 4f), unused = Leaf(5f);
        Tensor Loss() => (w * v * v).Sum();
        Loss().Backward();
        float[] expectedW = w.Grad!.ToArray(), expectedV = v.Grad!.ToArray();
        w.ZeroGrad();
        v.ZeroGrad();

        var sink = new GradientBuffers([v, w, unused]);
        sink.Flat.Fill(9f);
        Autograd.Backward(Loss(), 1f, sink);
        Assert.Equal(expectedW, sink[w].ToArray());
        Assert.Equal(expectedV, sink[0].ToArray());
        Assert.Equal([0f], sink[unused].ToArray());
        Assert.Null(w.Grad);

        var half = new GradientBuffers([v, w, unused]);
        Autograd.Backward(Loss(), 0.5f, half);
        half.Add(Compute.Current, sink);
        Assert.Equal(expectedW.Select(g => 1.5f * g), half[w].ToArray());

        var other = new GradientBuffers([v]);
        Assert.Contains("not among", Assert.Throws<InvalidOperationException>(() => Autograd.Backward(Loss(), 1f, other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_differentiate_shards_over_shared_parameters_at_once()
    {
        Tensor w = Tensor.From(FiniteDifferences.Values(48 * 48, 3), [48, 48]).RequireGrad();
        float[] Shard(int s, GradientBuffers sink)
        {
            Tensor x = Tensor.From(FiniteDifferences.Values(8 * 48, 10 + s), [8, 48]);
            Tensor y = x.MatMul(w).Tanh();
            Autograd.Backward((y.MatMul(w) * x).Sum(), 1f, sink);
            return sink.Flat.ToArray();
        }

        float[][] alone = [.. Enumerable.Range(0, 12).Select(s => Shard(s, new GradientBuffers([w])))];
        var together = new float[12][];
        new Compute(SimdPaths.Widest, 3).For(12, s => together[s] = Shard(s, new GradientBuffers([w])));
        for (int s = 0; s < 12; s++)
        {
            Assert.Equal(alone[s].Select(Bits), together[s].Select(Bits));
        }
    }
}
