// Double functions whose results only ever leave this folder rounded to float32 (Cauchy and log-normal draws, the bounds of
// trunc_normal_). They are accurate to about a unit in the last place of a double, not libm's to the bit: a float32 could
// differ only where a result lies within 2^-29 of the middle between two float32 numbers.
// What may never change: every operation and its order.

namespace Idem.Numerics.Random;

internal static partial class GlibcMath
{
    /// <summary>tan(x) for |x| &lt;= pi/2.</summary>
    public static double TanNear(double x)
    {
        (double sine, double cosine) = SinCos(x);
        return sine / cosine;
    }

    /// <summary>exp(x): Taylor's series of degree 13 on x less a multiple of ln 2, to 0 below -708 and infinity above 709.</summary>
    public static double ExpNear(double x)
    {
        if (!(x > -708 && x < 709))
        {
            return x <= -708 ? 0 : x >= 709 ? double.PositiveInfinity : x;
        }

        double k = Math.Round(x * Bits(0x3FF71547652B82FE), MidpointRounding.ToEven);
        double r = Fma.Double(-k, Bits(0x3FE62E42FEFA39EF), x); // ln 2 in two parts
        r = Fma.Double(-k, Bits(0x3C7ABC9E3B39803F), r);
        double sum = 1.0 / 6227020800.0;
        double factorial = 479001600.0;
        for (int n = 12; n > 0; n--)
        {
            sum = Fma.Double(sum, r, 1.0 / factorial);
            factorial /= n;
        }

        return Fma.Double(sum, r, 1) * BitConverter.Int64BitsToDouble((long)((int)k + 1023) << 52);
    }

    /// <summary>erf(x) = 2/sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (1*3*...*(2n+1)); 1 from 6 on.</summary>
    public static double ErfNear(double x)
    {
        double magnitude = Math.Abs(x);
        if (!(magnitude < 6))
        {
            return double.IsNaN(x) ? x : Math.CopySign(1, x);
        }

        double square = magnitude * magnitude;
        double term = magnitude;
        double sum = magnitude;
        for (int n = 1; term > sum * Bits(0x3C00000000000000); n++) // 2^-63
        {
            term = term * (2 * square) / (2 * n + 1);
            sum += term;
        }

        double low = Fma.Double(magnitude, magnitude, -square); // exp(-x^2) with x^2 in two parts
        double gaussian = ExpNear(-square);
        gaussian = Fma.Double(gaussian, -low, gaussian);
        return Math.CopySign(Math.Min(1.0, 2.0 / Math.Sqrt(3.141592653589793) * gaussian * sum), x);
    }
}
