// Coefficients of erf(c + t) = E + t (D + t (C2 + t (C3 + ..))) at c = j/8, j a lane of two vectors; E, D and C2 in pairs of float32.
// C3 to C6 interpolate at Chebyshev's nodes for |t| up to 1/16 (at c = 0 in t^2), rounded;
// the pairs then make the error of the rounded polynomial least.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Functions;

internal static class ErfCoefficients512
{
    public static Vector512<float> E
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, 0.1403162f, 0.2763264f, 0.4041169f, 0.5204999f, 0.6232409f, 0.71115565f, 0.7840751f,
            0.8427008f, 0.8883882f, 0.92290014f, 0.94817007f, 0.96610516f, 0.97844374f, 0.9866717f, 0.99199003f);
    }

    public static Vector512<float> EUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.9953223f, 0.997346f, 0.9985373f, 0.99921703f, 0.999593f, 0.9997946f, 0.9998994f, 0.99995214f,
            0.9999779f, 0.9999901f, 0.9999957f, 0.9999982f, 0.9999993f, 0.9999997f, 0.9999999f, 0.99999994f);
    }

    public static Vector512<float> ELow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, 1.5647456e-9f, 2.0476882e-9f, 1.06598e-8f, -7.2692106e-9f, -5.9303527e-9f, -1.9346365e-8f, -2.0288555e-8f,
            1.35116585e-8f, 1.5206153e-8f, -1.2029064e-8f, 6.902259e-9f, -1.6622066e-8f, -8.558428e-9f, -1.4953303e-8f, 2.7858265e-8f);
    }

    public static Vector512<float> ELowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -2.206372e-8f, -1.33415705e-8f, -1.8603895e-8f, 2.8395878e-8f, 2.8497086e-8f, 2.1869754e-8f, -9.281739e-9f, 7.690011e-9f,
            2.2826212e-8f, -2.363593e-9f, -1.12450405e-8f, -2.7142084e-8f, -2.7842635e-8f, 2.8830314e-9f, 5.482033e-9f, 1.70907e-8f);
    }

    public static Vector512<float> D
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            1.1283792f, 1.1108853f, 1.0600141f, 0.9803528f, 0.8787826f, 0.76349956f, 0.64293104f, 0.52474505f,
            0.4151075f, 0.31827396f, 0.23652112f, 0.17035978f, 0.11893029f, 0.08047226f, 0.052774996f, 0.03354583f);
    }

    public static Vector512<float> DUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.020666985f, 0.01234082f, 0.007142319f, 0.004006478f, 0.0021782843f, 0.0011478751f, 0.0005862772f, 0.0002902283f,
            0.00013925305f, 6.4758686e-5f, 2.9189026e-5f, 1.2751741e-5f, 5.399427e-6f, 2.2159204e-6f, 8.814323e-7f, 3.3982244e-7f);
    }

    public static Vector512<float> DLow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -5.8662966e-8f, 6.9385186e-9f, 5.904018e-10f, -9.442962e-9f, 8.627724e-9f, -2.2119067e-8f, 2.5211637e-8f, -1.6711438e-9f,
            8.885677e-9f, -2.9838327e-9f, -2.382889e-9f, -1.7316298e-9f, 1.5153196e-9f, -1.7291358e-9f, 3.1963085e-10f, -9.627812e-10f);
    }

    public static Vector512<float> DLowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            4.900231e-10f, 2.0331072e-10f, 1.3797863e-10f, -1.4067321e-10f, -1.0659797e-10f, 3.3746644e-11f, 2.825308e-11f, -2.9872914e-13f,
            5.475954e-13f, -8.092385e-13f, 1.9238046e-14f, 1.8078302e-14f, -5.0021703e-14f, 8.619829e-14f, -2.431124e-15f, -1.2430865e-15f);
    }

    public static Vector512<float> C2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, -0.13886066f, -0.26500353f, -0.3676323f, -0.4393913f, -0.47718722f, -0.4821983f, -0.45915192f,
            -0.4151075f, -0.3580582f, -0.2956514f, -0.23424469f, -0.17839544f, -0.13076742f, -0.09235624f, -0.06289843f);
    }

    public static Vector512<float> C2Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.04133397f, -0.026224244f, -0.016070217f, -0.009515385f, -0.0054457104f, -0.0030131722f, -0.0016122625f, -0.0008344063f,
            -0.00041775915f, -0.00020237088f, -9.4864336e-5f, -4.3037126e-5f, -1.8897994e-5f, -8.032711e-6f, -3.305371e-6f, -1.3168118e-6f);
    }

    public static Vector512<float> C2Low
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, -8.3321733e-10f, -1.7376217e-10f, -3.8871266e-9f, -4.211104e-9f, 6.507524e-9f, -3.8929286e-9f, 8.999384e-9f,
            -8.800822e-9f, 1.08521885e-8f, 2.9673108e-9f, 4.9853044e-10f, 1.3533208e-9f, -9.727041e-10f, -6.363111e-10f, -1.0372009e-9f);
    }

    public static Vector512<float> C2LowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -1.0199686e-9f, 5.9202393e-10f, -8.9563007e-10f, 2.2579227e-10f, -1.9373422e-10f, -1.9066212e-11f, 2.1346458e-11f, -1.9140179e-11f,
            -9.5540485e-12f, -5.264488e-12f, 2.5672504e-12f, -1.0580881e-13f, -1.4798243e-13f, -3.1396473e-13f, 1.090025e-13f, 1.788184e-14f);
    }

    public static Vector512<float> C3
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.37612617f, -0.35872304f, -0.30917057f, -0.23487613f, -0.14646384f, -0.055672027f, 0.02678855f, 0.09292335f,
            0.13836896f, 0.1624522f, 0.16753575f, 0.15793772f, 0.13875207f, 0.1148407f, 0.09015737f, 0.06744116f);
    }

    public static Vector512<float> C3Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.04822301f, 0.03303743f, 0.021724563f, 0.013730532f, 0.008350083f, 0.004890417f, 0.00276038f, 0.0015025289f,
            0.0007890954f, 0.00040001623f, 0.00019580744f, 9.2581584e-5f, 4.229473e-5f, 1.8673323e-5f, 7.969398e-6f, 3.288382e-6f);
    }

    public static Vector512<float> C4
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, 0.06870702f, 0.12698074f, 0.16658324f, 0.18307957f, 0.17645976f, 0.15068693f, 0.11239659f,
            0.069184646f, 0.027973378f, -0.0061593284f, -0.030500554f, -0.044598825f, -0.049718857f, -0.04810222f, -0.0422599f);
    }

    public static Vector512<float> C4Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.034444995f, -0.026360847f, -0.019083397f, -0.013133221f, -0.008622378f, -0.005414294f, -0.0032581126f, -0.0018817582f,
            -0.0010443961f, -0.00055757246f, -0.00028656825f, -0.00014188729f, -6.771735e-5f, -3.1168325e-5f, -1.38410915e-5f, -5.932433e-6f);
    }

    public static Vector512<float> C5
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.11268063f, 0.10401777f, 0.07994273f, 0.045438036f, 0.0073600654f, -0.027318444f, -0.05311684f, -0.067088865f,
            -0.069081046f, -0.06125802f, -0.04715622f, -0.030615624f, -0.014898652f, -0.002177153f, 0.006582974f, 0.011428906f);
    }

    public static Vector512<float> C5Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.013065991f, 0.012482694f, 0.010653083f, 0.008358224f, 0.006121048f, 0.00422253f, 0.0027602224f, 0.001716876f,
            0.0010192177f, 0.000578784f, 0.00031496014f, 0.0001644732f, 8.25146e-5f, 3.98081e-5f, 1.8482437e-5f, 8.263875e-6f);
    }

    public static Vector512<float> C6
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, -0.022624508f, -0.04046644f, -0.050029825f, -0.049973153f, -0.041299153f, -0.026856769f, -0.010380376f,
            0.0045796908f, 0.015495645f, 0.02126235f, 0.022132117f, 0.019310018f, 0.014410828f, 0.008968021f, 0.004114953f);
    }

    public static Vector512<float> C6Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.00047013376f, -0.0018119602f, -0.002897525f, -0.003110016f, -0.0027967056f, -0.0022465945f, -0.001657934f, -0.0011410005f,
            -0.000738962f, -0.00045307563f, -0.00026408673f, -0.00014678396f, -7.797859e-5f, -3.9666567e-5f, -1.934888e-5f, -9.0611275e-6f);
    }
}
