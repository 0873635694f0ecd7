// e^x, correctly rounded. Below -104 the result is +0, above 89 it is infinity, by the one rounding to float32.
// The float64 evaluation (Core) is the one that decides; ExpTable agrees with it wherever it dares to answer.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>e^x; exp(-inf) = +0, exp(NaN) = NaN.</summary>
internal readonly struct ExpFunction : IFloat32Function, IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (ExpTable.IsSupported<S>())
        {
            F y = Group.Evaluate<F, ExpTable>(x, out ulong open);
            return open == 0 ? y : DecideApart<S, F, D>(x);
        }

        return Evaluate<S, F, D>(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Evaluate<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Apply<Core>(FunctionLanes.Clamp<S, F, D>(x, -104f, 89f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Group.Evaluate<F, ExpTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open) => Group.Evaluate<F, ExpTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Evaluate<S, F, D>(x);

    /// <summary>Few vectors: not inlined.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static F DecideApart<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Evaluate<S, F, D>(x);

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D q = ExpReduction.Reduce<S, F, D>(x, out D scale);
            return S.Fma(scale, q, scale);
        }
    }
}

/// <summary>e^(x - max), max the same in all lanes or one a lane.</summary>
internal readonly struct ExpBelow<V>(V max) : IQuickFunction
    where V : struct
{
    private readonly V _max = max;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsQuick<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Argument<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Subtract(x, Unsafe.BitCast<V, F>(_max));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Quick<S, F, D>(F x, out ulong open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Group.Evaluate<F, ExpTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Four<F> Quick<S, F, D>(Four<F> x, out ulong open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Group.Evaluate<F, ExpTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Decide<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => ExpFunction.Evaluate<S, F, D>(x);
}
