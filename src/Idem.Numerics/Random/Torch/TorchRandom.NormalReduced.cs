// torch.randn and Tensor.normal_ for float16 and bfloat16: the scheme of TorchRandom.Normal.cs with uniforms of 11 or 8 bits.
// bfloat16 rounds after every operation; float16 computes a formula in float32 and rounds when it is stored.
// The float32 functions are the correctly rounded ones: libm's differ by at most one unit in the last place of float32, which
// shows in a reduced format only when it crosses the middle between two of its numbers.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>Tensor.normal_(mean, std), bfloat16 (encodings).</summary>
    public void NormalBFloat16(Span<ushort> destination, double mean = 0, double std = 1)
    {
        CheckStd(std);
        if (destination.Length < Block)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = TorchBFloat16.Encode((float)NormalDouble(mean, std));
            }

            return;
        }

        float[] values = new float[destination.Length];
        FillReduced(values, 8, block => TransformBFloat16(block, (float)mean, (float)std));
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = TorchBFloat16.Encode(values[i]);
        }
    }

    /// <summary>Tensor.normal_(mean, std), float16.</summary>
    public void Normal(Span<Half> destination, double mean = 0, double std = 1)
    {
        CheckStd(std);
        if (destination.Length < Block)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = (Half)(float)NormalDouble(mean, std);
            }

            return;
        }

        float[] values = new float[destination.Length];
        FillReduced(values, 11, block => TransformHalf(block, (float)(Half)(float)mean, (float)(Half)(float)std));
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = (Half)values[i];
        }
    }

    private void FillReduced(Span<float> values, int bits, Action<Memory<float>> transform)
    {
        float[] block = new float[Block];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = UnitOfBits(bits);
        }

        for (int i = 0; i + Block <= values.Length; i += Block)
        {
            values.Slice(i, Block).CopyTo(block);
            transform(block);
            block.CopyTo(values[i..]);
        }

        if (values.Length % Block != 0)
        {
            for (int i = 0; i < Block; i++)
            {
                block[i] = UnitOfBits(bits);
            }

            transform(block);
            block.CopyTo(values[^Block..]);
        }
    }

    private static void TransformBFloat16(Memory<float> memory, float mean, float std)
    {
        Span<float> block = memory.Span;
        (mean, std) = (TorchBFloat16.Round(mean), TorchBFloat16.Round(std));
        for (int j = 0; j < Half16; j++)
        {
            float logarithm = TorchBFloat16.Round(Float32.Log(TorchBFloat16.Round(1f - block[j])));
            float radius = TorchBFloat16.Round(MathF.Sqrt(TorchBFloat16.Round(-2f * logarithm)));
            float theta = TorchBFloat16.Round((float)(TwoPi * block[j + Half16]));
            float cosine = TorchBFloat16.Round(Float32.Cos(theta));
            float sine = TorchBFloat16.Round(Float32.Sin(theta));
            block[j] = TorchBFloat16.Round(TorchBFloat16.Round(TorchBFloat16.Round(radius * cosine) * std) + mean);
            block[j + Half16] = TorchBFloat16.Round(TorchBFloat16.Round(TorchBFloat16.Round(radius * sine) * std) + mean);
        }
    }

    private static void TransformHalf(Memory<float> memory, float mean, float std)
    {
        Span<float> block = memory.Span;
        for (int j = 0; j < Half16; j++)
        {
            float radius = (float)(Half)MathF.Sqrt(-2f * Float32.Log((float)(Half)(1f - block[j])));
            float theta = (float)(Half)(float)(TwoPi * block[j + Half16]);
            block[j] = (float)(Half)Fma.Single(radius * Float32.Cos(theta), std, mean);
            block[j + Half16] = (float)(Half)Fma.Single(radius * Float32.Sin(theta), std, mean);
        }
    }
}
