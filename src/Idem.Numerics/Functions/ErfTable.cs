// The error function by table, for vectors of 8 float64 that can be looked up by a permutation: eight polynomials of degree 9 in
// x - j*17/32, to 2^-35 of the result. Where that leaves open which float32 is nearest, it says so and ErfFunction decides.
// The table may change, the results may not: all 2^32 inputs are compared.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

/// <summary>erf x for 0 up to 3.9375, or <see cref="Undecided"/> where the polynomial is too near to the middle between two float32.</summary>
internal readonly struct ErfTable : IFloat64Function
{
    /// <summary>What stands for a result left open: no value of erf.</summary>
    public const float Undecided = 2f;

    private const double Spacing = 0.53125;
    private const double InverseSpacing = 1 / Spacing;
    private const double Shift = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer, left in the low bits
    private const long BelowFloat32 = (1L << 29) - 1; // the bits of a float64 that float32 lacks
    private const long Middle = 1L << 28;
    private const long Margin = 1L << 18; // 2^-34 of the result, at least

    public static bool IsSupported => Avx512F.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static D Invoke<S, F, D>(D x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D shifted = S.Fma(x, S.CreateD(InverseSpacing), S.CreateD(Shift));
        D j = S.Subtract(shifted, S.CreateD(Shift));
        D t = S.Fma(j, S.CreateD(-Spacing), x); // exact
        D t2 = S.Multiply(t, t);
        D odd = S.Fma(Look(C9, shifted), t2, Look(C7, shifted));
        D even = S.Fma(Look(C8, shifted), t2, Look(C6, shifted));
        odd = S.Fma(odd, t2, Look(C5, shifted));
        even = S.Fma(even, t2, Look(C4, shifted));
        odd = S.Fma(odd, t2, Look(C3, shifted));
        even = S.Fma(even, t2, Look(C2, shifted));
        odd = S.Fma(odd, t2, Look(C1, shifted));
        even = S.Fma(even, t2, Look(C0, shifted));
        D y = S.Fma(odd, t, even);

        // The bits below float32, as a (subnormal) float64: near to the middle or not.
        D rest = S.And(S.AddBits(y, S.CreateD(Margin - Middle)), S.CreateD(BelowFloat32));
        return S.Select(S.LessThan(rest, S.CreateD(2 * Margin)), S.CreateD((double)Undecided), y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static D Look(Vector512<double> table, D index) =>
            Unsafe.BitCast<Vector512<double>, D>(Avx512F.PermuteVar8x64(table, Unsafe.BitCast<D, Vector512<long>>(index))); // its low 3 bits
    }

    private static Vector512<double> C9
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.00510498195557203, -0.002532221955592284, -0.0011201721106522168, 0.0014865827320019367,
            -0.00027322030254195293, -0.00013221807441045376, 2.584899118238074E-05, 7.762935582015756E-06);
    }

    private static Vector512<double> C8
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0, 0.009130244073996029, -0.005405603491120832, -0.0010406456901749378,
            0.0013613950278282129, 7.16644361254234E-06, -9.642597502700748E-05, -1.3323979046993163E-05);
    }

    private static Vector512<double> C7
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.026860945301574058, 0.007829328040947025, 0.012537865576633316, -0.005987545288067911,
            -0.0018702762170515913, 0.0006845619715172683, 0.00021456106793121512, 1.9199416499396316E-05);
    }

    private static Vector512<double> C6
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0, -0.04857568130867742, 0.010672139667615661, 0.0157513383687489,
            -0.0018200517039974283, -0.002098077110258859, -0.0003473731757448855, -2.3137287922154016E-05);
    }

    private static Vector512<double> C5
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.11283784309605589, -0.0019317478173694169, -0.06628046075250431, -0.004963408126872982,
            0.012495508229934036, 0.0038106005304367084, 0.0004277303492740411, 2.23411304253877E-05);
    }

    private static Vector512<double> C4
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0, 0.18349698059194344, 0.04795916628642619, -0.04916764573136654,
            -0.026360862765714678, -0.0047874145925278075, -0.00040161485188389384, -1.7012477177063897E-05);
    }

    private static Vector512<double> C3
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.37612638886957106, -0.12353763205052204, 0.15299313939217402, 0.12102562561786295,
            0.03303740496031941, 0.004253481274697266, 0.0002810917981209183, 9.89146056792901E-06);
    }

    private static Vector512<double> C2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0, -0.4520480086856823, -0.38770932479191195, -0.14182418817471823,
            -0.026224243502186984, -0.002585163802549383, -0.00013912509134138905, -4.139513655605791E-06);
    }

    private static Vector512<double> C1
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1.1283791670955126, 0.8509139048952095, 0.36490289117783165, 0.08898772635612757,
            0.01234082061465253, 0.0009732380744197472, 4.3647087025319965E-05, 1.1131472479266699E-06);
    }

    private static Vector512<double> C0
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0, 0.5475284453949043, 0.8670582694390658, 0.9757977205890952,
            0.9973459706400897, 0.9998276970149209, 0.999993449849226, 0.9999998552431045);
    }
}
