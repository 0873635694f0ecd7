// DEFINES the bits of storage conversions, one element at a time, in integers.
// Widening is exact. Narrowing rounds to nearest, ties to even; what rounds past the largest finite value is infinite.
// NaN keeps its sign and upper payload, and stays a NaN; so narrowing what was widened gives back every one of the 65536
// encodings.

namespace Idem.Numerics.Functions;

public static partial class HalfPrecision
{
    private const uint SignBit = 0x80000000;
    private const uint Float32Infinity = 0x7F800000;

    /// <summary>The float32 that a bfloat16 encoding stands for; exact.</summary>
    public static float WidenBFloat16(ushort encoding) => BitConverter.UInt32BitsToSingle((uint)encoding << 16);

    /// <summary>The bfloat16 encoding nearest to <paramref name="value"/>, ties to even.</summary>
    public static ushort NarrowBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if ((bits & ~SignBit) > Float32Infinity)
        {
            uint kept = bits >> 16;
            return (ushort)((kept & 0x7F) == 0 ? kept | 0x40 : kept);
        }

        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The float32 that an IEEE-754 binary16 encoding stands for; exact.</summary>
    public static float WidenFloat16(ushort encoding)
    {
        uint sign = (uint)(encoding & 0x8000) << 16;
        uint magnitude = (uint)(encoding & 0x7FFF);
        if (magnitude >= 0x7C00)
        {
            return BitConverter.UInt32BitsToSingle(sign | Float32Infinity | (magnitude << 13));
        }

        if (magnitude >= 0x400)
        {
            return BitConverter.UInt32BitsToSingle(sign | ((magnitude << 13) + ((127 - 15) << 23)));
        }

        if (magnitude == 0)
        {
            return BitConverter.UInt32BitsToSingle(sign);
        }

        // magnitude * 2^-24: shift the leading one up to the hidden bit.
        int shift = System.Numerics.BitOperations.LeadingZeroCount(magnitude) - 8;
        uint exponent = (uint)(127 - 24 + 23 - shift);
        return BitConverter.UInt32BitsToSingle(sign | (exponent << 23) | ((magnitude << shift) & 0x7FFFFF));
    }

    /// <summary>The binary16 encoding nearest to <paramref name="value"/>, ties to even.</summary>
    public static ushort NarrowFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = (bits >> 16) & 0x8000;
        uint magnitude = bits & ~SignBit;
        if (magnitude > Float32Infinity)
        {
            uint payload = (magnitude >> 13) & 0x3FF;
            return (ushort)(sign | 0x7C00 | (payload == 0 ? 0x200 : payload));
        }

        if (magnitude >= 0x47800000)
        {
            return (ushort)(sign | 0x7C00); // from 2^16 on
        }

        if (magnitude >= 0x38800000)
        {
            return (ushort)(sign | RoundedShift(magnitude - ((127 - 15) << 23), 13)); // from 2^-14 on; may carry into infinity
        }

        // Subnormal: the significand in units of 2^-24.
        uint exponent = magnitude >> 23;
        int shift = 126 - (int)exponent;
        return (ushort)(sign | (shift > 24 ? 0 : RoundedShift((magnitude & 0x7FFFFF) | 0x800000, shift)));
    }

    // value / 2^shift to nearest, ties to even.
    private static uint RoundedShift(uint value, int shift) => (value + (1u << (shift - 1)) - 1 + ((value >> shift) & 1)) >> shift;
}
