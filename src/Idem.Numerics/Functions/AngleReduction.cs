// Angles modulo pi/2, exactly: the angle is an integer times a power of two, so the angle times 2/pi modulo 4 is an exact
// integer product with a window of the bits of 2/pi (Payne and Hanek 1983). No float64 comes nearer than 2^-62 to a multiple
// of pi/2, so of the 254 bits of the fraction that are kept, less 53 for the significand, 138 at least are significant.

using System.Numerics;

namespace Idem.Numerics.Functions;

internal static class AngleReduction
{
    /// <summary>A zero word, then the first 1344 bits of 2/pi behind the binary point.</summary>
    private static ReadOnlySpan<ulong> TwoOverPi =>
    [
        0, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561, 0xB7246E3A424DD2E0,
        0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B,
        0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA,
        0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB, 0xF0CFBC209AF4361D, 0xA9E391615EE61B08,
    ];

    /// <summary>angle = quadrant*pi/2 + remainder modulo 2 pi, |remainder| at most pi/4, for finite angles of at least 1/2.</summary>
    public static int Reduce(double angle, out DoubleDouble remainder)
    {
        long bits = BitConverter.DoubleToInt64Bits(angle);
        ulong significand = ((ulong)bits & 0xFFFFFFFFFFFFF) | (1UL << 52);
        int start = (int)(bits >> 52) - 1075 + 64 - 2; // of the window, in the table's bits

        // significand * (2/pi * 2^exponent modulo 4), in units of 2^-254, modulo 2^256.
        UInt128 product = (UInt128)Window(start + 192) * significand;
        ulong word0 = (ulong)product;
        product = ((UInt128)Window(start + 128) * significand) + (product >> 64);
        ulong word1 = (ulong)product;
        product = ((UInt128)Window(start + 64) * significand) + (product >> 64);
        ulong word2 = (ulong)product;
        ulong word3 = (Window(start) * significand) + (ulong)(product >> 64);
        int quadrant = (int)(word3 >> 62);

        // The fraction, left-aligned; above one half it is negated and the quadrant is the next. The complement is one unit
        // short of the negation: far beyond what is significant.
        ulong flip = 0UL - ((word3 >> 61) & 1);
        quadrant += (int)(flip & 1);
        word3 = ((word3 << 2) | (word2 >> 62)) ^ flip;
        word2 = ((word2 << 2) | (word1 >> 62)) ^ flip;
        word1 = ((word1 << 2) | (word0 >> 62)) ^ flip;
        int zeros = BitOperations.LeadingZeroCount(word3);
        if (zeros == 64)
        {
            throw new InvalidOperationException($"no float64 angle is as near to a multiple of pi/2 as {angle:R} seems to be");
        }

        if (zeros > 0)
        {
            word3 = (word3 << zeros) | (word2 >> (64 - zeros));
            word2 = (word2 << zeros) | (word1 >> (64 - zeros));
        }

        // word3:word2 is in [2^127, 2^128): two float64 take its first 53 and next 53 bits.
        double unit = BitConverter.Int64BitsToDouble((long)(1023 - 53 - zeros) << 52);
        unit = flip == 0 ? unit : -unit;
        double high = (word3 >> 11) * unit;
        double low = (((word3 & 0x7FF) << 42) | (word2 >> 22)) * (unit * (1.0 / (1L << 53)));
        remainder = DoubleDouble.Multiply(new DoubleDouble(high, low), DoubleDouble.HalfPi);
        return quadrant;
    }

    /// <summary>64 bits of the table.</summary>
    private static ulong Window(int start)
    {
        int word = start >> 6, shift = start & 63;
        ulong first = TwoOverPi[word];
        return shift == 0 ? first : (first << shift) | (TwoOverPi[word + 1] >> (64 - shift));
    }
}
