// Tables of glibc's log, sin/cos and exp, computed at start-up from their meaning (correctly rounded values of elementary
// functions at known points) in 256-bit fixed point. Integer arithmetic only, so they are the same everywhere.
// The points themselves, where they are a choice of glibc's authors rather than a formula, stand beside their function.

using System.Numerics;

namespace Idem.Numerics.Random;

internal static class GlibcTables
{
    private const int FractionBits = 256;
    private static readonly BigInteger One = BigInteger.One << FractionBits;

    /// <summary>Rows k = 0..109 of sin(k/128) and cos(k/128), each as the nearest double and the nearest double to the rest.</summary>
    public static double[] SinCosOf128ths()
    {
        double[] table = new double[4 * 110];
        for (int k = 0; k < 110; k++)
        {
            BigInteger x = (One >> 7) * k;
            BigInteger sine = BigInteger.Zero, cosine = BigInteger.Zero, term = One;
            for (int n = 0; !term.IsZero; n++)
            {
                BigInteger signed = (n & 2) == 0 ? term : -term;
                (sine, cosine) = (n & 1) == 0 ? (sine, cosine + signed) : (sine + signed, cosine);
                term = (term * x >> FractionBits) / (n + 1);
            }

            (table[4 * k], table[4 * k + 1]) = Pair(sine);
            (table[4 * k + 2], table[4 * k + 3]) = Pair(cosine);
        }

        return table;
    }

    /// <summary>log(1/<paramref name="reciprocal"/>), to the nearest double.</summary>
    public static double LogOfReciprocal(double reciprocal) => Nearest(-Log(ToFixed(reciprocal)));

    /// <summary>log(1/<paramref name="reciprocal"/>), to the nearest multiple of 2^-43.</summary>
    public static double LogOfReciprocalCoarse(double reciprocal)
    {
        const int Dropped = FractionBits - 43;
        BigInteger coarse = (-Log(ToFixed(reciprocal)) + (BigInteger.One << (Dropped - 1))) >> Dropped;
        return (double)(long)coarse * (1.0 / (1L << 43));
    }

    /// <summary>The encoding of 2^(i/32) less i * 2^47, for i = 0..31.</summary>
    public static ulong[] PowersOfTwo32nds()
    {
        ulong[] table = new ulong[32];
        for (int i = 0; i < table.Length; i++)
        {
            BigInteger power = One; // 2^(i/32) from the square roots 2^(1/2), 2^(1/4), ... 2^(1/32)
            BigInteger root = One << 1;
            for (int bit = 16; bit > 0; bit >>= 1)
            {
                root = SquareRoot(root << FractionBits);
                power = (i & bit) != 0 ? power * root >> FractionBits : power;
            }

            table[i] = BitConverter.DoubleToUInt64Bits(Nearest(power)) - ((ulong)i << 47);
        }

        return table;
    }

    // log(x) = 2 atanh((x-1)/(x+1)) for x near 1.
    private static BigInteger Log(BigInteger x)
    {
        BigInteger ratio = ((x - One) << FractionBits) / (x + One);
        BigInteger square = ratio * ratio >> FractionBits;
        BigInteger sum = BigInteger.Zero;
        BigInteger power = ratio;
        for (int n = 1; !BigInteger.Abs(power).IsOne && !power.IsZero; n += 2)
        {
            sum += power / n;
            power = power * square / One; // truncates towards zero, so it ends
        }

        return sum << 1;
    }

    private static BigInteger SquareRoot(BigInteger n)
    {
        BigInteger root = BigInteger.One << (int)(n.GetBitLength() + 1) / 2;
        while (true)
        {
            BigInteger next = (root + n / root) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }

    private static (double High, double Low) Pair(BigInteger value)
    {
        double high = Nearest(value);
        return (high, Nearest(value - ToFixed(high)));
    }

    private static BigInteger ToFixed(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52 & 0x7FF);
        if (exponent == 0)
        {
            return BigInteger.Zero; // zero: no subnormals occur here
        }

        BigInteger significand = (bits & 0xFFFFFFFFFFFFF) | 1L << 52;
        BigInteger magnitude = significand << (FractionBits + exponent - 1075);
        return bits < 0 ? -magnitude : magnitude;
    }

    // To 53 bits, ties to even.
    private static double Nearest(BigInteger value)
    {
        BigInteger magnitude = BigInteger.Abs(value);
        int dropped = (int)magnitude.GetBitLength() - 53;
        if (dropped > 0)
        {
            BigInteger kept = magnitude >> dropped;
            BigInteger rest = magnitude - (kept << dropped);
            BigInteger half = BigInteger.One << (dropped - 1);
            if (rest > half || (rest == half && !kept.IsEven))
            {
                kept += 1;
            }

            magnitude = kept;
        }
        else
        {
            dropped = 0;
        }

        double scaled = (double)(long)magnitude * PowerOfTwo(dropped - FractionBits);
        return value.Sign < 0 ? -scaled : scaled;
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);
}
