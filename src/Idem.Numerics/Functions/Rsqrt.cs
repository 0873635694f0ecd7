// 1/sqrt(x), correctly rounded: two IEEE operations in float64, of which no float32 input leaves a hard case.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>1/sqrt(x); rsqrt(+-0) = +-inf, rsqrt(+inf) = +0, NaN for negative x and NaN.</summary>
internal readonly struct RsqrtFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Apply<Core>(x);

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => S.Divide(S.CreateD(1.0), S.Sqrt(x));
    }
}
