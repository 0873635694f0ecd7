// STANDS IN for the correctly rounded functions until they arrive, so that kernels compile and can be tested: delete this file
// then. Each function is the runtime's double function rounded to float32: close, and the same on every path of one machine,
// but neither correctly rounded nor portable.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

#pragma warning disable RS0030 // The reason for this file to go.
/// <summary>Elementary functions of float32.</summary>
public static class Float32
{
    /// <summary>e^x.</summary>
    public static float Exp(float x) => (float)(Math.Exp(x));

    /// <summary>e^x-1.</summary>
    public static float Expm1(float x) => (float)(Math.Abs(x) < 1e-5 ? x + ((double)x * x / 2) : Math.Exp(x) - 1);

    /// <summary>The natural logarithm.</summary>
    public static float Log(float x) => (float)(Math.Log(x));

    /// <summary>log(1+x).</summary>
    public static float Log1p(float x) => (float)(Math.Abs(x) < 1e-5 ? x - ((double)x * x / 2) : Math.Log(1.0 + x));

    /// <summary>The logarithm to base 2.</summary>
    public static float Log2(float x) => (float)(Math.Log2(x));

    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float x) => (float)(Math.Tanh(x));

    /// <summary>1/(1+e^-x).</summary>
    public static float Sigmoid(float x) => (float)(1 / (1 + Math.Exp(-(double)x)));

    /// <summary>The error function.</summary>
    public static float Erf(float x) => (float)(ErfInDouble(x));

    /// <summary>The sine.</summary>
    public static float Sin(float x) => (float)(Math.Sin(x));

    /// <summary>The cosine.</summary>
    public static float Cos(float x) => (float)(Math.Cos(x));

    /// <summary>1/sqrt(x).</summary>
    public static float Rsqrt(float x) => (float)(1 / Math.Sqrt(x));

    private static double ErfInDouble(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double term = x, sum = x;
        for (int n = 1; n < 200 && !double.IsNaN(x); n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return sum * 1.1283791670955126;
    }
}
#pragma warning restore RS0030

internal interface IScalarFunction
{
    static abstract float Invoke(float x);
}

internal static unsafe class Interim
{
    [SkipLocalsInit]
    public static F Map<S, F, D, TFunction>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : IScalarFunction
    {
        float* lanes = stackalloc float[16];
        S.Store(lanes, x);
        for (int i = 0; i < S.Lanes; i++)
        {
            lanes[i] = TFunction.Invoke(lanes[i]);
        }

        return S.Load(lanes);
    }
}

internal readonly struct ExpFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Exp(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, ExpFunction>(x);
}

internal readonly struct Expm1Function : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Expm1(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, Expm1Function>(x);
}

internal readonly struct LogFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Log(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, LogFunction>(x);
}

internal readonly struct Log1pFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Log1p(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, Log1pFunction>(x);
}

internal readonly struct Log2Function : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Log2(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, Log2Function>(x);
}

internal readonly struct TanhFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Tanh(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, TanhFunction>(x);
}

internal readonly struct SigmoidFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Sigmoid(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, SigmoidFunction>(x);
}

internal readonly struct ErfFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Erf(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, ErfFunction>(x);
}

internal readonly struct SinFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Sin(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, SinFunction>(x);
}

internal readonly struct CosFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Cos(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, CosFunction>(x);
}

internal readonly struct RsqrtFunction : IFloat32Function, IScalarFunction
{
    public static float Invoke(float x) => Float32.Rsqrt(x);

    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Interim.Map<S, F, D, RsqrtFunction>(x);
}
