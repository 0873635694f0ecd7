// Draws without ranking the whole vocabulary. The definition (Sampling.DrawFromAll) sums all weights in the order of ranks; here the sum
// of all is taken in whatever order is fast, which is off by at most count * 2^-52 of itself (two sums of positive numbers, each off by at
// most count * 2^-53), and the ranks that can matter are summed in their order, exactly as the definition does. Where a comparison with
// the sum of all is nearer than eight times that bound, there is no answer, and the definition decides. What may never change: the answer
// is the definition's, or none.

using System.Buffers;

namespace Idem.Numerics.Kernels;

internal static unsafe class SamplingHead
{
    /// <summary>No answer: the definition decides.</summary>
    public const int Undecided = -1;

    private const int Exponents = 128; // of weights, which are at most 1
    private const int Tables = 4; // so that additions to one exponent need not wait for each other

    /// <summary>The token that the definition draws, or <see cref="Undecided"/>.</summary>
    public static int Draw(ReadOnlySpan<float> logits, in SamplingParameters parameters, ulong uniform)
    {
        float[] scaled = ArrayPool<float>.Shared.Rent(logits.Length), weights = ArrayPool<float>.Shared.Rent(logits.Length);
        int drawn = Undecided;
        if (Weigh(logits, parameters.Temperature, scaled, weights))
        {
            drawn = Draw(scaled.AsSpan(0, logits.Length), weights.AsSpan(0, logits.Length), parameters, uniform);
        }

        ArrayPool<float>.Shared.Return(scaled);
        ArrayPool<float>.Shared.Return(weights);
        return drawn;
    }

    private static int Draw(ReadOnlySpan<float> scaled, ReadOnlySpan<float> weights, in SamplingParameters parameters, ulong uniform)
    {
        double* masses = stackalloc double[Exponents];
        int* counts = stackalloc int[Exponents];
        Tabulate(weights, masses, counts);
        double all = 0;
        for (int exponent = 0; exponent < Exponents; exponent++)
        {
            all += masses[exponent];
        }

        double near = all * weights.Length * (1.0 / (1L << 49));
        if (parameters is { TopK: 0, TopP: 1f, MinP: 0f })
        {
            return DrawWhereItFalls(scaled, weights, Sampling.Share(uniform) * all, near, masses);
        }

        int lowest = Lowest(parameters, uniform, all, near, masses, counts, out int count);
        ulong[] head = ArrayPool<ulong>.Shared.Rent(count);
        double[] cumulative = ArrayPool<double>.Shared.Rent(count);
        uint least = (uint)lowest << 23;
        int kept = 0;
        for (int id = 0; id < weights.Length; id++)
        {
            if (BitConverter.SingleToUInt32Bits(weights[id]) >= least)
            {
                head[kept++] = Ranking.Of(scaled[id], id);
            }
        }

        Ranking.Sort(head.AsSpan(0, count));
        int drawn = Draw(head.AsSpan(0, count), weights, cumulative.AsSpan(0, count), parameters, uniform, all, near);
        ArrayPool<ulong>.Shared.Return(head);
        ArrayPool<double>.Shared.Return(cumulative);
        return drawn;
    }

    // Nothing is cut off: only the tokens among which the draw falls are ranked, those whose weights share an exponent and seven more bits.
    private static int DrawWhereItFalls(ReadOnlySpan<float> scaled, ReadOnlySpan<float> weights, double threshold, double near, double* masses)
    {
        double before = 0;
        int exponent = Fall(masses, threshold + near, ref before);
        double* finer = stackalloc double[Exponents];
        int* counts = stackalloc int[Exponents];
        new Span<double>(finer, Exponents).Clear();
        new Span<int>(counts, Exponents).Clear();
        foreach (float weight in weights)
        {
            uint bits = BitConverter.SingleToUInt32Bits(weight);
            if (bits >> 23 == (uint)exponent)
            {
                finer[(bits >> 16) % Exponents] += weight;
                counts[(bits >> 16) % Exponents]++;
            }
        }

        int part = Fall(finer, threshold + near, ref before), count = 0;
        ulong[] tokens = ArrayPool<ulong>.Shared.Rent(Math.Max(1, counts[part]));
        for (int id = 0; id < weights.Length; id++)
        {
            if (BitConverter.SingleToUInt32Bits(weights[id]) >> 16 == (uint)((exponent * Exponents) + part))
            {
                tokens[count++] = Ranking.Of(scaled[id], id);
            }
        }

        Ranking.Sort(tokens.AsSpan(0, count));
        int drawn = Undecided;
        double sum = before;
        for (int rank = 0; rank < count && sum <= threshold; rank++)
        {
            int id = Ranking.Id(tokens[rank]);
            before = sum;
            sum += weights[id];
            drawn = sum > threshold + near && (before == 0 || before < threshold - near) ? id : Undecided;
        }

        ArrayPool<ulong>.Shared.Return(tokens);
        return drawn;
    }

    // The class, of weights in descending classes, in which a running sum passes a threshold; the sum before it.
    private static int Fall(double* masses, double threshold, ref double before)
    {
        int at = Exponents - 1;
        while (at > 0 && before + masses[at] <= threshold)
        {
            before += masses[at--];
        }

        return at;
    }

    // Of the best tokens, all with weights of some exponents. Cumulative weights are the definition's as far as they go.
    private static int Draw(
        Span<ulong> head, ReadOnlySpan<float> weights, Span<double> cumulative, in SamplingParameters parameters, ulong uniform, double all, double near)
    {
        bool isWhole = head.Length == weights.Length || parameters.TopK > 0;
        if (parameters.TopK > 0)
        {
            head = head[..Math.Min(parameters.TopK, head.Length)];
            cumulative = cumulative[..head.Length];
        }

        double sum = 0;
        int probable = 0;
        for (int rank = 0; rank < head.Length; rank++)
        {
            float weight = weights[Ranking.Id(head[rank])];
            probable += weight >= parameters.MinP ? 1 : 0;
            sum += weight;
            cumulative[rank] = sum;
        }

        if (isWhole)
        {
            (all, near) = (sum, 0);
        }

        int kept = head.Length;
        if (parameters.TopP < 1f)
        {
            double share = parameters.TopP * all;
            kept = 1 + Sampling.FirstAtLeast(cumulative, share);
            bool isBelow = parameters.MinP > 0 && sum < share - near; // the head ends where min-p does, before the share is reached
            if (near > 0 && !isBelow && !IsClear(cumulative, kept - 1, share, near))
            {
                return Undecided;
            }
        }

        kept = Math.Min(kept, probable);
        bool isCut = isWhole || parameters.TopP < 1f || parameters.MinP > 0; // the kept weight is known, and not of all
        double threshold = Sampling.Share(uniform) * (isCut ? cumulative[kept - 1] : all);
        int drawn = Sampling.FirstAbove(cumulative[..kept], threshold);
        return isCut || IsClear(cumulative, drawn, threshold, near) ? Ranking.Id(head[drawn]) : Undecided;
    }

    /// <summary>Whether a rank is the first to pass a threshold that is known to within <paramref name="near"/>.</summary>
    private static bool IsClear(ReadOnlySpan<double> cumulative, int rank, double threshold, double near) =>
        cumulative[rank] > threshold + near && (rank == 0 || cumulative[rank - 1] < threshold - near);

    // The lowest exponent of the weights that can matter: enough for top-k, or for the share that decides, or down to min-p.
    private static int Lowest(in SamplingParameters parameters, ulong uniform, double all, double near, double* masses, int* counts, out int count)
    {
        double share = (parameters.TopP < 1f ? parameters.TopP : Sampling.Share(uniform)) * all;
        int exponent = Exponents - 1, minimum = parameters.MinP > 0 ? (int)(BitConverter.SingleToUInt32Bits(parameters.MinP) >> 23) : 0;
        double mass = masses[exponent];
        count = counts[exponent];
        while (exponent > 0 && (parameters.TopK > 0 ? count < parameters.TopK : NeedsMore(parameters, exponent > minimum, mass <= share + (2 * near))))
        {
            exponent--;
            mass += masses[exponent];
            count += counts[exponent];
        }

        return exponent;
    }

    // Min-p needs all that it keeps, unless top-p keeps fewer.
    private static bool NeedsMore(in SamplingParameters parameters, bool isAboveMinimum, bool isBelowShare) =>
        parameters.MinP == 0f ? isBelowShare : isAboveMinimum && (isBelowShare || parameters.TopP == 1f);

    // Sums and counts of weights by exponent.
    private static void Tabulate(ReadOnlySpan<float> weights, double* masses, int* counts)
    {
        double* tables = stackalloc double[Tables * Exponents];
        int* sizes = stackalloc int[Tables * Exponents];
        new Span<double>(tables, Tables * Exponents).Clear();
        new Span<int>(sizes, Tables * Exponents).Clear();
        for (int id = 0; id < weights.Length; id++)
        {
            int at = (id % Tables * Exponents) + (int)(BitConverter.SingleToUInt32Bits(weights[id]) >> 23);
            tables[at] += weights[id];
            sizes[at]++;
        }

        for (int exponent = 0; exponent < Exponents; exponent++)
        {
            masses[exponent] = tables[exponent] + tables[Exponents + exponent] + tables[(2 * Exponents) + exponent] + tables[(3 * Exponents) + exponent];
            counts[exponent] = sizes[exponent] + sizes[Exponents + exponent] + sizes[(2 * Exponents) + exponent] + sizes[(3 * Exponents) + exponent];
        }
    }

    /// <summary>y = z/t + (+0) and exp(y - max); false where the maximum is not finite.</summary>
    private static bool Weigh(ReadOnlySpan<float> logits, float temperature, float[] scaled, float[] weights)
    {
        if (logits.IsEmpty)
        {
            return false;
        }

        float max = 0;
        fixed (float* z = logits, y = scaled, w = weights)
        {
            KernelLoop.Run(Compute.Current, 1, logits.Length, new WeighKernel { Columns = logits.Length, Temperature = temperature, Z = z, Y = y, W = w, Max = &max });
        }

        return float.IsFinite(max);
    }

    private struct WeighKernel : IKernel
    {
        public int Columns;
        public float Temperature;
        public float* Z, Y, W, Max;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float max = (Rows.Max<S, F, D>(Z, Columns) / Temperature) + 0f; // division keeps the order
            *Max = max;
            if (!float.IsFinite(max))
            {
                return;
            }

            int i = 0;
            for (; i <= Columns - S.Lanes; i += S.Lanes)
            {
                S.Store(Y + i, S.Add(S.Divide(S.Load(Z + i), S.Create(Temperature)), S.Create(0f)));
            }

            for (; i < Columns; i++)
            {
                Y[i] = (Z[i] / Temperature) + 0f;
            }

            ExpRows.Map<S, F, D>(Y, max, W, Columns);
        }
    }
}
