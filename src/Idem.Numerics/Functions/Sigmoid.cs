// 1/(1+e^-x), correctly rounded. Near zero it is 1/2 + x/4 - x^3/48: where x/4 lies half way between two float32 beside 1/2,
// float64 cannot see the cubic term. There x/4 shrunk by 2^-27 decides: it crosses no other midpoint, as x has 24 bits.
// This float64 evaluation is the one that decides; SigmoidTable agrees with it wherever it dares to answer.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>1/(1+e^-x); sigmoid(-inf) = +0, sigmoid(+inf) = 1, sigmoid(NaN) = NaN.</summary>
internal readonly struct SigmoidFunction : IFloat32Function, IQuickFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F y = S.Apply<Core>(FunctionLanes.Clamp<S, F, D>(x, -104f, 40f));
        return FunctionLanes.Repair<S, F, D>(x, y, 0xBA928601, 0x3EFFDB5F);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => SigmoidTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Group.Evaluate<F, SigmoidTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open) => Group.Evaluate<F, SigmoidTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Invoke<S, F, D>(x);

    private const double QuarterShrunk = 0.25 * (1 - (1.0 / (1 << 27)));

    private readonly struct Core : IFloat64Function
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static D Invoke<S, F, D>(D x)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            D q = ExpReduction.Reduce<S, F, D>(S.Xor(x, S.CreateD(-0.0)), out D scale);
            D denominator = S.Fma(scale, q, S.Add(scale, S.CreateD(1.0)));
            D y = S.Divide(S.CreateD(1.0), denominator);
            D nearHalf = S.Fma(x, S.CreateD(QuarterShrunk), S.CreateD(0.5));
            D isSmall = S.LessThan(S.AndNot(x, S.CreateD(-0.0)), S.CreateD(1.0 / 8192));
            return S.Select(isSmall, nearHalf, y);
        }
    }
}
