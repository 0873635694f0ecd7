// glibc's double sincos (2.36, the variant for processors with FMA), for arguments up to 10^8: IBM's table-driven algorithm.
// See GlibcMath.Log.cs for why. What may never change: every operation, its order, and which of them are fused.

namespace Idem.Numerics.Random;

internal static partial class GlibcMath
{
    private static readonly double[] SinCosTable = GlibcTables.SinCosOf128ths();

    /// <summary>sin(x) and cos(x) for |x| &lt; 105414350.</summary>
    public static (double Sin, double Cos) SinCos(double x)
    {
        int top = (int)(BitConverter.DoubleToInt64Bits(x) >> 32) & 0x7FFFFFFF;
        if (top < 0x3FEB6000) // |x| < 0.855469
        {
            return top < 0x3E400000 ? (x, 1) : (SinReduced(x, 0), CosReduced(x, 0));
        }

        if (top < 0x400368FD) // |x| < 2.426265: x = pi/2 - a
        {
            double halfPiLow = Bits(0x3C91A62633145C07);
            double y = Bits(0x3FF921FB54442D18) - Math.Abs(x);
            double a = y + halfPiLow;
            double da = (y - a) + halfPiLow;
            return (Math.CopySign(CosReduced(a, da), x), SinReduced(a, da));
        }

        (double b, double db, int quadrant) = Reduce(x);
        double sine = Quadrant(b, db, quadrant);
        double cosine = Quadrant(b, db, quadrant + 1);
        return (sine, cosine);
    }

    private static double Quadrant(double a, double da, int n)
    {
        double value = (n & 1) != 0 ? CosReduced(a, da) : SinReduced(a, da);
        return (n & 2) != 0 ? -value : value;
    }

    // x - n*pi/2 in two doubles, pi/2 in four parts.
    private static (double High, double Low, int Quadrant) Reduce(double x)
    {
        double shifted = Fma.Double(x, Bits(0x3FE45F306DC9C883), 6755399441055744.0);
        double n = shifted - 6755399441055744.0;
        double y = Fma.Double(-n, Bits(0x3FF921FB58000000), x);
        y = Fma.Double(-n, Bits(0xBE4DDE973C000000), y);
        double part3 = Bits(0xBC8CB3B398000000), part4 = Bits(0xBACD747F23E32ED7);
        double t = Fma.Double(-n, part3, y);
        double low = Fma.Double(-n, part3, y - t);
        double high = Fma.Double(-n, part4, t);
        low += Fma.Double(-n, part4, t - high);
        return (high, low, (int)BitConverter.DoubleToInt64Bits(shifted) & 3);
    }

    private static double SinReduced(double x, double dx)
    {
        if (Math.Abs(x) < 0.126)
        {
            double xx = x * x;
            double p = Fma.Double(Bits(0xBE5ADDFFC2FCDF59), xx, Bits(0x3EC71DE27B9A7ED9));
            p = Fma.Double(p, xx, Bits(0xBF2A01A019DB08B8));
            p = Fma.Double(p, xx, Bits(0x3F81111111110ECE));
            p = Fma.Double(p, xx, Bits(0xBFC5555555555555));
            return x + Fma.Double(Fma.Double(p, x, -0.5 * dx), xx, dx);
        }

        (double rest, int row) = Split(x);
        dx = x <= 0 ? -dx : dx;
        (double square, double sinPolynomial, double cosPart) = Polynomials(rest);
        double s = rest + Fma.Double(rest * square, sinPolynomial, dx);
        double c = Fma.Double(rest, dx, cosPart);
        double sn = SinCosTable[row], ssn = SinCosTable[row + 1], cs = SinCosTable[row + 2], ccs = SinCosTable[row + 3];
        double correction = Fma.Double(s, cs, Fma.Double(-c, sn, Fma.Double(ccs, s, ssn)));
        return Math.CopySign(sn + correction, x);
    }

    private static double CosReduced(double x, double dx)
    {
        (double rest, int row) = Split(x);
        rest += x < 0 ? -dx : dx;
        (double square, double sinPolynomial, double c) = Polynomials(rest);
        double s = Fma.Double(rest * square, sinPolynomial, rest);
        double sn = SinCosTable[row], ssn = SinCosTable[row + 1], cs = SinCosTable[row + 2], ccs = SinCosTable[row + 3];
        return cs + Fma.Double(-s, sn, Fma.Double(-c, cs, Fma.Double(-s, ssn, ccs)));
    }

    // |x| = k/128 + rest; the row of k.
    private static (double Remainder, int Row) Split(double x)
    {
        const double Big = 52776558133248.0; // 1.5 * 2^45: one unit in its last place is 1/128
        double magnitude = Math.Abs(x);
        double shifted = Big + magnitude;
        return (magnitude - (shifted - Big), (int)BitConverter.DoubleToInt64Bits(shifted) << 2);
    }

    // x^2, (sin(x)-x)/x^3 and 1-cos(x) for |x| <= 1/256.
    private static (double Square, double Sin, double Cos) Polynomials(double x)
    {
        double square = x * x;
        double sine = Fma.Double(8.33333214285722277379541354343671E-03, square, -1.66666666666664880952546298448555E-01);
        double cosine = Fma.Double(1.38888874937007613028114285595617E-03, square, -4.16666666666664434524222570944589E-02);
        cosine = Fma.Double(cosine, square, 4.99999999999999999999950396842453E-01);
        return (square, sine, square * cosine);
    }
}
