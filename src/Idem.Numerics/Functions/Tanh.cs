// tanh x = E/(E+2) with E = e^(2|x|)-1, correctly rounded; above 10 the result is 1.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>The hyperbolic tangent; tanh(+-0) = +-0, tanh(+-inf) = +-1, tanh(NaN) = NaN.</summary>
internal readonly struct TanhFunction : IFloat32Function
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F y = S.Apply<Core>(FunctionLanes.AtMost<S, F, D>(FunctionLanes.Abs<S, F, D>(x), 10f));
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
            D q = ExpReduction.Reduce<S, F, D>(S.Add(x, x), out D scale);
            D e = S.Fma(scale, q, S.Subtract(scale, S.CreateD(1.0)));
            return S.Divide(e, S.Add(e, S.CreateD(2.0)));
        }
    }
}
