// The error function, correctly rounded. Two polynomials: x Q(x^2) below 1, and one in x - 2.46875 up to 3.9375, from where
// the result is 1. Both are minimax fits with errors below 2^-57 of the result. This float64 evaluation (Core) is the one that
// decides; ErfTable agrees with it wherever it dares to answer.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>erf x; erf(+-0) = +-0, erf(+-inf) = +-1, erf(NaN) = NaN.</summary>
internal readonly struct ErfFunction : IFloat32Function, IQuickFunction
{
    private const double TwoOverSqrtPi = 1.1283791670955126;
    private const double TwoOverSqrtPiLow = 1.533545961316588E-17;
    private const double Center = 2.46875;
    private const double AtCenter = 0.9995193952912413;
    private const float Saturation = 3.9375f;
    private const double AtCenterLow = 5.3457770552659906E-17;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (ErfTable.IsSupported<S>())
        {
            F y = Group.Evaluate<F, ErfTable>(x, out ulong open);
            return open == 0 ? y : DecideApart<S, F, D>(x);
        }

        return Evaluate<S, F, D>(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Evaluate<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        FunctionLanes.WithSign<S, F, D>(S.Apply<Core>(FunctionLanes.AtMost<S, F, D>(FunctionLanes.Abs<S, F, D>(x), Saturation)), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IQuickFunction.IsQuick<S>() => ErfTable.IsSupported<S>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Argument<S, F, D>(F x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Quick<S, F, D>(F x, out ulong open) => Group.Evaluate<F, ErfTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Four<F> IQuickFunction.Quick<S, F, D>(Four<F> x, out ulong open) => Group.Evaluate<F, ErfTable>(x, out open);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    F IQuickFunction.Decide<S, F, D>(F x) => Evaluate<S, F, D>(x);

    /// <summary>Few vectors: not inlined.</summary>
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
            where D : struct => S.Select(S.LessThan(x, S.CreateD(1.0)), Inner<S, F, D>(x), Outer<S, F, D>(x));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static D Inner<S, F, D>(D x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D x2 = S.Multiply(x, x);
        D x4 = S.Multiply(x2, x2);
        D even = S.Fma(S.CreateD(-1.134140682879385E-09), x4, S.CreateD(-1.634912799241628E-07));
        D odd = S.Fma(S.CreateD(5.903872792296453E-11), x4, S.CreateD(1.4651699077278301E-08));
        even = S.Fma(even, x4, S.CreateD(-1.4925588665456805E-05));
        odd = S.Fma(odd, x4, S.CreateD(1.6460891109466064E-06));
        even = S.Fma(even, x4, S.CreateD(-0.0008548326974150297));
        odd = S.Fma(odd, x4, S.CreateD(0.00012055330849748771));
        even = S.Fma(even, x4, S.CreateD(-0.026866170645068077));
        odd = S.Fma(odd, x4, S.CreateD(0.0052239776247142095));
        even = S.Fma(even, x4, S.CreateD(-0.3761263890318375));
        odd = S.Fma(odd, x4, S.CreateD(0.1128379167095485));
        D q = S.Fma(odd, x2, even);
        D low = S.Multiply(x, S.Fma(q, x2, S.CreateD(TwoOverSqrtPiLow)));
        return S.Fma(x, S.CreateD(TwoOverSqrtPi), low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static D Outer<S, F, D>(D x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D t = S.Subtract(x, S.CreateD(Center));
        D t2 = S.Multiply(t, t);
        D even = S.Fma(S.CreateD(3.56103713486372E-15), t2, S.CreateD(-1.3162163024603508E-14));
        D odd = S.Fma(S.CreateD(-3.830090115342111E-14), t2, S.CreateD(1.0328110180711845E-12));
        even = S.Fma(even, t2, S.CreateD(-2.0463738508654366E-12));
        odd = S.Fma(odd, t2, S.CreateD(-1.1723840081965286E-11));
        even = S.Fma(even, t2, S.CreateD(5.506899736826296E-11));
        odd = S.Fma(odd, t2, S.CreateD(1.6985077704109397E-11));
        even = S.Fma(even, t2, S.CreateD(-7.02139232522459E-10));
        odd = S.Fma(odd, t2, S.CreateD(1.5921651964254385E-09));
        even = S.Fma(even, t2, S.CreateD(3.6124609005692562E-09));
        odd = S.Fma(odd, t2, S.CreateD(-2.616207042384166E-08));
        even = S.Fma(even, t2, S.CreateD(3.206479472014072E-08));
        odd = S.Fma(odd, t2, S.CreateD(1.6599272373117448E-07));
        even = S.Fma(even, t2, S.CreateD(-7.278504940109158E-07));
        odd = S.Fma(odd, t2, S.CreateD(5.02503366367183E-07));
        even = S.Fma(even, t2, S.CreateD(4.542821475611091E-06));
        odd = S.Fma(odd, t2, S.CreateD(-1.5960376585049067E-05));
        even = S.Fma(even, t2, S.CreateD(1.0771455854588307E-05));
        odd = S.Fma(odd, t2, S.CreateD(7.608727085756833E-05));
        even = S.Fma(even, t2, S.CreateD(-0.0002745371723812722));
        odd = S.Fma(odd, t2, S.CreateD(0.00033449319514900784));
        even = S.Fma(even, t2, S.CreateD(0.00046815679969015286));
        odd = S.Fma(odd, t2, S.CreateD(-0.0029093573586203322));
        even = S.Fma(even, t2, S.CreateD(0.006652712616292023));
        odd = S.Fma(odd, t2, S.CreateD(-0.009619765244645409));
        even = S.Fma(even, t2, S.CreateD(0.009489351875978025));
        odd = S.Fma(odd, t2, S.CreateD(-0.006280960431787097));
        even = S.Fma(even, t2, S.CreateD(0.002544186504014996));
        D p = S.Fma(odd, t, even);
        return S.Add(S.CreateD(AtCenter), S.Fma(p, t, S.CreateD(AtCenterLow)));
    }
}
