// Normal float32 from a stream: Box-Muller on the correctly rounded functions, so the bits follow from the formula alone.
// Element e depends on the key, e and the two extra counter words only; elements 2j and 2j+1 are one pair.
// What may never change: which words serve which pair, and each rounding below (arithmetic.md#randomness).

using Idem.Numerics.Functions;

namespace Idem.Numerics.Random;

public readonly partial record struct RandomStream
{
    private const float TwoPi = 6.28318548f; // 2*pi rounded to float32

    /// <summary>
    /// Normal float32 by Box-Muller: elements 2j and 2j+1 take words (w, v) = words 2j mod 4 and 2j mod 4 + 1 of block j/2;
    /// u1 = (top 24 bits of w + 1) * 2^-24, u2 = top 24 bits of v * 2^-24, r = sqrt(-2*log(u1)), t = u2 * fl(2*pi),
    /// z = r*cos(t) for 2j and r*sin(t) for 2j+1, value = fma(std, z, mean). log, cos and sin are correctly rounded.
    /// </summary>
    /// <param name="destination">Receives elements <paramref name="start"/>, start+1, ...</param>
    /// <param name="mean">Mean, finite.</param>
    /// <param name="std">Standard deviation, finite, not negative.</param>
    /// <param name="start">Index of the first element within its tensor.</param>
    /// <param name="a">The third word of the counter.</param>
    /// <param name="b">The fourth word of the counter.</param>
    public void FillNormal(Span<float> destination, float mean = 0, float std = 1, ulong start = 0, uint a = 0, uint b = 0)
    {
        if (!float.IsFinite(mean) || !float.IsFinite(std) || !(std >= 0))
        {
            throw new ArgumentException($"FillNormal: mean {mean}, std {std}; both must be finite and std not negative.");
        }

        if (destination.Length > 0 && (start & 1) != 0)
        {
            destination[0] = Fma.Single(std, NormalPair(start >> 1, a, b).Sine, mean);
            destination = destination[1..];
            start++;
        }

        Span<uint> words = stackalloc uint[ChunkWords];
        while (destination.Length > 1)
        {
            Span<uint> chunk = WordsOf(words, destination.Length & ~1, start, a, b);
            for (int i = 0; i < chunk.Length; i += 2)
            {
                (float cosine, float sine) = BoxMuller(chunk[i], chunk[i + 1]);
                destination[i] = Fma.Single(std, cosine, mean);
                destination[i + 1] = Fma.Single(std, sine, mean);
            }

            destination = destination[chunk.Length..];
            start += (ulong)chunk.Length;
        }

        if (destination.Length > 0)
        {
            destination[0] = Fma.Single(std, NormalPair(start >> 1, a, b).Cosine, mean);
        }
    }

    private (float Cosine, float Sine) NormalPair(ulong pair, uint a, uint b)
    {
        PhiloxBlock block = Block(pair >> 1, a, b);
        return (pair & 1) == 0 ? BoxMuller(block.W0, block.W1) : BoxMuller(block.W2, block.W3);
    }

    private static (float Cosine, float Sine) BoxMuller(uint word1, uint word2)
    {
        float u1 = (int)((word1 >> 8) + 1) * (1f / (1 << 24)); // (0, 1]
        float u2 = UnitFloat(word2);
        float radius = MathF.Sqrt(-2f * Float32.Log(u1));
        float theta = u2 * TwoPi;
        return (radius * Float32.Cos(theta), radius * Float32.Sin(theta));
    }
}
