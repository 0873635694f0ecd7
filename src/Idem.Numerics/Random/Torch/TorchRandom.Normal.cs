// torch.randn and Tensor.normal_. Under 16 elements each value is Box-Muller in double on two 64-bit draws, and the second
// value of a pair stays in the generator for the next call. From 16 elements on, the tensor is first filled with uniforms,
// then every 16 of them become 8 pairs; if the length is no multiple of 16, the LAST 16 are drawn again and transformed.
// float32 uses the AVX2 kernel's approximations there, the other dtypes libm's functions.

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    private const int Block = 16;
    private const int Half16 = Block / 2;
    private const double TwoPi = 6.283185307179586; // 2.0f * pi in double

    /// <summary>torch.randn, float32.</summary>
    public void RandN(Span<float> destination) => Normal(destination);

    /// <summary>torch.randn, float64.</summary>
    public void RandN(Span<double> destination) => Normal(destination);

    /// <summary>torch.randn, float16.</summary>
    public void RandN(Span<Half> destination) => Normal(destination);

    /// <summary>torch.randn, bfloat16 (encodings).</summary>
    public void RandNBFloat16(Span<ushort> destination) => NormalBFloat16(destination);

    /// <summary>Tensor.normal_(mean, std), torch.normal(mean, std, size): float32.</summary>
    public void Normal(Span<float> destination, double mean = 0, double std = 1)
    {
        CheckStd(std);
        if (destination.Length < Block)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = (float)NormalDouble(mean, std);
            }

            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = UnitSingle();
        }

        for (int i = 0; i + Block <= destination.Length; i += Block)
        {
            Transform(destination.Slice(i, Block), (float)mean, (float)std);
        }

        if (destination.Length % Block != 0)
        {
            Span<float> last = destination[^Block..];
            for (int i = 0; i < Block; i++)
            {
                last[i] = UnitSingle();
            }

            Transform(last, (float)mean, (float)std);
        }
    }

    /// <summary>Tensor.normal_(mean, std), float64.</summary>
    public void Normal(Span<double> destination, double mean = 0, double std = 1)
    {
        CheckStd(std);
        if (destination.Length < Block)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = NormalDouble(mean, std);
            }

            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = UnitDouble();
        }

        for (int i = 0; i + Block <= destination.Length; i += Block)
        {
            Transform(destination.Slice(i, Block), mean, std);
        }

        if (destination.Length % Block != 0)
        {
            Span<double> last = destination[^Block..];
            for (int i = 0; i < Block; i++)
            {
                last[i] = UnitDouble();
            }

            Transform(last, mean, std);
        }
    }

    /// <summary>torch.normal(mean, std) with tensors: z * std, then + mean, each rounded.</summary>
    public void Normal(Span<float> destination, ReadOnlySpan<float> mean, ReadOnlySpan<float> std)
    {
        if (mean.Length != destination.Length || std.Length != destination.Length)
        {
            throw new ArgumentException(
                $"TorchRandom.Normal: {destination.Length} values, {mean.Length} means, {std.Length} deviations; expand them first.");
        }

        foreach (float deviation in std)
        {
            CheckStd(deviation);
        }

        Normal(destination);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = destination[i] * std[i] + mean[i];
        }
    }

    /// <summary>One double of normal_distribution&lt;double&gt;: the cached one, or the cosine of a new pair.</summary>
    private double NormalDouble(double mean, double std)
    {
        if (_nextDoubleNormal is double cached)
        {
            _nextDoubleNormal = null;
            return Fma.Double(cached, std, mean);
        }

        double u1 = UnitDouble();
        double u2 = UnitDouble();
        double radius = Math.Sqrt(-2.0 * GlibcMath.Log1P(-u2));
        (double sine, double cosine) = GlibcMath.SinCos(TwoPi * u1);
        _nextDoubleNormal = radius * sine;
        return Fma.Double(radius * cosine, std, mean);
    }

    // Elements j and j+8 of a block hold u1 and u2 of a pair, and receive its cosine and sine.
    private static void Transform(Span<float> block, float mean, float std)
    {
        for (int j = 0; j < Half16; j++)
        {
            float radius = MathF.Sqrt(-2f * CephesSingle.Log(1f - block[j]));
            (float sine, float cosine) = CephesSingle.SinCos((float)TwoPi * block[j + Half16]);
            block[j] = Fma.Single(radius * cosine, std, mean);
            block[j + Half16] = Fma.Single(radius * sine, std, mean);
        }
    }

    private static void Transform(Span<double> block, double mean, double std)
    {
        for (int j = 0; j < Half16; j++)
        {
            double radius = Math.Sqrt(-2.0 * GlibcMath.Log(1 - block[j]));
            (double sine, double cosine) = GlibcMath.SinCos(TwoPi * block[j + Half16]);
            block[j] = Fma.Double(radius * cosine, std, mean);
            block[j + Half16] = Fma.Double(radius * sine, std, mean);
        }
    }

    private static void CheckStd(double std)
    {
        if (!(std >= 0))
        {
            throw new ArgumentException($"TorchRandom.Normal: std {std}; it must not be negative.");
        }
    }
}
