// Storage conversions: all 65536 encodings widened, every rounding boundary of narrowing, vectors against the reference.

using Idem.Numerics.Functions;

namespace Idem.Tests.Numerics.Functions;

public sealed class HalfPrecisionTests
{
    private static readonly ushort[] Encodings = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    // Every encoding widened, the midpoint to its neighbour, and the floats around both; then random encodings.
    private static float[] Boundaries(Func<ushort, float> widen, int midpointBit)
    {
        var values = new List<float>();
        foreach (ushort encoding in Encodings)
        {
            uint bits = Bits(widen(encoding));
            foreach (uint at in new[] { bits, bits + (1u << midpointBit), bits + (1u << (midpointBit - 1)) })
            {
                values.AddRange([BitConverter.UInt32BitsToSingle(at - 1), BitConverter.UInt32BitsToSingle(at), BitConverter.UInt32BitsToSingle(at + 1)]);
            }
        }

        var random = new Random(1);
        values.AddRange(Enumerable.Range(0, 100_000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))));
        return [.. values];
    }

    [Fact]
    public void Widening_is_exact_for_every_encoding()
    {
        foreach (ushort encoding in Encodings)
        {
            var half = BitConverter.UInt16BitsToHalf(encoding);
            float widened = HalfPrecision.WidenFloat16(encoding);
            Assert.True(Half.IsNaN(half) ? float.IsNaN(widened) : Bits((float)half) == Bits(widened), $"{encoding:x4}");
            Assert.True((uint)encoding << 16 == Bits(HalfPrecision.WidenBFloat16(encoding)), $"{encoding:x4}");
        }
    }

    [Fact]
    public void Narrowing_what_was_widened_gives_back_every_encoding()
    {
        foreach (ushort encoding in Encodings)
        {
            Assert.Equal(encoding, HalfPrecision.NarrowFloat16(HalfPrecision.WidenFloat16(encoding)));
            Assert.Equal(encoding, HalfPrecision.NarrowBFloat16(HalfPrecision.WidenBFloat16(encoding)));
        }
    }

    [Fact]
    public void Narrowing_to_binary16_is_the_IEEE_conversion()
    {
        foreach (float value in Boundaries(HalfPrecision.WidenFloat16, 12))
        {
            ushort narrowed = HalfPrecision.NarrowFloat16(value);
            ushort expected = BitConverter.HalfToUInt16Bits((Half)value);
            Assert.True(
                float.IsNaN(value) ? Half.IsNaN(BitConverter.UInt16BitsToHalf(narrowed)) : narrowed == expected,
                $"{Bits(value):x8}: {narrowed:x4}, not {expected:x4}");
        }
    }

    // Subnormals round at other bits than bit 12: step through them by their own unit, a quarter at a time.
    [Fact]
    public void Narrowing_rounds_subnormals_to_even()
    {
        for (int quarter = 0; quarter <= 4 * 1024; quarter++)
        {
            float value = quarter / (float)(1 << 26);
            foreach (float near in new[] { value, MathF.BitIncrement(value), quarter == 0 ? value : MathF.BitDecrement(value), -value })
            {
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)near), HalfPrecision.NarrowFloat16(near));
            }
        }
    }

    // Distances in double are exact here; past the largest value the next one would be 2^128.
    [Fact]
    public void Narrowing_to_bfloat16_takes_the_nearest_and_ties_to_even()
    {
        static double Value(uint encoding) => encoding == 0x7F80 ? 340282366920938463463374607431768211456.0 : HalfPrecision.WidenBFloat16((ushort)encoding);
        foreach (float value in Boundaries(HalfPrecision.WidenBFloat16, 15))
        {
            ushort narrowed = HalfPrecision.NarrowBFloat16(value);
            if (float.IsNaN(value))
            {
                Assert.True(float.IsNaN(HalfPrecision.WidenBFloat16(narrowed)));
                continue;
            }

            uint below = (Bits(value) & 0x7FFFFFFF) >> 16;
            double magnitude = BitConverter.UInt32BitsToSingle(Bits(value) & 0x7FFFFFFF);
            uint expected = below;
            if (below < 0x7F80)
            {
                double down = magnitude - Value(below), up = Value(below + 1) - magnitude;
                expected = down < up || (down == up && below % 2 == 0) ? below : below + 1;
            }

            Assert.True((expected | ((Bits(value) >> 16) & 0x8000)) == narrowed, $"{Bits(value):x8}: {narrowed:x4}");
        }
    }

    [Fact]
    public void Spans_equal_the_reference_at_every_length_and_element()
    {
        CheckWidening((source, destination) => HalfPrecision.WidenFloat16(source, destination), HalfPrecision.WidenFloat16);
        CheckWidening((source, destination) => HalfPrecision.WidenBFloat16(source, destination), HalfPrecision.WidenBFloat16);
        float[] values = [.. Boundaries(HalfPrecision.WidenFloat16, 12), .. Boundaries(HalfPrecision.WidenBFloat16, 15)];
        CheckNarrowing(values, (source, destination) => HalfPrecision.NarrowFloat16(source, destination), HalfPrecision.NarrowFloat16);
        CheckNarrowing(values, (source, destination) => HalfPrecision.NarrowBFloat16(source, destination), HalfPrecision.NarrowBFloat16);

        for (int length = 0; length < 70; length++)
        {
            ushort[] guarded = [.. Enumerable.Repeat((ushort)0xBEEF, length + 1)];
            HalfPrecision.NarrowFloat16(values.AsSpan(100, length), guarded.AsSpan(0, length));
            Assert.Equal([.. values.AsSpan(100, length).ToArray().Select(HalfPrecision.NarrowFloat16), (ushort)0xBEEF], guarded);
        }

        Assert.Throws<ArgumentException>(() => HalfPrecision.WidenFloat16(new ushort[2], new float[3]));
        Assert.Throws<ArgumentException>(() => HalfPrecision.NarrowBFloat16(new float[3], new ushort[2]));
    }

    private static void CheckWidening(Action<ushort[], float[]> ofSpan, Func<ushort, float> ofOne)
    {
        float[] widened = new float[Encodings.Length];
        ofSpan(Encodings, widened);
        for (int i = 0; i < widened.Length; i++)
        {
            Assert.True(Bits(widened[i]) == Bits(ofOne(Encodings[i])), $"{Encodings[i]:x4}");
        }
    }

    private static void CheckNarrowing(float[] values, Action<float[], ushort[]> ofSpan, Func<float, ushort> ofOne)
    {
        ushort[] narrowed = new ushort[values.Length];
        ofSpan(values, narrowed);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.True(narrowed[i] == ofOne(values[i]), $"{Bits(values[i]):x8}");
        }
    }
}
