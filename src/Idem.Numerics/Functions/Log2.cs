// The logarithm to base 2, correctly rounded; exact for powers of two.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>log2 x; log2(1) = +0, log2(+-0) = -inf, log2(+inf) = +inf, NaN for negative x and NaN.</summary>
internal readonly struct Log2Function : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => LogReduction.Special<S, F, D>(x, S.Apply<Core>(x), 0f);

    private const double Log2EHigh = 1.4426950408889634;
    private const double Log2ELow = 2.0355273740931033e-17;

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D f = LogReduction.Split<S, F, D>(x, out D k);
            D square = LogReduction.Tail<S, F, D>(f, out D rest);
            D tail = S.Subtract(square, rest);
            D low = S.Fma(f, S.CreateD(Log2ELow), S.Multiply(tail, S.CreateD(-Log2EHigh)));
            return S.Add(k, S.Fma(f, S.CreateD(Log2EHigh), low));
        }
    }
}
