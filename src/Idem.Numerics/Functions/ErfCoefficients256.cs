// Coefficients of erf(c + t) = E + t (D + t (C2 + t (C3 + ..))) at c = j*17/64, j a lane of two vectors; E, D and C2 in pairs of float32.
// E and D are erf and its derivative at c; the others interpolate at Chebyshev's nodes for |t| up to 17/128.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Functions;

internal static class ErfCoefficients256
{
    public static Vector256<float> E
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, 0.29282326f, 0.54752845f, 0.740237f, 0.8670583f, 0.93965334f, 0.9757977f, 0.9914503f);
    }

    public static Vector256<float> EUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.997346f, 0.9992774f, 0.9998277f, 0.99996406f, 0.99999344f, 0.999999f, 0.9999999f, 1f);
    }

    public static Vector256<float> ELow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, -1.4000726e-08f, -3.2112796e-10f, -1.3486891e-08f, -7.695174e-09f, 1.6409523e-08f, 7.787205e-09f, -2.1510873e-08f);
    }

    public static Vector256<float> ELowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -1.3341569e-08f, -2.1381947e-08f, 1.40427305e-08f, 3.8467487e-09f, 6.3601493e-09f, -2.9144134e-08f, -2.5547603e-08f, -1.753052e-08f);
    }

    public static Vector256<float> D
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            1.1283792f, 1.0515083f, 0.8509139f, 0.5979623f, 0.36490288f, 0.1933731f, 0.08898772f, 0.035561446f);
    }

    public static Vector256<float> DUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.01234082f, 0.0037189806f, 0.0009732381f, 0.0002211717f, 4.3647087e-05f, 7.479908e-06f, 1.113147e-06f, 1.4385472e-07f);
    }

    public static Vector256<float> DLow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -5.8635383e-08f, -2.0710933e-08f, 2.2637783e-08f, 5.5668625e-09f, 7.4099225e-09f, 4.4370148e-09f, 3.3637726e-09f, 1.7667295e-09f);
    }

    public static Vector256<float> DLowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            2.1987731e-10f, 1.1432408e-10f, -1.140202e-11f, -2.3327607e-12f, -2.546859e-13f, 1.1763637e-13f, 5.4606368e-14f, 4.5450996e-15f);
    }

    public static Vector256<float> C2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, -0.2793069f, -0.452048f, -0.47650123f, -0.38770932f, -0.25682366f, -0.14182419f, -0.06612207f);
    }

    public static Vector256<float> C2Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.026224244f, -0.008890688f, -0.0025851636f, -0.00064623606f, -0.00013912508f, -2.5829058e-05f, -4.1395156e-06f, -5.731712e-07f);
    }

    public static Vector256<float> C2Low
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, -8.5158824e-11f, -8.299987e-09f, -1.6424929e-09f, -2.2860365e-09f, 5.9810734e-09f, -3.032476e-09f, 2.8270948e-09f);
    }

    public static Vector256<float> C2LowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            5.8059185e-10f, 1.7775868e-10f, -6.253466e-11f, 2.8396742e-11f, -5.554842e-12f, 8.0566406e-14f, -2.257603e-13f, 1.0214857e-14f);
    }

    public static Vector256<float> C3
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.37612638f, -0.30104217f, -0.12353763f, 0.053820502f, 0.15299314f, 0.16293824f, 0.12102562f, 0.07010999f);
    }

    public static Vector256<float> C3Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.033037405f, 0.0129298745f, 0.004253481f, 0.00118509f, 0.00028109178f, 5.6967343e-05f, 9.891501e-06f, 1.4745343e-06f);
    }

    public static Vector256<float> C4
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, 0.13308446f, 0.18349735f, 0.13738963f, 0.047958836f, -0.022593291f, -0.049167566f, -0.0431397f);
    }

    public static Vector256<float> C4Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.026360828f, -0.012491677f, -0.0047874334f, -0.0015159304f, -0.00040161502f, -8.9748e-05f, -1.7012175e-05f, -2.7464932e-06f);
    }

    public static Vector256<float> C5
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.11283792f, 0.07617243f, -0.0019318977f, -0.059939098f, -0.06628045f, -0.036878787f, -0.004963365f, 0.011052152f);
    }

    public static Vector256<float> C5Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.012495482f, 0.008066204f, 0.0038106039f, 0.0014162167f, 0.0004277316f, 0.000106874206f, 2.2338154e-05f, 3.9348615e-06f);
    }

    public static Vector256<float> C6
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, -0.042232886f, -0.048589982f, -0.020716103f, 0.010684824f, 0.02235123f, 0.015748257f, 0.004654044f);
    }

    public static Vector256<float> C6Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.0018213646f, -0.0030966655f, -0.0020973503f, -0.0009750981f, -0.00034736758f, -9.908201e-05f, -2.3152304e-05f, -4.493183e-06f);
    }

    public static Vector256<float> C7
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.02686584f, -0.0149309505f, 0.007835104f, 0.01898757f, 0.012537328f, 0.00029923095f, -0.005989212f, -0.0051038684f);
    }

    public static Vector256<float> C7Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.0018692941f, 0.0001945818f, 0.0006844367f, 0.0004768351f, 0.00021451342f, 7.231056e-05f, 1.9281593e-05f, 4.1784338e-06f);
    }

    public static Vector256<float> C8
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0f, 0.009974527f, 0.009322844f, 0.0006735714f, -0.0055765063f, -0.004871214f, -0.0009990075f, 0.0013610723f);
    }

    public static Vector256<float> C8Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.0013790017f, 0.0005493595f, -2.6136072e-06f, -0.00013843969f, -9.649512e-05f, -4.1360803e-05f, -1.3066179e-05f, -3.2361986e-06f);
    }

    public static Vector256<float> C9
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            0.0051939236f, 0.0023004664f, -0.0026100795f, -0.0037888791f, -0.0011128552f, 0.0013725241f, 0.0015089825f, 0.00042650802f);
    }

    public static Vector256<float> C9Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            -0.00028644086f, -0.00032759024f, -0.00013052447f, -2.7037154e-06f, 2.6488031e-05f, 1.7553473e-05f, 6.9929306e-06f, 2.0352234e-06f);
    }
}
