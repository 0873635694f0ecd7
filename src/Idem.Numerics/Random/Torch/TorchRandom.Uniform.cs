// torch.rand and Tensor.uniform_: a masked draw times a power of two, then x*(to-from)+from in one fused multiply-add.
// float32 takes 24 bits of one word, float64 53 bits of two, float16 11 bits and bfloat16 8 bits of one.

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>torch.rand, float32.</summary>
    public void Rand(Span<float> destination) => Uniform(destination, 0, 1);

    /// <summary>torch.rand, float64.</summary>
    public void Rand(Span<double> destination) => Uniform(destination, 0, 1);

    /// <summary>torch.rand, float16.</summary>
    public void Rand(Span<Half> destination) => Uniform(destination, 0, 1);

    /// <summary>torch.rand, bfloat16 (encodings).</summary>
    public void RandBFloat16(Span<ushort> destination) => UniformBFloat16(destination, 0, 1);

    /// <summary>Tensor.uniform_(from, to), float32.</summary>
    public void Uniform(Span<float> destination, double from, double to)
    {
        CheckInterval(from, to, float.MaxValue);
        float low = (float)from;
        float width = (float)to - low;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Fma.Single(UnitSingle(), width, low);
        }
    }

    /// <summary>Tensor.uniform_(from, to), float64.</summary>
    public void Uniform(Span<double> destination, double from, double to)
    {
        CheckInterval(from, to, double.MaxValue);
        double width = to - from;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Fma.Double(UnitDouble(), width, from);
        }
    }

    /// <summary>Tensor.uniform_(from, to), float16.</summary>
    public void Uniform(Span<Half> destination, double from, double to)
    {
        CheckInterval(from, to, (double)Half.MaxValue);
        float low = (float)(Half)(float)from;
        float width = (float)(Half)((float)(Half)(float)to - low);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (Half)Fma.Single(UnitOfBits(11), width, low);
        }
    }

    /// <summary>Tensor.uniform_(from, to), bfloat16 (encodings).</summary>
    public void UniformBFloat16(Span<ushort> destination, double from, double to)
    {
        CheckInterval(from, to, TorchBFloat16.ToSingle(0x7F7F));
        float low = TorchBFloat16.Round((float)from);
        float width = TorchBFloat16.Round(TorchBFloat16.Round((float)to) - low);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = TorchBFloat16.Encode(Fma.Single(UnitOfBits(8), width, low));
        }
    }

    private float UnitSingle() => (_engine.Next() & 0xFFFFFF) * (1f / (1 << 24));

    private double UnitDouble() => (_engine.Next64() & ((1UL << 53) - 1)) * (1.0 / (1L << 53));

    private float UnitOfBits(int bits) => (_engine.Next() & ((1u << bits) - 1)) / (float)(1 << bits);

    private static void CheckInterval(double from, double to, double largest)
    {
        if (!(from <= to) || !(from >= -largest) || !(to <= largest) || !(to - from <= largest))
        {
            throw new ArgumentException(
                $"TorchRandom.Uniform: from {from}, to {to}; both and to - from must be finite in the dtype, and from <= to.");
        }
    }
}
