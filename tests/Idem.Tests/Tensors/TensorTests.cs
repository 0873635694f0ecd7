using Idem.Tensors;

namespace Idem.Tests.Tensors;

public class TensorTests
{
    [Fact]
    public void Shapes_are_values()
    {
        Shape shape = [2, 3];
        Assert.Equal(new Shape(2, 3), shape);
        Assert.NotEqual(new Shape(3, 2), shape);
        Assert.NotEqual(new Shape(2, 3, 1), shape);
        Assert.Equal(6, shape.Length);
        Assert.Equal(3, shape[-1]);
        Assert.Equal("[2, 3]", shape.ToString());
        Assert.Equal([], default(Shape));
        Assert.Equal(1, default(Shape).Length);
        Assert.Equal(0, new Shape(0, 5).Length);
        Assert.Throws<ShapeException>(() => new Shape(1, -2));
        Assert.Throws<ShapeException>(() => new Shape(1 << 16, 1 << 16));
        Assert.Throws<ShapeException>(() => new Shape(1, 1, 1, 1, 1, 1, 1, 1, 1));
    }

    [Fact]
    public void Views_share_memory_and_copies_do_not()
    {
        Tensor x = Tensor.From([1f, 2f, 3f, 4f, 5f, 6f], [3, 2]);
        Tensor row = x.Slice(0, 1, 1), flat = x.Reshape(-1), column = x.Slice(1, 1, 1), detached = x.Detach(), clone = x.Clone();
        x.Data[3] = 40f;
        Assert.Equal([3f, 40f], row.ToArray());
        Assert.Equal(40f, flat.Data[3]);
        Assert.Equal(40f, detached.Data[3]);
        Assert.Equal([2f, 4f, 6f], column.ToArray());
        Assert.Equal(4f, clone.Data[3]);
    }

    [Fact]
    public unsafe void Memory_is_aligned_for_the_widest_vectors()
    {
        for (int length = 1; length < 200; length += 13)
        {
            fixed (float* first = Tensor.Zeros([length]).Data, pooled = Tape.NewResult([length]).Data)
            {
                Assert.Equal(0, (long)first % 64);
                Assert.Equal(0, (long)pooled % 64);
            }
        }
    }

    [Fact]
    public void Shape_errors_name_the_operation_both_shapes_and_the_remedy()
    {
        Tensor a = Tensor.Zeros([2, 3]), b = Tensor.Zeros([4, 5]);
        foreach (Func<Tensor> bad in new Func<Tensor>[] { () => a.MatMul(b), () => a + b, () => a.Reshape(4), () => a.Slice(1, 2, 2) })
        {
            string message = Assert.Throws<ShapeException>(bad).Message;
            Assert.Contains("[2, 3]", message, StringComparison.Ordinal);
        }

        Assert.StartsWith("MatMul: shapes [2, 3] and [4, 5] do not fit;", Assert.Throws<ShapeException>(() => a.MatMul(b)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => a.Item());
        Assert.Throws<ShapeException>(() => Tensor.From([1f], [2]));
    }

    [Fact]
    public void No_operation_reads_memory_it_did_not_write()
    {
        Tensor w = Tensor.From(FiniteDifferences.Values(35, 1), [5, 7]).RequireGrad();
        Tensor b = Tensor.From(FiniteDifferences.Values(7, 2), [7]).RequireGrad();
        float[] Run(float poison)
        {
            StoragePool.Poison = poison;
            try
            {
                Tensor x = Tensor.From(FiniteDifferences.Values(15, 3), [3, 5]);
                Tensor h = Ops.LayerNorm((Ops.MatMul(x, w, bias: b) / b).Gelu(), b, null, 1e-5f).Transpose().Slice(1, 1, 2);
                Tensor loss = (h.Softmax().Sum(0) - h.Mean(1).Slice(0, 0, 2)).Square().Mean();
                loss.Backward();
                float[] result = [loss.Item(), .. w.Grad!.ToArray(), .. b.Grad!.ToArray()];
                w.ZeroGrad();
                b.ZeroGrad();
                return result;
            }
            finally
            {
                StoragePool.Poison = null;
            }
        }

        int[] expected = Array.ConvertAll(Run(float.NaN), BitConverter.SingleToInt32Bits);
        Assert.DoesNotContain(expected, bits => float.IsNaN(BitConverter.Int32BitsToSingle(bits)));
        Assert.Equal(expected, Array.ConvertAll(Run(1e30f), BitConverter.SingleToInt32Bits));
    }
}
