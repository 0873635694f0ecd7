// The natural logarithm, correctly rounded.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>log x; log(1) = +0, log(+-0) = -inf, log(+inf) = +inf, NaN for negative x and NaN.</summary>
internal readonly struct LogFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => LogReduction.Special<S, F, D>(x, S.Apply<Core>(x));

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D f = LogReduction.Split<S, F, D>(x, out D k);
            return LogReduction.Natural<S, F, D>(k, f);
        }
    }
}
