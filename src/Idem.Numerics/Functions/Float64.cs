// Functions of float64 for scalars: learning-rate schedules, bias corrections, rotary frequencies. Each is a finite sequence of
// IEEE operations (two float64 where one is too little), so the bits are the same on every machine. They are accurate to less
// than one unit in the last place, not correctly rounded: the sequence is the definition.

namespace Idem.Numerics.Functions;

/// <summary>Spelled-out elementary functions of float64: the same bits everywhere, errors below one unit in the last place.</summary>
public static class Float64
{
    /// <summary>Below it, sin and tanh of x round to x.</summary>
    private const double TinyAngle = 1.0 / (1 << 27);

    /// <summary>e^x.</summary>
    public static double Exp(double x)
    {
        if (!(x < 710))
        {
            return x * double.PositiveInfinity; // infinity, or NaN
        }

        return x < -746 ? 0.0 : Exp(new DoubleDouble(x, 0));
    }

    /// <summary>The natural logarithm: -inf for zeros, NaN for negative x.</summary>
    public static double Log(double x)
    {
        if (x > 0 && x < double.PositiveInfinity)
        {
            return Exponential.Log(x).High;
        }

        return x == 0 ? double.NegativeInfinity : Math.Sqrt(x); // +inf, or NaN
    }

    /// <summary>The sine of an angle in radians; NaN for infinities.</summary>
    public static double Sin(double angle)
    {
        if (!double.IsFinite(angle))
        {
            return double.NaN;
        }

        return Math.Abs(angle) < TinyAngle ? angle : Trigonometry.Sin(angle).High;
    }

    /// <summary>The cosine of an angle in radians; NaN for infinities.</summary>
    public static double Cos(double angle) => double.IsFinite(angle) ? Trigonometry.Cos(angle).High : double.NaN;

    /// <summary>The hyperbolic tangent.</summary>
    public static double Tanh(double x)
    {
        double magnitude = Math.Abs(x);
        if (!(magnitude < 22) || magnitude < TinyAngle)
        {
            return magnitude >= 22 ? Math.CopySign(1.0, x) : x; // 1 to the last place; x itself; or NaN
        }

        DoubleDouble p = Exponential.Expm1Reduced(new DoubleDouble(2 * magnitude, 0), out int k);
        double power = Exponential.PowerOfTwo(k);
        p = p.Scale(power);
        DoubleDouble quotient = DoubleDouble.Divide(
            DoubleDouble.Add(DoubleDouble.Sum(power, -1), p), DoubleDouble.Add(DoubleDouble.Sum(power, 1), p));
        return Math.CopySign(quotient.High, x);
    }

    /// <summary>
    /// x^y for positive x, as e^(y log x) in two float64. x^0 = 1 for every x; a zero x gives +0 or infinity; a negative
    /// or NaN x gives NaN (integer powers: <see cref="Power(double, long)"/>).
    /// </summary>
    public static double Pow(double x, double y)
    {
        if (y == 0 || x == 1)
        {
            return 1.0;
        }

        if (!(x > 0) || double.IsNaN(y))
        {
            return x == 0 ? (y > 0 ? 0.0 : double.IsNaN(y) ? y : double.PositiveInfinity) : double.NaN;
        }

        DoubleDouble log = double.IsPositiveInfinity(x) ? new DoubleDouble(x, 0) : Exponential.Log(x);
        double estimate = y * log.High;
        if (!(estimate < 710) || estimate < -746)
        {
            return estimate > 0 ? double.PositiveInfinity : 0.0;
        }

        return Exp(DoubleDouble.Multiply(log, y));
    }

    /// <summary>
    /// x^n by squaring: factors x^(2^i) of the bits of |n| multiplied from the lowest up, each product rounded; the reciprocal
    /// for negative n.
    /// </summary>
    public static double Power(double x, long n)
    {
        double result = 1.0;
        for (ulong rest = n < 0 ? 0UL - (ulong)n : (ulong)n; rest != 0; rest >>= 1)
        {
            if ((rest & 1) != 0)
            {
                result *= x;
            }

            x *= x;
        }

        return n < 0 ? 1.0 / result : result;
    }

    private static double Exp(DoubleDouble x)
    {
        DoubleDouble p = Exponential.Expm1Reduced(x, out int k);
        return Exponential.Scale(DoubleDouble.Add(p, 1.0).High, k);
    }
}
