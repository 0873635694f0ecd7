// Unevaluated sums of two float64, some 106 bits: the working precision of the float64 functions and of large float32 angles.
// Every step is an IEEE operation in the order written; nothing here is correctly rounded, relative errors are below 2^-100.

namespace Idem.Numerics.Functions;

/// <summary>High + Low, |Low| at most half a unit in the last place of High.</summary>
internal readonly record struct DoubleDouble(double High, double Low)
{
    public static DoubleDouble HalfPi => new(1.5707963267948966, 6.123233995736766E-17);

    /// <summary>a+b exactly (Knuth).</summary>
    public static DoubleDouble Sum(double a, double b)
    {
        double sum = a + b;
        double rounded = sum - a;
        return new DoubleDouble(sum, (a - (sum - rounded)) + (b - rounded));
    }

    /// <summary>a+b exactly, for |a| at least |b| (Dekker).</summary>
    public static DoubleDouble QuickSum(double a, double b)
    {
        double sum = a + b;
        return new DoubleDouble(sum, b - (sum - a));
    }

    /// <summary>a*b exactly.</summary>
    public static DoubleDouble Product(double a, double b)
    {
        double product = a * b;
        return new DoubleDouble(product, Fma.Double(a, b, -product));
    }

    public static DoubleDouble Add(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble high = Sum(a.High, b.High);
        DoubleDouble low = Sum(a.Low, b.Low);
        high = QuickSum(high.High, high.Low + low.High);
        return QuickSum(high.High, high.Low + low.Low);
    }

    public static DoubleDouble Add(DoubleDouble a, double b)
    {
        DoubleDouble high = Sum(a.High, b);
        return QuickSum(high.High, high.Low + a.Low);
    }

    public static DoubleDouble Multiply(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble product = Product(a.High, b.High);
        double cross = Fma.Double(a.High, b.Low, Fma.Double(a.Low, b.High, product.Low));
        return QuickSum(product.High, cross);
    }

    public static DoubleDouble Multiply(DoubleDouble a, double b)
    {
        DoubleDouble product = Product(a.High, b);
        return QuickSum(product.High, Fma.Double(a.Low, b, product.Low));
    }

    public static DoubleDouble Divide(DoubleDouble a, DoubleDouble b)
    {
        double quotient = a.High / b.High;
        double remainder = Fma.Double(-quotient, b.High, a.High) + Fma.Double(-quotient, b.Low, a.Low);
        return QuickSum(quotient, remainder / b.High);
    }

    /// <summary>Exact scaling by a power of two.</summary>
    public DoubleDouble Scale(double powerOfTwo) => new(High * powerOfTwo, Low * powerOfTwo);

    /// <summary>The sum rounded once to float32: through the sum rounded to odd.</summary>
    public float ToSingle() => (float)RoundToOdd();

    /// <summary>The sum if it is a float64, else the one beside it whose last bit is one: no later rounding to fewer bits can tell.</summary>
    public double RoundToOdd()
    {
        long bits = BitConverter.DoubleToInt64Bits(High);
        if (Low != 0 && (bits & 1) == 0)
        {
            bits += Low > 0 == High > 0 ? 1 : -1;
        }

        return BitConverter.Int64BitsToDouble(bits);
    }
}
