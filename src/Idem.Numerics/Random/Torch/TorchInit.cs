// torch.nn.init on spans: the bounds and deviations as Python computes them in double, then one draw of the generator.
// Shapes are PyTorch's: out, in, then the kernel's extents. Modules' default initialisers are in TorchInit.Modules.cs.

namespace Idem.Numerics.Random;

/// <summary>The functions that torch.nn.init.calculate_gain knows.</summary>
public enum TorchNonlinearity
{
    /// <summary>Linear, convolutions and sigmoid: gain 1.</summary>
    Linear,

    /// <summary>tanh: 5/3.</summary>
    Tanh,

    /// <summary>ReLU: sqrt(2).</summary>
    Relu,

    /// <summary>Leaky ReLU: sqrt(2 / (1 + a^2)).</summary>
    LeakyRelu,

    /// <summary>SELU: 3/4.</summary>
    Selu,
}

/// <summary>Which fan a Kaiming initialiser preserves.</summary>
public enum TorchFan
{
    /// <summary>Inputs: the variance of the forward pass.</summary>
    In,

    /// <summary>Outputs: the variance of the backward pass.</summary>
    Out,
}

/// <summary>Initialisers of torch.nn.init and torch.nn, bit for bit, from a <see cref="TorchRandom"/>.</summary>
public static partial class TorchInit
{
    /// <summary>torch.nn.init.calculate_gain(nonlinearity, a); a defaults to 0.01 there for leaky ReLU.</summary>
    public static double Gain(TorchNonlinearity nonlinearity, double a = 0.01) => nonlinearity switch
    {
        TorchNonlinearity.Linear => 1,
        TorchNonlinearity.Tanh => 5.0 / 3,
        TorchNonlinearity.Relu => Math.Sqrt(2.0),
        TorchNonlinearity.LeakyRelu => Math.Sqrt(2.0 / (1 + a * a)),
        TorchNonlinearity.Selu => 3.0 / 4,
        _ => throw new ArgumentOutOfRangeException(nameof(nonlinearity), nonlinearity, "no gain is known for it"),
    };

    /// <summary>torch.nn.init._calculate_fan_in_and_fan_out: of a shape (out, in, kernel...).</summary>
    public static (long In, long Out) Fans(ReadOnlySpan<int> shape)
    {
        if (shape.Length < 2)
        {
            throw new ArgumentException($"TorchInit.Fans: a shape of {shape.Length} dimensions has no fans; give (out, in, kernel...).");
        }

        long field = 1;
        foreach (int extent in shape[2..])
        {
            field *= extent;
        }

        return (shape[1] * field, shape[0] * field);
    }

    /// <summary>xavier_uniform_: U(-a, a), a = sqrt(3) * gain * sqrt(2 / (fan_in + fan_out)).</summary>
    public static void XavierUniform(TorchRandom random, Span<float> tensor, ReadOnlySpan<int> shape, double gain = 1)
    {
        double bound = Math.Sqrt(3.0) * XavierStd(tensor.Length, shape, gain);
        random.Uniform(tensor, -bound, bound);
    }

    /// <summary>xavier_normal_: N(0, std), std = gain * sqrt(2 / (fan_in + fan_out)).</summary>
    public static void XavierNormal(TorchRandom random, Span<float> tensor, ReadOnlySpan<int> shape, double gain = 1) =>
        random.Normal(tensor, 0, XavierStd(tensor.Length, shape, gain));

    /// <summary>kaiming_uniform_: U(-b, b), b = sqrt(3) * gain(nonlinearity, a) / sqrt(fan).</summary>
    public static void KaimingUniform(
        TorchRandom random,
        Span<float> tensor,
        ReadOnlySpan<int> shape,
        double a = 0,
        TorchFan mode = TorchFan.In,
        TorchNonlinearity nonlinearity = TorchNonlinearity.LeakyRelu)
    {
        double bound = Math.Sqrt(3.0) * KaimingStd(tensor.Length, shape, a, mode, nonlinearity);
        random.Uniform(tensor, -bound, bound);
    }

    /// <summary>kaiming_normal_: N(0, std), std = gain(nonlinearity, a) / sqrt(fan).</summary>
    public static void KaimingNormal(
        TorchRandom random,
        Span<float> tensor,
        ReadOnlySpan<int> shape,
        double a = 0,
        TorchFan mode = TorchFan.In,
        TorchNonlinearity nonlinearity = TorchNonlinearity.LeakyRelu) =>
        random.Normal(tensor, 0, KaimingStd(tensor.Length, shape, a, mode, nonlinearity));

    /// <summary>trunc_normal_: N(mean, std) cut to [a, b], by the inverse of the distribution function.</summary>
    public static void TruncNormal(
        TorchRandom random, Span<float> tensor, double mean = 0, double std = 1, double a = -2, double b = 2)
    {
        double low = NormalCdf((a - mean) / std);
        double high = NormalCdf((b - mean) / std);
        random.Uniform(tensor, 2 * low - 1, 2 * high - 1);
        float scale = (float)(std * Math.Sqrt(2.0));
        for (int i = 0; i < tensor.Length; i++)
        {
            float value = TorchErfinv.Erfinv(tensor[i]) * scale + (float)mean;
            tensor[i] = Math.Min(Math.Max(value, (float)a), (float)b);
        }
    }

    /// <summary>sparse_: N(0, std), then ceil(sparsity * rows) zeros in each column, at places of torch.randperm(rows).</summary>
    public static void Sparse(TorchRandom random, Span<float> tensor, int rows, int columns, double sparsity, double std = 0.01)
    {
        CheckLength(tensor.Length, [rows, columns]);
        int zeros = (int)Math.Ceiling(sparsity * rows);
        random.Normal(tensor, 0, std);
        long[] order = new long[rows];
        for (int column = 0; column < columns; column++)
        {
            random.RandPerm(order);
            for (int i = 0; i < zeros; i++)
            {
                tensor[(int)order[i] * columns + column] = 0;
            }
        }
    }

    private static double NormalCdf(double x) => (1.0 + GlibcMath.ErfNear(x / Math.Sqrt(2.0))) / 2.0;

    private static double XavierStd(int length, ReadOnlySpan<int> shape, double gain)
    {
        CheckLength(length, shape);
        (long fanIn, long fanOut) = Fans(shape);
        return gain * Math.Sqrt(2.0 / (fanIn + fanOut));
    }

    private static double KaimingStd(int length, ReadOnlySpan<int> shape, double a, TorchFan mode, TorchNonlinearity nonlinearity)
    {
        CheckLength(length, shape);
        (long fanIn, long fanOut) = Fans(shape);
        return Gain(nonlinearity, a) / Math.Sqrt(mode == TorchFan.In ? fanIn : fanOut);
    }

    private static void CheckLength(int length, ReadOnlySpan<int> shape)
    {
        long elements = 1;
        foreach (int extent in shape)
        {
            elements *= extent;
        }

        if (elements != length)
        {
            throw new ArgumentException($"TorchInit: {length} elements for the shape ({string.Join(", ", shape.ToArray())}).");
        }
    }
}
