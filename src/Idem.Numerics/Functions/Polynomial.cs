namespace Idem.Numerics.Functions;

internal static class Polynomial
{
    /// <summary>Horner's rule with fused multiply-adds, coefficients from the highest power down.</summary>
    public static double Evaluate(ReadOnlySpan<double> coefficients, double x)
    {
        double y = coefficients[0];
        for (int i = 1; i < coefficients.Length; i++)
        {
            y = Fma.Double(y, x, coefficients[i]);
        }

        return y;
    }
}
