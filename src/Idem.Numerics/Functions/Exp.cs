// e^x, correctly rounded. Below -104 the result is +0, above 89 it is infinity, by the one rounding to float32.
// The float64 evaluation (Core) is the one that decides; ExpTable agrees with it wherever it dares to answer.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

/// <summary>e^x; exp(-inf) = +0, exp(NaN) = NaN.</summary>
internal readonly struct ExpFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (typeof(S) == typeof(Simd512) && Avx512F.IsSupported)
        {
            Vector512<float> y = ExpTable.Invoke(Unsafe.BitCast<F, Vector512<float>>(x), out bool open);
            if (open)
            {
                y = Unsafe.BitCast<F, Vector512<float>>(Decide<S, F, D>(x));
            }

            return Unsafe.BitCast<Vector512<float>, F>(y);
        }

        if (typeof(S) == typeof(Simd256) && Avx2.IsSupported && X86.Fma.IsSupported)
        {
            Vector256<float> y = ExpTable.Invoke(Unsafe.BitCast<F, Vector256<float>>(x), out bool open);
            if (open)
            {
                y = Unsafe.BitCast<F, Vector256<float>>(Decide<S, F, D>(x));
            }

            return Unsafe.BitCast<Vector256<float>, F>(y);
        }

        return Evaluate<S, F, D>(x);
    }

    /// <summary>One vector in 50: not inlined.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static F Decide<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => Evaluate<S, F, D>(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Evaluate<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Apply<Core>(FunctionLanes.Clamp<S, F, D>(x, -104f, 89f));

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
