// sin and cos from an angle reduced to [-pi/4, pi/4] in two float64. The first terms are kept in two float64, the rest of the
// Taylor series in one: absolute errors below 2^-56 of float64, so below 2^-27 of the spacing of float32.

namespace Idem.Numerics.Functions;

internal static class Trigonometry
{
    // Taylor coefficients, highest power first: of r^17 to r^3 and of r^18 to r^4.
    private static ReadOnlySpan<double> SinTerms =>
    [
        2.8114572543455206E-15, -7.647163731819816E-13, 1.6059043836821613E-10, -2.505210838544172E-08,
        2.7557319223985893E-06, -0.0001984126984126984, 0.008333333333333333, -0.16666666666666666,
    ];

    private static ReadOnlySpan<double> CosTerms =>
    [
        -1.5619206968586225E-16, 4.779477332387385E-14, -1.1470745597729725E-11, 2.08767569878681E-09,
        -2.755731922398589E-07, 2.48015873015873E-05, -0.001388888888888889, 0.041666666666666664,
    ];

    /// <summary>sin(angle) for finite angles.</summary>
    public static DoubleDouble Sin(double angle)
    {
        double magnitude = Math.Abs(angle);
        if (magnitude < 0.5)
        {
            return SinSmall(new DoubleDouble(angle, 0));
        }

        int quadrant = AngleReduction.Reduce(magnitude, out DoubleDouble r);
        DoubleDouble y = (quadrant & 1) == 0 ? SinSmall(r) : CosSmall(r);
        return (quadrant & 2) == 0 == angle > 0 ? y : y.Scale(-1);
    }

    /// <summary>cos(angle) for finite angles.</summary>
    public static DoubleDouble Cos(double angle)
    {
        double magnitude = Math.Abs(angle);
        if (magnitude < 0.5)
        {
            return CosSmall(new DoubleDouble(angle, 0));
        }

        int quadrant = AngleReduction.Reduce(magnitude, out DoubleDouble r);
        DoubleDouble y = (quadrant & 1) == 0 ? CosSmall(r) : SinSmall(r);
        return ((quadrant + 1) & 2) == 0 ? y : y.Scale(-1);
    }

    private static DoubleDouble SinSmall(DoubleDouble r)
    {
        double r2 = r.High * r.High;
        double tail = Fma.Double(r.High * r2, Polynomial.Evaluate(SinTerms, r2), Fma.Double(r2 * -0.5, r.Low, r.Low));
        return DoubleDouble.QuickSum(r.High, tail);
    }

    /// <summary>(1 - r^2/2) in two float64, plus the rest; the reduced angle's low part counts as -r*low.</summary>
    private static DoubleDouble CosSmall(DoubleDouble r)
    {
        DoubleDouble square = DoubleDouble.Product(r.High, r.High);
        DoubleDouble main = DoubleDouble.QuickSum(1.0, -0.5 * square.High);
        double rest = main.Low - Fma.Double(r.High, r.Low, 0.5 * square.Low);
        rest = Fma.Double(square.High * square.High, Polynomial.Evaluate(CosTerms, square.High), rest);
        return DoubleDouble.QuickSum(main.High, rest);
    }
}
