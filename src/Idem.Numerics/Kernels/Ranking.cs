// Tokens as (descending logit, ascending id), each packed in 64 bits: above, the logit's encoding mapped so that larger logits
// have smaller codes; below, the id. Codes are sorted digit by digit; a sort of packed integers has one result however it is done.

using System.Buffers;

namespace Idem.Numerics.Kernels;

internal static class Ranking
{
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;

    /// <summary>The <paramref name="count"/> best-ranked tokens of logits/temperature, best first.</summary>
    /// <param name="logits">[V], no NaN.</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <param name="count">1 to V.</param>
    /// <param name="ranked">Room for V; the first <paramref name="count"/> receive the result.</param>
    public static void Best(ReadOnlySpan<float> logits, float temperature, int count, Span<ulong> ranked)
    {
        Span<int> sizes = stackalloc int[Digits];
        sizes.Clear();
        for (int id = 0; id < logits.Length; id++)
        {
            uint code = Code((logits[id] / temperature) + 0f); // -0 becomes +0: equal logits rank by id
            ranked[id] = ((ulong)code << 32) | (uint)id;
            sizes[(int)(code >> (32 - DigitBits))]++;
        }

        if (count == logits.Length)
        {
            Sort(ranked[..count]);
            return;
        }

        // Those below the first digit at which enough are found come before all others.
        int digit = 0, candidates = sizes[0];
        while (candidates < count)
        {
            candidates += sizes[++digit];
        }

        int kept = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if ((int)(ranked[id] >> (64 - DigitBits)) <= digit)
            {
                ranked[kept++] = ranked[id];
            }
        }

        Sort(ranked[..kept]);
    }

    public static int Id(ulong ranked) => (int)(uint)ranked;

    public static float Logit(ulong ranked)
    {
        uint ascending = ~(uint)(ranked >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending & 0x7FFFFFFF : ~ascending);
    }

    /// <summary>A token among others: smaller is better.</summary>
    public static ulong Of(float logit, int id) => ((ulong)Code(logit) << 32) | (uint)id;

    private static uint Code(float logit)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit);
        return ~((bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000);
    }

    /// <summary>Best first. Stable passes over the code's digits, lowest first: ids must ascend.</summary>
    public static void Sort(Span<ulong> values)
    {
        if (values.Length < Digits)
        {
            values.Sort();
            return;
        }

        ulong[] rented = ArrayPool<ulong>.Shared.Rent(values.Length);
        Span<ulong> from = values, to = rented.AsSpan(0, values.Length);
        Span<int> starts = stackalloc int[Digits];
        for (int shift = 32; shift < 64; shift += DigitBits)
        {
            starts.Clear();
            foreach (ulong value in from)
            {
                starts[(int)(value >> shift) & (Digits - 1)]++;
            }

            int start = 0;
            for (int digit = 0; digit < Digits; digit++)
            {
                (starts[digit], start) = (start, start + starts[digit]);
            }

            foreach (ulong value in from)
            {
                to[starts[(int)(value >> shift) & (Digits - 1)]++] = value;
            }

            Span<ulong> sorted = to;
            to = from;
            from = sorted;
        }

        from.CopyTo(values); // three passes end in the other buffer
        ArrayPool<ulong>.Shared.Return(rented);
    }
}
