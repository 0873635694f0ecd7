// The few functions of scalars that bias corrections and schedules need, spelled out in double; a handful of calls per step.
// What this deliberately is not: a library of functions (Functions/ is that). Errors stay near an ulp; what counts is that each
// value is a fixed sequence of IEEE-754 operations.

namespace Idem.Numerics.Kernels;

internal static class OptimizerScalars
{
    // ln of the double 0.96, and ln 2, each in two parts; ln 2's first has 21 bits, so that its multiples below 2^31 are exact.
    private const double Ln096High = -0.040821994520255166;
    private const double Ln096Low = -8.893492737632459e-19;
    private const double Ln2High = 0.6931467056274414;
    private const double Ln2Low = 4.7493250390316726e-07;
    private const double InverseLn2 = 1.4426950408889634;

    // Taylor coefficients, highest power first: exp to r^14; cos and sin to the 8th power of the square.
    private static ReadOnlySpan<double> ExpTerms =>
    [
        1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
        1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1.0, 1.0,
    ];

    private static ReadOnlySpan<double> CosTerms =>
    [
        1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -1.0 / 2, 1.0,
    ];

    private static ReadOnlySpan<double> SinTerms =>
    [
        1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0,
    ];

    /// <summary>x^n: result = 1; for each bit of n from the lowest: if set, result *= x; then x *= x.</summary>
    public static double Power(double x, long n)
    {
        double result = 1;
        for (; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                result *= x;
            }

            x *= x;
        }

        return result;
    }

    /// <summary>0.96^x for x at least 0: exp(x * ln 0.96), reduced by multiples of ln 2; 0 where below exp(-700).</summary>
    public static double Power096(double x)
    {
        double y = x * Ln096High;
        if (!(y > -700))
        {
            return 0;
        }

        double rest = Fma.Double(x, Ln096High, -y) + (x * Ln096Low);
        double k = Math.Round(y * InverseLn2);
        double r = Fma.Double(-k, Ln2High, y);
        r = Fma.Double(-k, Ln2Low, r) + rest;
        return Math.ScaleB(Polynomial(ExpTerms, r), (int)k);
    }

    /// <summary>cos(pi*r): exact reduction to |f| at most 1/4 around a multiple of 1/2, then a polynomial of pi*f.</summary>
    public static double CosPi(double r)
    {
        double n = Math.Round(2 * r);
        double y = Math.PI * Fma.Double(-0.5, n, r);
        double square = y * y;
        return ((long)n & 3) switch
        {
            0 => Polynomial(CosTerms, square),
            1 => -(y * Polynomial(SinTerms, square)),
            2 => -Polynomial(CosTerms, square),
            _ => y * Polynomial(SinTerms, square),
        };
    }

    /// <summary>Horner's scheme with fused multiply-adds, highest term first.</summary>
    private static double Polynomial(ReadOnlySpan<double> terms, double x)
    {
        double result = terms[0];
        foreach (double term in terms[1..])
        {
            result = Fma.Double(result, x, term);
        }

        return result;
    }
}
