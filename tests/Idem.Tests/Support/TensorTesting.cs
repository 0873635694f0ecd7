using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Tests.Support;

/// <summary>Random tensors, and their encodings.</summary>
internal static class TensorTesting
{
    /// <summary>Elements from N(0, 1).</summary>
    public static Tensor Random(ulong seed, params ReadOnlySpan<int> shape)
    {
        Tensor tensor = Tensor.Zeros(new Shape(shape));
        ParameterInit.Normal(seed, "test", tensor.Data, 1);
        return tensor;
    }

    public static int[] Bits(Tensor tensor) => [.. tensor.ToArray().Select(BitConverter.SingleToInt32Bits)];

    /// <summary>The encodings of a loss and of its gradients with respect to those leaves that it depends on.</summary>
    public static int[] LossAndGradients(Func<Tensor> loss, params ReadOnlySpan<Tensor> leaves)
    {
        foreach (Tensor leaf in leaves)
        {
            leaf.RequireGrad().ZeroGrad();
        }

        Tensor value = loss();
        value.Backward();
        List<int> bits = [.. Bits(value)];
        foreach (Tensor leaf in leaves)
        {
            bits.AddRange(leaf.Grad is null ? [] : Bits(leaf.Grad));
        }

        return [.. bits];
    }
}
