// e^x and log x in two float64: what the float64 functions exp, log, pow and tanh share.

namespace Idem.Numerics.Functions;

internal static class Exponential
{
    private const double Ln2High = 0.6931471805598903; // 42 bits: k*Ln2High is exact for |k| < 2^11
    private const double Ln2Low = 5.497923018708371E-14;
    private const double Ln2Rest = 1.94704509238075E-31;
    private const long SqrtHalfBits = 0x3FE6A09E667F3BCD;
    private const long OneBits = 0x3FF0000000000000;

    // 1/15! to 1/3!, and 2/25 to 2/5: Taylor coefficients, highest power first.
    private static ReadOnlySpan<double> ExpTerms =>
    [
        7.647163731819816E-13, 1.1470745597729725E-11, 1.6059043836821613E-10, 2.08767569878681E-09,
        2.505210838544172E-08, 2.755731922398589E-07, 2.7557319223985893E-06, 2.48015873015873E-05,
        0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664,
        0.16666666666666666,
    ];

    private static ReadOnlySpan<double> AtanhTerms =>
    [
        0.08, 0.08695652173913043, 0.09523809523809523, 0.10526315789473684, 0.11764705882352941,
        0.13333333333333333, 0.15384615384615385, 0.18181818181818182, 0.2222222222222222, 0.2857142857142857,
        0.4,
    ];

    private static DoubleDouble TwoThirds => new(0.6666666666666666, 3.700743415417188E-17);

    /// <summary>e^x = 2^k (1 + result), |result| below 0.42, for |x| up to 1100; relative error of the result below 2^-59.</summary>
    public static DoubleDouble Expm1Reduced(DoubleDouble x, out int k)
    {
        double rounded = Math.Round(x.High * 1.4426950408889634);
        k = (int)rounded;
        DoubleDouble r = DoubleDouble.Add(new DoubleDouble(Fma.Double(rounded, -Ln2High, x.High), 0), x.Low);
        r = DoubleDouble.Add(r, DoubleDouble.Product(rounded, -Ln2Low));

        double cube = r.High * r.High * r.High;
        double tail = cube * Polynomial.Evaluate(ExpTerms, r.High);
        DoubleDouble square = DoubleDouble.Multiply(r, r).Scale(0.5);
        return DoubleDouble.Add(r, DoubleDouble.Add(square, tail));
    }

    /// <summary>value * 2^k, rounded once more only where it is subnormal.</summary>
    public static double Scale(double value, int k)
    {
        int half = k / 2;
        return value * PowerOfTwo(half) * PowerOfTwo(k - half);
    }

    public static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);

    /// <summary>log x for positive finite x; relative error below 2^-64.</summary>
    public static DoubleDouble Log(double x)
    {
        int k = 0;
        if (x < 2.2250738585072014E-308)
        {
            x *= 18014398509481984.0; // 2^54
            k = -54;
        }

        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)((bits + (OneBits - SqrtHalfBits)) >> 52) - 1023;
        k += exponent;
        double f = BitConverter.Int64BitsToDouble(bits - ((long)exponent << 52)) - 1.0;

        // With s = f/(2+f): log(1+f) = 2s + (2/3) s^3 + s^5 (2/5 + 2/7 s^2 + ...).
        DoubleDouble s = DoubleDouble.Divide(new DoubleDouble(f, 0), DoubleDouble.Sum(2.0, f));
        DoubleDouble s2 = DoubleDouble.Multiply(s, s);
        DoubleDouble s3 = DoubleDouble.Multiply(s2, s);
        double tail = s3.High * s2.High * Polynomial.Evaluate(AtanhTerms, s2.High);
        DoubleDouble y = DoubleDouble.Add(DoubleDouble.Multiply(s3, TwoThirds), tail);
        y = DoubleDouble.Add(s.Scale(2), y);
        if (k == 0)
        {
            return y;
        }

        DoubleDouble ln2 = DoubleDouble.Add(DoubleDouble.Product(k, Ln2Low), k * Ln2Rest);
        return DoubleDouble.Add(DoubleDouble.Add(new DoubleDouble(k * Ln2High, 0), ln2), y);
    }
}
