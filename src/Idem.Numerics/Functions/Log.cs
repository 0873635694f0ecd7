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
        where D : struct
    {
        F y = S.Apply<Core>(x);
        y = FunctionLanes.Repair<S, F, D>(x, y, 0x3C413D3A, 0xC08E158F);
        y = FunctionLanes.Repair<S, F, D>(x, y, 0x41178FEB, 0x400FE5E7);
        y = FunctionLanes.Repair<S, F, D>(x, y, 0x4C5D65A5, 0x418F034B);
        y = FunctionLanes.Repair<S, F, D>(x, y, 0x65D890D3, 0x4254D1F9);
        y = FunctionLanes.Repair<S, F, D>(x, y, 0x6F31A8EC, 0x42845A89);
        return LogReduction.Special<S, F, D>(x, y, 0f);
    }

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
