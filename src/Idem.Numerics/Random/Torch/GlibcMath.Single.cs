// glibc's float32 logf, expf and erff (2.36, logf and expf in the variants for processors with FMA), spelled out: PyTorch's
// erfinv, and so trunc_normal_, takes them from libm. See GlibcMath.Log.cs.
// logf and expf: Arm's optimized routines (Szabolcs Nagy, MIT); erff: fdlibm (Sun, 1993).
// What may never change: every operation, its order, and which of them are fused.

namespace Idem.Numerics.Random;

internal static partial class GlibcMath
{
    private static readonly ulong[] LogSingleReciprocals =
    [
        0x3FF661EC79F8F3BE, 0x3FF571ED4AAF883D, 0x3FF49539F0F010B0, 0x3FF3C995B0B80385,
        0x3FF30D190C8864A5, 0x3FF25E227B0B8EA0, 0x3FF1BB4A4A1A343F, 0x3FF12358F08AE5BA,
        0x3FF0953F419900A7, 0x3FF0000000000000, 0x3FEE608CFD9A47AC, 0x3FECA4B31F026AA0,
        0x3FEB2036576AFCE6, 0x3FE9C2D163A1AA2D, 0x3FE886E6037841ED, 0x3FE767DCF5534862,
    ];

    private static readonly (double Reciprocal, double Log)[] LogSingleTable =
        Array.ConvertAll(LogSingleReciprocals, bits => (Bits(bits), GlibcTables.LogOfReciprocal(Bits(bits))));

    private static readonly ulong[] PowerTable = GlibcTables.PowersOfTwo32nds();

    /// <summary>glibc's logf of a positive normal float32.</summary>
    public static float LogSingle(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        if (bits == 0x3F800000)
        {
            return 0;
        }

        uint offset = bits - 0x3F330000;
        (double reciprocal, double logC) = LogSingleTable[offset >> 19 & 15];
        double exponent = (int)offset >> 23;
        double z = BitConverter.UInt32BitsToSingle(bits - (offset & 0xFF800000));
        double r = Fma.Double(z, reciprocal, -1);
        double y0 = Fma.Double(exponent, Bits(0x3FE62E42FEFA39EF), logC); // ln 2
        double y = Fma.Double(Bits(0x3FD5575B0BE00B6A), r, Bits(0xBFDFFFFEF20A4123));
        double r2 = r * r;
        y = Fma.Double(r2, Bits(0xBFD00EA348B88334), y);
        return (float)Fma.Double(r2, y, r + y0);
    }

    /// <summary>glibc's expf for |x| &lt; 88.</summary>
    public static float ExpSingle(float x)
    {
        const double Shift = 6755399441055744.0; // 1.5 * 2^52
        double scale = Bits(0x40471547652B82FE); // 32 / ln 2
        double shifted = Fma.Double(scale, x, Shift);
        ulong index = BitConverter.DoubleToUInt64Bits(shifted);
        double r = Fma.Double(scale, x, -(shifted - Shift));
        double power = Bits(PowerTable[index & 31] + (index << 47));
        double p = Fma.Double(Bits(0x3EBC6AF84B912394), r, Bits(0x3F2EBFCE50FAC4F3));
        double q = Fma.Double(r, Bits(0x3F962E42FF0C52D6), 1);
        return (float)(Fma.Double(p, r * r, q) * power);
    }

    /// <summary>glibc's erff for finite x. No operation is fused: this function has no variant for FMA.</summary>
    public static float ErfSingle(float x)
    {
        float magnitude = MathF.Abs(x);
        uint bits = BitConverter.SingleToUInt32Bits(magnitude);
        if (bits < 0x3F580000) // 0.84375
        {
            if (bits < 0x31800000) // 2^-28
            {
                return bits < 0x04000000 ? 0.0625f * (16f * x + 16f * 1.2837916613e-01f * x) : x + 1.2837916613e-01f * x;
            }

            float square = x * x;
            return x + x * (Horner(square, ErfSmallNumerator) / Horner(square, ErfSmallDenominator));
        }

        if (bits < 0x3FA00000) // 1.25
        {
            float distance = magnitude - 1f;
            float ratio = Horner(distance, ErfNearOneNumerator) / Horner(distance, ErfNearOneDenominator);
            return x >= 0 ? 8.4506291151e-01f + ratio : -8.4506291151e-01f - ratio;
        }

        if (bits >= 0x40C00000) // 6
        {
            return x >= 0 ? 1f - 1e-30f : 1e-30f - 1f;
        }

        float s = 1f / (magnitude * magnitude);
        bool middle = bits < 0x4036DB6E; // 1/0.35
        float r = Horner(s, middle ? ErfMiddleNumerator : ErfLargeNumerator);
        float d = Horner(s, middle ? ErfMiddleDenominator : ErfLargeDenominator);
        float z = BitConverter.UInt32BitsToSingle(bits & 0xFFFFF000);
        float tail = ExpSingle(-z * z - 0.5625f) * ExpSingle((z - magnitude) * (z + magnitude) + r / d);
        return x >= 0 ? 1f - tail / magnitude : tail / magnitude - 1f;
    }

    private static float Horner(float x, float[] coefficients)
    {
        float y = coefficients[^1];
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            y = coefficients[i] + x * y;
        }

        return y;
    }

    private static readonly float[] ErfSmallNumerator =
        [1.2837916613e-01f, -3.2504209876e-01f, -2.8481749818e-02f, -5.7702702470e-03f, -2.3763017452e-05f];

    private static readonly float[] ErfSmallDenominator =
        [1f, 3.9791721106e-01f, 6.5022252500e-02f, 5.0813062117e-03f, 1.3249473704e-04f, -3.9602282413e-06f];

    private static readonly float[] ErfNearOneNumerator =
    [
        -2.3621185683e-03f, 4.1485610604e-01f, -3.7220788002e-01f, 3.1834661961e-01f, -1.1089469492e-01f, 3.5478305072e-02f,
        -2.1663755178e-03f,
    ];

    private static readonly float[] ErfNearOneDenominator =
    [
        1f, 1.0642088205e-01f, 5.4039794207e-01f, 7.1828655899e-02f, 1.2617121637e-01f, 1.3637083583e-02f, 1.1984500103e-02f,
    ];

    private static readonly float[] ErfMiddleNumerator =
    [
        -9.8649440333e-03f, -6.9385856390e-01f, -1.0558626175e+01f, -6.2375331879e+01f, -1.6239666748e+02f,
        -1.8460508728e+02f, -8.1287437439e+01f, -9.8143291473e+00f,
    ];

    private static readonly float[] ErfMiddleDenominator =
    [
        1f, 1.9651271820e+01f, 1.3765776062e+02f, 4.3456588745e+02f, 6.4538726807e+02f, 4.2900814819e+02f, 1.0863500214e+02f,
        6.5702495575e+00f, -6.0424413532e-02f,
    ];

    private static readonly float[] ErfLargeNumerator =
    [
        -9.8649431020e-03f, -7.9928326607e-01f, -1.7757955551e+01f, -1.6063638306e+02f, -6.3756646729e+02f,
        -1.0250950928e+03f, -4.8351919556e+02f,
    ];

    private static readonly float[] ErfLargeDenominator =
    [
        1f, 3.0338060379e+01f, 3.2579251099e+02f, 1.5367296143e+03f, 3.1998581543e+03f, 2.5530502930e+03f, 4.7452853394e+02f,
        -2.2440952301e+01f,
    ];
}
