// Tensor.erfinv_ on float32: the rational approximation of Pavlis with two Newton steps, in float32 throughout, its
// polynomials contracted as in PyTorch's AVX2 builds. Needed by trunc_normal_ only.
// What may never change: every operation, its order, and which of them are fused.

namespace Idem.Numerics.Random;

internal static class TorchErfinv
{
    /// <summary>The inverse error function of y in [-1, 1].</summary>
    public static float Erfinv(float y)
    {
        float magnitude = MathF.Abs(y);
        if (!(magnitude < 1f))
        {
            return magnitude == 1f ? MathF.CopySign(float.PositiveInfinity, y) : float.NaN;
        }

        float x;
        if (magnitude <= 0.7f)
        {
            float z = y * y;
            float numerator = Fma.Single(Fma.Single(Fma.Single(-0.140543331f, z, 0.914624893f), z, -1.645349621f), z, 0.886226899f);
            float denominator = Fma.Single(Fma.Single(Fma.Single(0.012229801f, z, -0.329097515f), z, 1.442710462f), z, -2.118377725f);
            x = y * numerator / Fma.Single(denominator, z, 1f);
        }
        else
        {
            float z = MathF.Sqrt(-GlibcMath.LogSingle((1f - magnitude) / 2f));
            float numerator = Fma.Single(Fma.Single(Fma.Single(1.641345311f, z, 3.429567803f), z, -1.624906493f), z, -1.970840454f);
            x = MathF.CopySign(numerator, y) / Fma.Single(Fma.Single(1.637067800f, z, 3.543889200f), z, 1f);
        }

        return Newton(Newton(x, y), y);
    }

    private static float Newton(float x, float y)
    {
        const float TwoOverRootPi = 2f / (float)1.7724538509055159; // 2 / sqrt(pi)
        return x - (GlibcMath.ErfSingle(x) - y) / (TwoOverRootPi * GlibcMath.ExpSingle(-x * x));
    }
}
