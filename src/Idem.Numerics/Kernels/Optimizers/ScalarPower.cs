// Integer powers in double, for bias corrections: square and multiply, from the lowest bit of the exponent.

namespace Idem.Numerics.Kernels;

internal static class ScalarPower
{
    /// <summary>x^n: result = 1; for each bit of n from the lowest: if set, result *= x; then x *= x.</summary>
    public static double Integer(double x, long n)
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
}
