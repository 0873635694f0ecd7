// Coefficients of erf(c + t) = E + t (D + t (C2 + t (C3 + ..))) at c = j/8, j a lane of two vectors; E, D and C2 in pairs of float32.
// E and D are erf and its derivative at c; the others interpolate at Chebyshev's nodes for |t| up to 1/16.

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
            0f, 1.5647539e-09f, 2.0475857e-09f, 1.0659722e-08f, -7.269198e-09f, -5.930326e-09f, -1.9346363e-08f, -2.028856e-08f,
            1.3511696e-08f, 1.5206194e-08f, -1.2029034e-08f, 6.9022685e-09f, -1.662207e-08f, -8.558417e-09f, -1.4953303e-08f, 2.7858261e-08f);
    }

    public static Vector512<float> ELowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -2.206372e-08f, -1.3341569e-08f, -1.8603894e-08f, 2.8395878e-08f, 2.8497082e-08f, 2.1869754e-08f, -9.281739e-09f, 7.690011e-09f,
            2.2826214e-08f, -2.3635924e-09f, -1.124504e-08f, -2.7142084e-08f, -2.7842635e-08f, 2.8830314e-09f, 5.482033e-09f, 1.70907e-08f);
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
            0.00013925305f, 6.4758686e-05f, 2.9189025e-05f, 1.27517405e-05f, 5.3994268e-06f, 2.2159202e-06f, 8.814322e-07f, 3.3982238e-07f);
    }

    public static Vector512<float> DLow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -5.8635383e-08f, 7.1073436e-09f, 6.9111666e-10f, -9.420004e-09f, 8.573354e-09f, -2.221135e-08f, 2.5093492e-08f, -1.8022895e-09f,
            8.788392e-09f, -3.0432676e-09f, -2.392492e-09f, -1.736488e-09f, 1.5644611e-09f, -1.6910661e-09f, 3.6473594e-10f, -9.315007e-10f);
    }

    public static Vector512<float> DLowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            5.1286453e-10f, 2.1987731e-10f, 1.4369514e-10f, -1.4248733e-10f, -1.0925405e-10f, 2.9233744e-11f, 2.3901638e-11f, -3.895567e-12f,
            -1.9838402e-12f, -2.5320063e-12f, 7.391435e-13f, 2.5804852e-13f, 2.2791632e-14f, 1.08392496e-13f, 5.325498e-15f, 3.543984e-15f);
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
            -0.00041775915f, -0.00020237088f, -9.4864336e-05f, -4.3037126e-05f, -1.8897994e-05f, -8.032711e-06f, -3.3053707e-06f, -1.3168118e-06f);
    }

    public static Vector512<float> C2Low
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, -8.7798774e-10f, -1.5473939e-10f, -3.8971484e-09f, -4.267979e-09f, 6.4439587e-09f, -3.9146686e-09f, 9.024155e-09f,
            -8.797277e-09f, 1.0863035e-08f, 2.980011e-09f, 5.170926e-10f, 1.3741968e-09f, -9.783856e-10f, -6.369329e-10f, -1.0447437e-09f);
    }

    public static Vector512<float> C2LowUpper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -1.0227684e-09f, 5.83074e-10f, -9.035291e-10f, 2.2309929e-10f, -1.9203976e-10f, -1.8465578e-11f, 2.1416794e-11f, -1.81563e-11f,
            -8.851266e-12f, -5.0276085e-12f, 2.9026458e-12f, 2.7743213e-13f, 8.373965e-14f, -2.0300866e-13f, -5.493783e-14f, 4.996135e-14f);
    }

    public static Vector512<float> C3
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.37612638f, -0.35872337f, -0.30917078f, -0.2348762f, -0.14646377f, -0.05567184f, 0.026788795f, 0.092923604f,
            0.13836917f, 0.16245234f, 0.1675358f, 0.1579377f, 0.138752f, 0.11484062f, 0.090157285f, 0.06744109f);
    }

    public static Vector512<float> C3Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.048222966f, 0.033037405f, 0.021724554f, 0.013730533f, 0.008350089f, 0.0048904265f, 0.0027603887f, 0.001502536f,
            0.00078910065f, 0.00040001978f, 0.00019580971f, 9.258295e-05f, 4.229551e-05f, 1.8673745e-05f, 7.9696165e-06f, 3.2884896e-06f);
    }

    public static Vector512<float> C4
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, 0.06870705f, 0.12698078f, 0.16658328f, 0.18307962f, 0.17645979f, 0.15068695f, 0.112396576f,
            0.06918462f, 0.027973348f, -0.0061593554f, -0.030500574f, -0.044598836f, -0.049718857f, -0.048102215f, -0.042259894f);
    }

    public static Vector512<float> C4Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.034444988f, -0.02636084f, -0.019083392f, -0.0131332185f, -0.008622377f, -0.005414294f, -0.0032581128f, -0.0018817589f,
            -0.0010443968f, -0.000557573f, -0.00028656863f, -0.00014188755f, -6.771752e-05f, -3.116842e-05f, -1.3841144e-05f, -5.9324607e-06f);
    }

    public static Vector512<float> C5
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.11283787f, 0.10418162f, 0.08005313f, 0.04547535f, 0.007323207f, -0.02741338f, -0.053242695f, -0.06721585f,
            -0.069184564f, -0.06132368f, -0.047181044f, -0.03060599f, -0.014866301f, -0.0021349369f, 0.0066243536f, 0.01146258f);
    }

    public static Vector512<float> C5Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.0130890915f, 0.012495485f, 0.010657682f, 0.008357395f, 0.0061173504f, 0.0042178817f, 0.002755809f, 0.0017132635f,
            0.0010165472f, 0.00057696126f, 0.000313797f, 0.00016377376f, 8.211615e-05f, 3.959225e-05f, 1.8370922e-05f, 8.208815e-06f);
    }

    public static Vector512<float> C6
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0f, -0.022629974f, -0.040475894f, -0.050040796f, -0.049982954f, -0.041305676f, -0.026859017f, -0.01037858f,
            0.004584347f, 0.015501525f, 0.021267908f, 0.022136277f, 0.019312326f, 0.014411394f, 0.008967311f, 0.004113559f);
    }

    public static Vector512<float> C6Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            0.000468582f, -0.0018133102f, -0.002898501f, -0.0031105964f, -0.0027969608f, -0.002246629f, -0.0016578475f, -0.0011408683f,
            -0.0007388305f, -0.000452967f, -0.00026400696f, -0.00014673037f, -7.79451e-05f, -3.964692e-05f, -1.9337993e-05f, -9.055403e-06f);
    }

    public static Vector512<float> C7
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.026835583f, -0.023969362f, -0.016149832f, -0.005458164f, 0.0053925235f, 0.013888737f, 0.018412f, 0.018576654f,
            0.015143675f, 0.009604779f, 0.0036311166f, -0.0014098255f, -0.0047330414f, -0.006175999f, -0.0060535125f, -0.0049262694f);
    }

    public static Vector512<float> C7Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            -0.0033791792f, -0.0018709528f, -0.0006726186f, 0.00012129274f, 0.0005409437f, 0.0006799737f, 0.00064562325f, 0.0005284751f,
            0.00039065286f, 0.00026663f, 0.00017014318f, 0.00010231078f, 5.8282592e-05f, 3.1573058e-05f, 1.6311116e-05f, 8.053522e-06f);
    }
}
