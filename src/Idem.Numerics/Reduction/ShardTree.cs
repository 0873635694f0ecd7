// How a step's shards are joined: node(lo, hi) = node(lo, mid) + node(mid, hi) over the shard index, mid - lo the largest power of
// two below hi - lo. The same tree for losses (float64, here) and for gradients (float32 buffers, joined by the trainer with
// Reduce.AddInPlace). Which worker computed a shard, and when, has no part in it.

namespace Idem.Numerics.Reduction;

/// <summary>The tree over shards (docs/arithmetic.md#shards).</summary>
public static class ShardTree
{
    /// <summary>The sum of one float64 a shard.</summary>
    public static double Sum(ReadOnlySpan<double> shards)
    {
        if (shards.Length <= 1)
        {
            return shards.IsEmpty ? 0.0 : shards[0];
        }

        int left = (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)shards.Length) / 2);
        return Sum(shards[..left]) + Sum(shards[left..]);
    }

    /// <summary>The mean of <paramref name="count"/> terms whose float64 sum is given: one division, one rounding to float32.</summary>
    public static float Mean(double sum, long count) => (float)(sum / count);

    /// <summary>1/count rounded to float32: the gradient of a mean with respect to each of its terms.</summary>
    public static float MeanGradient(long count) => (float)(1.0 / count);
}
