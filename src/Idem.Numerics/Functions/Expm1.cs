// e^x-1, correctly rounded. Below -40 the result is -1, above 89 infinity. (scale-1) is exact or far below half an ulp.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>e^x-1; expm1(+-0) = +-0, expm1(-inf) = -1, expm1(NaN) = NaN.</summary>
internal readonly struct Expm1Function : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F y = S.Apply<Core>(FunctionLanes.Clamp<S, F, D>(x, -40f, 89f));
        return FunctionLanes.WithSign<S, F, D>(y, x);
    }

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D q = ExpReduction.Reduce<S, F, D>(x, out D scale);
            return S.Fma(scale, q, S.Subtract(scale, S.CreateD(1.0)));
        }
    }
}
