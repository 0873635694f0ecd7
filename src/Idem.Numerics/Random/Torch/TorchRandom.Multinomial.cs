// torch.multinomial on float32 weights. With replacement: binary search of 53-bit uniforms in the float32 cumulative sums.
// Without, or for a single sample: the k largest of weight / Exp(1), as PyTorch does since 1.7 (Gumbel's trick, exponentiated).

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>torch.multinomial(weights, samples, replacement): rows of weights give rows of indices.</summary>
    /// <param name="destination">rows * samples indices, row-major.</param>
    /// <param name="weights">rows * categories weights, not negative, finite, each row's sum positive.</param>
    /// <param name="rows">The number of rows; 1 for a vector.</param>
    /// <param name="replacement">Whether a category may come more than once.</param>
    public void Multinomial(Span<long> destination, ReadOnlySpan<float> weights, int rows = 1, bool replacement = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        if (weights.Length == 0 || weights.Length % rows != 0 || destination.Length == 0 || destination.Length % rows != 0)
        {
            throw new ArgumentException(
                $"TorchRandom.Multinomial: {weights.Length} weights and {destination.Length} samples do not divide into {rows} rows.");
        }

        int categories = weights.Length / rows;
        int samples = destination.Length / rows;
        if (!replacement && samples > categories)
        {
            throw new ArgumentException(
                $"TorchRandom.Multinomial: {samples} samples from {categories} categories need replacement: true.");
        }

        for (int row = 0; row < rows; row++)
        {
            CheckWeights(weights.Slice(row * categories, categories), row);
        }

        if (replacement && samples > 1)
        {
            for (int row = 0; row < rows; row++)
            {
                WithReplacement(destination.Slice(row * samples, samples), weights.Slice(row * categories, categories));
            }

            return;
        }

        float[] scores = new float[weights.Length];
        Exponential(scores);
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = weights[i] / scores[i];
        }

        for (int row = 0; row < rows; row++)
        {
            int first = row * categories;
            int[] order = [.. Enumerable.Range(0, categories).OrderByDescending(i => scores[first + i]).Take(samples)];
            for (int i = 0; i < samples; i++)
            {
                destination[row * samples + i] = order[i];
            }
        }
    }

    private void WithReplacement(Span<long> destination, ReadOnlySpan<float> weights)
    {
        float[] cumulative = new float[weights.Length];
        float sum = 0;
        for (int j = 0; j < weights.Length; j++)
        {
            sum += weights[j];
            cumulative[j] = sum;
        }

        for (int j = 0; j < weights.Length; j++)
        {
            cumulative[j] /= sum;
        }

        cumulative[^1] = 1;
        for (int i = 0; i < destination.Length; i++)
        {
            double uniform = UnitDouble();
            int left = 0;
            int right = weights.Length;
            while (right > left)
            {
                int middle = left + (right - left) / 2;
                (left, right) = cumulative[middle] < uniform ? (middle + 1, right) : (left, middle);
            }

            destination[i] = left;
        }
    }

    private static void CheckWeights(ReadOnlySpan<float> weights, int row)
    {
        bool positive = false;
        foreach (float weight in weights)
        {
            if (!(weight >= 0 && float.IsFinite(weight)))
            {
                throw new ArgumentException($"TorchRandom.Multinomial: weight {weight} in row {row}; weights must be finite, not negative.");
            }

            positive |= weight > 0;
        }

        if (!positive)
        {
            throw new ArgumentException($"TorchRandom.Multinomial: all weights of row {row} are zero.");
        }
    }
}
