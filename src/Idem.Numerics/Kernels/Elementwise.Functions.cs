// The functions of Elementwise.Reference.cs on vector lanes, step by step the same. Float32 functions that are correctly
// rounded live in Functions; here are the remaining ones, and their derivatives;
// activations are in Elementwise.Activations.cs.

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
