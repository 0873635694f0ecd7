// Dropout as multiplication by a mask of +0 and 1/(1-p); see arithmetic.md#randomness for which draw decides which element.

using Idem.Numerics.Random;

namespace Idem.Numerics.Kernels;

/// <summary>The factors that dropout multiplies by.</summary>
public static class DropoutMask
{
    private const int ChunkElements = 2048;

    /// <summary>What kept elements are multiplied by: 1/(1-p), with 1-p rounded to float32 and the quotient in float32.</summary>
    public static float Factor(double probability) => 1f / (float)(1 - probability);

    /// <summary>
    /// mask[i] = <see cref="Factor"/> where the stream keeps element i of this sequence at this step, else +0.
    /// </summary>
    /// <param name="stream">The stream of (seed, "dropout", site).</param>
    /// <param name="mask">Receives the factors of one sequence's whole activation.</param>
    /// <param name="probability">Probability to drop, in [0, 1].</param>
    /// <param name="sequence">Index of the sequence within the step's whole batch.</param>
    /// <param name="step">The step.</param>
    public static void Fill(in RandomStream stream, Span<float> mask, double probability, uint sequence, uint step)
    {
        float factor = Factor(probability);
        Span<byte> keep = stackalloc byte[ChunkElements];
        for (int start = 0; start < mask.Length; start += ChunkElements)
        {
            Span<byte> chunk = keep[..Math.Min(ChunkElements, mask.Length - start)];
            stream.FillDropoutMask(chunk, probability, sequence, step, (ulong)start);
            for (int i = 0; i < chunk.Length; i++)
            {
                mask[start + i] = chunk[i] == 0 ? 0f : factor;
            }
        }
    }
}
