// e^x, correctly rounded. Below -104 the result is +0, above 89 it is infinity, by the one rounding to float32.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>e^x; exp(-inf) = +0, exp(NaN) = NaN.</summary>
internal readonly struct ExpFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
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
