// The functions of Elementwise.Reference.cs on vector lanes, step by step the same. Float32 functions that are correctly
// rounded live in Functions; here are the remaining ones, and all derivatives.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>A derivative on float32 lanes: dx from the input, the output and the output's gradient.</summary>
internal interface IGradient
{
    static abstract F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>An operation on two float32 a lane.</summary>
internal interface IBinary
{
    static abstract F Invoke<S, F, D>(F a, F b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

internal readonly struct NegateFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Xor(x, S.Create(-0f));
}

internal readonly struct AbsFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.AndNot(x, S.Create(-0f));
}

internal readonly struct SquareFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(x, x);
}

internal readonly struct ReciprocalFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(S.Create(1f), x);
}

internal readonly struct SqrtFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Sqrt(x);
}

internal readonly struct ReluFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Max(x, S.Zero);
}

internal readonly struct SiluFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(x, SigmoidFunction.Invoke<S, F, D>(x));
}

internal readonly struct GeluFunction : IFloat32Function, IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Join<S, F, D>(x, ErfFunction.Invoke<S, F, D>(Argument<S, F, D>(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => ErfTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Join<S, F, D>(x, ErfTable.Invoke(Argument<S, F, D>(x), out open));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open)
    {
        Four<F> erf = ErfTable.Invoke(
            new Four<F>(Argument<S, F, D>(x.V0), Argument<S, F, D>(x.V1), Argument<S, F, D>(x.V2), Argument<S, F, D>(x.V3)), out open);
        return new(Join<S, F, D>(x.V0, erf.V0), Join<S, F, D>(x.V1, erf.V1), Join<S, F, D>(x.V2, erf.V2), Join<S, F, D>(x.V3, erf.V3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Join<S, F, D>(x, ErfFunction.Evaluate<S, F, D>(Argument<S, F, D>(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static F Argument<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(x, S.Create(Elementwise.InverseSqrt2));

    /// <summary>(0.5*x)*(1+erf).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Join<S, F, D>(F x, F erf)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(S.Multiply(S.Create(0.5f), x), S.Add(S.Create(1f), erf));
}

internal readonly struct GeluTanhFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(x, SigmoidFunction.Invoke<S, F, D>(Argument<S, F, D>(x)));

    /// <summary>2*sqrt(2/pi)*(x+c*x^3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static F Argument<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F square = S.Multiply(x, x);
        F inner = S.Fma(S.Multiply(S.Create(Elementwise.GeluTanhCubic), square), x, x);
        return S.Multiply(S.Create(Elementwise.GeluTanhScale), inner);
    }
}

internal readonly struct NegateGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Xor(dy, S.Create(-0f));
}

internal readonly struct AbsGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.AndNot(S.Xor(dy, S.And(x, S.Create(-0f))), S.Equal(x, S.Zero));
}

internal readonly struct SquareGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(S.Add(x, x), dy);
}

internal readonly struct ReciprocalGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Xor(S.Multiply(S.Multiply(y, y), dy), S.Create(-0f));
}

internal readonly struct SqrtGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(S.Multiply(S.Create(0.5f), dy), y);
}

internal readonly struct RsqrtGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(S.Multiply(S.Create(-0.5f), dy), S.Multiply(S.Multiply(y, y), y));
}

internal readonly struct ExpGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(dy, y);
}

internal readonly struct Expm1Gradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Fma(dy, y, dy);
}

internal readonly struct LogGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(dy, x);
}

internal readonly struct Log1pGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(dy, S.Add(S.Create(1f), x));
}

internal readonly struct Log2Gradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(S.Multiply(dy, S.Create(Elementwise.Log2E)), x);
}

internal readonly struct TanhGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(dy, S.Fma(S.Xor(y, S.Create(-0f)), y, S.Create(1f)));
}

internal readonly struct SigmoidGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(dy, S.Multiply(y, S.Subtract(S.Create(1f), y)));
}

internal readonly struct ErfGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F exponent = S.Xor(S.Multiply(x, x), S.Create(-0f));
        return S.Multiply(dy, S.Multiply(S.Create(Elementwise.TwoOverSqrtPi), ExpFunction.Invoke<S, F, D>(exponent)));
    }
}

internal readonly struct SinGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(dy, CosFunction.Invoke<S, F, D>(x));
}

internal readonly struct CosGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Xor(S.Multiply(dy, SinFunction.Invoke<S, F, D>(x)), S.Create(-0f));
}

internal readonly struct ReluGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.And(dy, S.LessThan(S.Zero, x));
}

internal readonly struct SiluGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F s = SigmoidFunction.Invoke<S, F, D>(x);
        F slope = S.Multiply(s, S.Subtract(S.Create(1f), s));
        return S.Multiply(dy, S.Fma(x, slope, s));
    }
}

internal readonly struct GeluGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F erf = ErfFunction.Invoke<S, F, D>(GeluFunction.Argument<S, F, D>(x));
        F distribution = S.Multiply(S.Create(0.5f), S.Add(S.Create(1f), erf));
        F exponent = S.Multiply(S.Create(-0.5f), S.Multiply(x, x));
        F density = S.Multiply(S.Create(Elementwise.InverseSqrt2Pi), ExpFunction.Invoke<S, F, D>(exponent));
        return S.Multiply(dy, S.Fma(x, density, distribution));
    }
}

internal readonly struct GeluTanhGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F s = SigmoidFunction.Invoke<S, F, D>(GeluTanhFunction.Argument<S, F, D>(x));
        F slope = S.Multiply(s, S.Subtract(S.Create(1f), s));
        F inner = S.Fma(S.Create(3f * Elementwise.GeluTanhCubic), S.Multiply(x, x), S.Create(1f));
        return S.Multiply(dy, S.Fma(S.Multiply(x, slope), S.Multiply(S.Create(Elementwise.GeluTanhScale), inner), s));
    }
}

internal readonly struct AddOperation : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F a, F b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Add(a, b);
}

internal readonly struct SubtractOperation : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F a, F b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Subtract(a, b);
}

internal readonly struct MultiplyOperation : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F a, F b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Multiply(a, b);
}

internal readonly struct DivideOperation : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F a, F b)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Divide(a, b);
}
