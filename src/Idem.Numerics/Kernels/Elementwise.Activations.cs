// Activations and their derivatives on vector lanes, step by step those of Elementwise.Reference.cs.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

internal readonly struct ReluFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Max(x, S.Zero);
}

internal readonly struct SiluFunction : IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => SigmoidTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => S.Multiply(x, Group.Evaluate<F, SigmoidTable>(x, out open));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open)
    {
        Four<F> s = Group.Evaluate<F, SigmoidTable>(x, out open);
        return new(S.Multiply(x.V0, s.V0), S.Multiply(x.V1, s.V1), S.Multiply(x.V2, s.V2), S.Multiply(x.V3, s.V3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => S.Multiply(x, SigmoidFunction.Invoke<S, F, D>(x));
}

internal readonly struct GeluFunction : IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => ErfTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Join<S, F, D>(x, Group.Evaluate<F, ErfTable>(Inner<S, F, D>(x), out open));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open)
    {
        Four<F> erf = Group.Evaluate<F, ErfTable>(
            new Four<F>(Inner<S, F, D>(x.V0), Inner<S, F, D>(x.V1), Inner<S, F, D>(x.V2), Inner<S, F, D>(x.V3)), out open);
        return new(Join<S, F, D>(x.V0, erf.V0), Join<S, F, D>(x.V1, erf.V1), Join<S, F, D>(x.V2, erf.V2), Join<S, F, D>(x.V3, erf.V3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Join<S, F, D>(x, ErfFunction.Evaluate<S, F, D>(Inner<S, F, D>(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static F Inner<S, F, D>(F x)
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

internal readonly struct GeluTanhFunction : IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => SigmoidTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => S.Multiply(x, Group.Evaluate<F, SigmoidTable>(Inner<S, F, D>(x), out open));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open)
    {
        Four<F> s = Group.Evaluate<F, SigmoidTable>(
            new Four<F>(Inner<S, F, D>(x.V0), Inner<S, F, D>(x.V1), Inner<S, F, D>(x.V2), Inner<S, F, D>(x.V3)), out open);
        return new(S.Multiply(x.V0, s.V0), S.Multiply(x.V1, s.V1), S.Multiply(x.V2, s.V2), S.Multiply(x.V3, s.V3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => S.Multiply(x, SigmoidFunction.Invoke<S, F, D>(Inner<S, F, D>(x)));

    /// <summary>2*sqrt(2/pi)*(x+c*x^3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static F Inner<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F square = S.Multiply(x, x);
        F inner = S.Fma(S.Multiply(S.Create(Elementwise.GeluTanhCubic), square), x, x);
        return S.Multiply(S.Create(Elementwise.GeluTanhScale), inner);
    }
}

internal readonly struct ReluGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F y, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.And(dy, S.LessThan(S.Zero, x));
}

/// <summary>Given s = sigmoid(x) in y's place.</summary>
internal readonly struct SiluGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F s, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
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
        F erf = ErfFunction.Invoke<S, F, D>(GeluFunction.Inner<S, F, D>(x));
        F distribution = S.Multiply(S.Create(0.5f), S.Add(S.Create(1f), erf));
        F exponent = S.Multiply(S.Create(-0.5f), S.Multiply(x, x));
        F density = S.Multiply(S.Create(Elementwise.InverseSqrt2Pi), ExpFunction.Invoke<S, F, D>(exponent));
        return S.Multiply(dy, S.Fma(x, density, distribution));
    }
}

/// <summary>The sigmoid in gelu's formula, for its derivative.</summary>
internal readonly struct GeluTanhSigmoid : IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => SigmoidTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => GeluTanhFunction.Inner<S, F, D>(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Group.Evaluate<F, SigmoidTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open) => Group.Evaluate<F, SigmoidTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => SigmoidFunction.Invoke<S, F, D>(x);
}

/// <summary>Given <see cref="GeluTanhSigmoid"/> in y's place.</summary>
internal readonly struct GeluTanhGradient : IGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x, F s, F dy)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F slope = S.Multiply(s, S.Subtract(S.Create(1f), s));
        F inner = S.Fma(S.Create(3f * Elementwise.GeluTanhCubic), S.Multiply(x, x), S.Create(1f));
        return S.Multiply(dy, S.Fma(S.Multiply(x, slope), S.Multiply(S.Create(Elementwise.GeluTanhScale), inner), s));
    }
}
