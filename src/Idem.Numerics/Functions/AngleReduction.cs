// sin and cos of large float32 angles: the angle is an integer times a power of two, so the angle times 2/pi modulo 4 is an
// exact integer product with a window of the bits of 2/pi (Payne and Hanek 1983). 190 bits of the fraction are kept; no
// float32 angle comes nearer than 2^-31 to a multiple of pi/2, so at least 130 of them are significant.

using System.Numerics;

namespace Idem.Numerics.Functions;

internal static class AngleReduction
{
    /// <summary>A zero word, then the first 384 bits of 2/pi behind the binary point.</summary>
    private static ReadOnlySpan<ulong> TwoOverPi =>
    [
        0, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561, 0xB7246E3A424DD2E0, 0x06492EEA09D1921C,
    ];

    /// <summary>The sine of a positive angle of at least 2^20; NaN for infinity.</summary>
    public static float Sin(float angle)
    {
        if (!float.IsFinite(angle))
        {
            return float.NaN;
        }

        int quadrant = Reduce(angle, out double high, out double low);
        float y = (quadrant & 1) == 0 ? SinSmall(high, low) : CosSmall(high, low);
        return (quadrant & 2) == 0 ? y : -y;
    }

    /// <summary>The cosine of a positive angle of at least 2^20; NaN for infinity.</summary>
    public static float Cos(float angle)
    {
        if (!float.IsFinite(angle))
        {
            return float.NaN;
        }

        int quadrant = Reduce(angle, out double high, out double low);
        float y = (quadrant & 1) == 0 ? CosSmall(high, low) : SinSmall(high, low);
        return ((quadrant + 1) & 2) == 0 ? y : -y;
    }

    /// <summary>angle = quadrant*pi/2 + high + low modulo 2 pi, |high| at most pi/4.</summary>
    internal static int Reduce(float angle, out double high, out double low)
    {
        int bits = BitConverter.SingleToInt32Bits(angle);
        uint significand = (uint)(bits & 0x7FFFFF) | 0x800000;
        int exponent = (bits >> 23) - 150;

        // significand * (2/pi * 2^exponent modulo 4), in units of 2^-190, modulo 2^192.
        int start = 64 + exponent - 2;
        UInt128 bottom = (UInt128)Window(start + 128) * significand;
        UInt128 middle = ((UInt128)Window(start + 64) * significand) + (bottom >> 64);
        UInt128 top = ((UInt128)Window(start) * significand) + (middle >> 64);
        int quadrant = (int)(top >> 62) & 3;

        // The fraction, left-aligned in 192 bits and made signed: nearest quadrant instead of the one below.
        ulong fraction2 = ((ulong)top << 2) | ((ulong)middle >> 62);
        ulong fraction1 = ((ulong)middle << 2) | ((ulong)bottom >> 62);
        ulong fraction0 = (ulong)bottom << 2;
        bool negative = fraction2 >> 63 != 0;
        if (negative)
        {
            quadrant++;
            fraction0 = ~fraction0;
            fraction1 = ~fraction1;
            fraction2 = ~fraction2; // one unit of 2^-190 short of the negation: beyond what is significant
        }

        int zeros = BitOperations.LeadingZeroCount(fraction2);
        if (zeros > 0)
        {
            fraction2 = (fraction2 << zeros) | (fraction1 >> (64 - zeros));
            fraction1 = (fraction1 << zeros) | (fraction0 >> (64 - zeros));
        }

        // fraction2:fraction1 is in [2^127, 2^128); two float64 take its first 53 and next 53 bits.
        double unit = PowerOfTwo(-zeros - 53);
        double fractionHigh = (fraction2 >> 11) * unit;
        double fractionLow = (((fraction2 & 0x7FF) << 42) | (fraction1 >> 22)) * (unit * (1.0 / (1L << 53)));
        if (negative)
        {
            fractionHigh = -fractionHigh;
            fractionLow = -fractionLow;
        }

        const double HalfPi = 1.5707963267948966;
        const double HalfPiLow = 6.123233995736766E-17;
        double product = fractionHigh * HalfPi;
        double error = Fma.Double(fractionHigh, HalfPi, -product);
        error = Fma.Double(fractionHigh, HalfPiLow, Fma.Double(fractionLow, HalfPi, error));
        high = product + error;
        low = error - (high - product);
        return quadrant;
    }

    private static ulong Window(int start)
    {
        int word = start >> 6, shift = start & 63;
        ulong first = TwoOverPi[word];
        return shift == 0 ? first : (first << shift) | (TwoOverPi[word + 1] >> (64 - shift));
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);

    private static float SinSmall(double high, double low)
    {
        double r2 = high * high;
        double p = Fma.Double(1.5896886282139047E-10, r2, -2.5050759887428395E-08);
        p = Fma.Double(p, r2, 2.755731370506044E-06);
        p = Fma.Double(p, r2, -0.0001984126982985337);
        p = Fma.Double(p, r2, 0.008333333333322486);
        p = Fma.Double(p, r2, -0.16666666666666632);
        double tail = Fma.Double(high * r2, p, Fma.Double(r2 * -0.5, low, low));
        return RoundSum(high, tail);
    }

    private static float CosSmall(double high, double low)
    {
        double r2 = high * high;
        double r2Low = Fma.Double(high, high, -r2);
        double p = Fma.Double(-1.1359917293611254E-11, r2, 2.0875728992777176E-09);
        p = Fma.Double(p, r2, -2.7557314399256056E-07);
        p = Fma.Double(p, r2, 2.4801587289666892E-05);
        p = Fma.Double(p, r2, -0.001388888888887447);
        p = Fma.Double(p, r2, 0.0416666666666666);
        double half = 0.5 * r2;
        double main = 1.0 - half;
        double mainError = (1.0 - main) - half;
        double small = mainError - Fma.Double(high, low, 0.5 * r2Low);
        return RoundSum(main, Fma.Double(r2 * r2, p, small));
    }

    /// <summary>high + low rounded once to float32, |low| at most |high|: through the sum rounded to odd in 53 bits.</summary>
    private static float RoundSum(double high, double low)
    {
        double sum = high + low;
        double rest = low - (sum - high);
        long bits = BitConverter.DoubleToInt64Bits(sum);
        if (rest != 0 && (bits & 1) == 0)
        {
            bits += rest > 0 == sum > 0 ? 1 : -1;
        }

        return (float)BitConverter.Int64BitsToDouble(bits);
    }
}
