// The elementwise functions for one value: the scalar path of the functions beside this file, the same bits as every other path.

namespace Idem.Numerics.Functions;

/// <summary>
/// Elementary functions of float32, correctly rounded: each result is the float32 nearest to the exact value, ties to even.
/// Special values are stated in arithmetic.md#elementwise-functions.
/// </summary>
public static class Float32
{
    /// <summary>e^x.</summary>
    public static float Exp(float x) => ExpFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>e^x-1.</summary>
    public static float Expm1(float x) => Expm1Function.Invoke<SimdScalar, float, double>(x);

    /// <summary>The natural logarithm.</summary>
    public static float Log(float x) => LogFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>log(1+x).</summary>
    public static float Log1p(float x) => Log1pFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>The logarithm to base 2.</summary>
    public static float Log2(float x) => Log2Function.Invoke<SimdScalar, float, double>(x);

    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float x) => TanhFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>1/(1+e^-x).</summary>
    public static float Sigmoid(float x) => SigmoidFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>The error function.</summary>
    public static float Erf(float x) => ErfFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>The sine of an angle in radians.</summary>
    public static float Sin(float x) => SinFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>The cosine of an angle in radians.</summary>
    public static float Cos(float x) => CosFunction.Invoke<SimdScalar, float, double>(x);

    /// <summary>1/sqrt(x).</summary>
    public static float Rsqrt(float x) => RsqrtFunction.Invoke<SimdScalar, float, double>(x);
}
