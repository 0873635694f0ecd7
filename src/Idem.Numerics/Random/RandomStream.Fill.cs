// Whole tensors and masks from a stream. Element e depends on the key, e and the two extra counter words only, so a tensor
// may be filled in any pieces, by any thread. Four consecutive elements share one block.
// What may never change: which word serves which element, and the roundings spelled out here (arithmetic.md#randomness).

namespace Idem.Numerics.Random;

public readonly partial record struct RandomStream
{
    private const int ChunkWords = 1024;

    /// <summary>
    /// Uniform float32: element e takes word e mod 4 of block e/4, u = its top 24 bits * 2^-24, and
    /// value = fma(u, high - low, low), where high - low is rounded once. For (0, 1) that is u itself, never 1.
    /// </summary>
    /// <param name="destination">Receives elements <paramref name="start"/>, start+1, ...</param>
    /// <param name="low">Lower bound, finite.</param>
    /// <param name="high">Upper bound, finite; the rounded sum may reach it.</param>
    /// <param name="start">Index of the first element within its tensor.</param>
    /// <param name="a">The third word of the counter.</param>
    /// <param name="b">The fourth word of the counter.</param>
    public void FillUniform(Span<float> destination, float low = 0, float high = 1, ulong start = 0, uint a = 0, uint b = 0)
    {
        float width = high - low;
        if (!float.IsFinite(width) || !(width >= 0))
        {
            throw new ArgumentException($"FillUniform: [{low}, {high}) is no interval of finite width; pass low <= high.");
        }

        Span<uint> words = stackalloc uint[ChunkWords];
        while (destination.Length > 0)
        {
            Span<uint> chunk = WordsOf(words, destination.Length, start, a, b);
            for (int i = 0; i < chunk.Length; i++)
            {
                destination[i] = Fma.Single(UnitFloat(chunk[i]), width, low);
            }

            destination = destination[chunk.Length..];
            start += (ulong)chunk.Length;
        }
    }

    /// <summary>
    /// Dropout's mask: keep[i] = 1 if word e mod 4 of the block at (e/4, sequence, step) is at least
    /// <see cref="DropoutThreshold"/>, else 0, for element e = start + i of the site's activation of that sequence.
    /// The key is that of (seed, "dropout", site). Integers only.
    /// </summary>
    /// <param name="keep">Receives 1 for kept elements and 0 for dropped ones.</param>
    /// <param name="probability">Probability to drop, in [0, 1].</param>
    /// <param name="sequence">Index of the sequence within the step's whole batch (so shards and workers do not matter).</param>
    /// <param name="step">The step.</param>
    /// <param name="start">Index of the first element within the sequence's activation.</param>
    public void FillDropoutMask(Span<byte> keep, double probability, uint sequence, uint step, ulong start = 0)
    {
        ulong threshold = DropoutThreshold(probability);
        Span<uint> words = stackalloc uint[ChunkWords];
        while (keep.Length > 0)
        {
            Span<uint> chunk = WordsOf(words, keep.Length, start, sequence, step);
            for (int i = 0; i < chunk.Length; i++)
            {
                keep[i] = chunk[i] >= threshold ? (byte)1 : (byte)0;
            }

            keep = keep[chunk.Length..];
            start += (ulong)chunk.Length;
        }
    }

    /// <summary>round(probability * 2^32), ties to even: a word below it is dropped. 2^32 drops all.</summary>
    public static ulong DropoutThreshold(double probability)
    {
        if (!(probability >= 0 && probability <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(probability), probability, "The probability to drop must lie in [0, 1].");
        }

        return (ulong)Math.Round(probability * 4294967296.0, MidpointRounding.ToEven); // the product is exact
    }

    // The words of elements start .. start+count-1, as many as fit; the first block may begin in its middle.
    private Span<uint> WordsOf(Span<uint> buffer, int count, ulong start, uint a, uint b)
    {
        int skipped = (int)(start & 3);
        int filled = Math.Min(buffer.Length, count + skipped);
        Philox4x32.Fill(buffer[..filled], start >> 2, a, b, Key);
        return buffer[skipped..filled];
    }
}
