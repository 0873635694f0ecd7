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
            F y = ExpTable.Invoke<S, F, D>(x, out uint open);
            return open == 0 ? y : DecideApart<S, F, D>(x);
        }

        return Evaluate<S, F, D>(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Evaluate<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Apply<Core>(FunctionLanes.Clamp<S, F, D>(x, -104f, 89f));

    public static bool InPairs<S>() => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out uint open) => ExpTable.Invoke<S, F, D>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void IQuickFunction.Quick<S, F, D>(F x0, F x1, out F y0, out F y1, out uint open0, out uint open1) =>
        ExpTable.Invoke<S, F, D>(x0, x1, out y0, out y1, out open0, out open1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Evaluate<S, F, D>(x);

    /// <summary>One vector in 50: not inlined.</summary>
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

    public static bool InPairs<S>() => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsQuick<S>() => ExpTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Quick<S, F, D>(F x, out uint open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => ExpTable.Invoke<S, F, D>(S.Subtract(x, Unsafe.BitCast<V, F>(_max)), out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Quick<S, F, D>(F x0, F x1, out F y0, out F y1, out uint open0, out uint open1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F max = Unsafe.BitCast<V, F>(_max);
        ExpTable.Invoke<S, F, D>(S.Subtract(x0, max), S.Subtract(x1, max), out y0, out y1, out open0, out open1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Decide<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => ExpFunction.Evaluate<S, F, D>(S.Subtract(x, Unsafe.BitCast<V, F>(_max)));
}
