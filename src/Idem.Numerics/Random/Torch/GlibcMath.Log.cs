// glibc's double log and log1p (2.36, the variants for processors with FMA), spelled out: PyTorch takes both from libm, they
// are not correctly rounded, and float64 draws and the cached normal in a generator's state show every bit.
// log: the algorithm of Arm's optimized routines (Szabolcs Nagy, MIT); log1p: fdlibm's (Sun, 1993), as reordered in glibc.
// What may never change: every operation, its order, and which of them are fused.

namespace Idem.Numerics.Random;

/// <summary>The functions of libm that decide bits of PyTorch's CPU draws. Not for anything else.</summary>
internal static partial class GlibcMath
{
    // Significands in [0x1.6p-1, 0x1.6p0) fall into 128 intervals; 1/c for a point c near each centre, chosen by the
    // algorithm's author so that log(c) is almost exactly a multiple of 2^-43. The logarithms are computed from them.
    private static readonly ulong[] LogReciprocals =
    [
        0x3FF734F0C3E0DE9F, 0x3FF713786A2CE91F, 0x3FF6F26008FAB5A0, 0x3FF6D1A61F138C7D,
        0x3FF6B1490BC5B4D1, 0x3FF69147332F0CBA, 0x3FF6719F18224223, 0x3FF6524F99A51ED9,
        0x3FF63356AA8F24C4, 0x3FF614B36B9DDC14, 0x3FF5F66452C65C4C, 0x3FF5D867B5912C4F,
        0x3FF5BABCCB5B90DE, 0x3FF59D61F2D91A78, 0x3FF5805612465687, 0x3FF56397CEE76BD3,
        0x3FF54725E2A77F93, 0x3FF52AFF42064583, 0x3FF50F22DBB2BDDF, 0x3FF4F38F4734DED7,
        0x3FF4D843CFDE2840, 0x3FF4BD3EC078A3C8, 0x3FF4A27FC3E0258A, 0x3FF4880524D48434,
        0x3FF46DCE1B192D0B, 0x3FF453D9D3391854, 0x3FF43A2744B4845A, 0x3FF420B54115F8FB,
        0x3FF40782DA3EF4B1, 0x3FF3EE8F5D57FE8F, 0x3FF3D5D9A00B4CE9, 0x3FF3BD60C010C12B,
        0x3FF3A5242B75DAB8, 0x3FF38D22CD9FD002, 0x3FF3755BC5847A1C, 0x3FF35DCE49AD36E2,
        0x3FF34679984DD440, 0x3FF32F5CCEFFCB24, 0x3FF3187775A10D49, 0x3FF301C8373E3990,
        0x3FF2EB4EBB95F841, 0x3FF2D50A0219A9D1, 0x3FF2BEF9A8B7FD2A, 0x3FF2A91C7A0C1BAB,
        0x3FF293726014B530, 0x3FF27DFA5757A1F5, 0x3FF268B39B1D3BBF, 0x3FF2539D838FF5BD,
        0x3FF23EB7AAC9083B, 0x3FF22A012BA940B6, 0x3FF2157996CC4132, 0x3FF201201DD2FC9B,
        0x3FF1ECF4494D480B, 0x3FF1D8F5528F6569, 0x3FF1C52311577E7C, 0x3FF1B17C74CB26E9,
        0x3FF19E010C2C1AB6, 0x3FF18AB07BB670BD, 0x3FF1778A25EFBCB6, 0x3FF1648D354C31DA,
        0x3FF151B990275FDD, 0x3FF13F0EA432D24C, 0x3FF12C8B7210F9DA, 0x3FF11A3028ECB531,
        0x3FF107FBDA8434AF, 0x3FF0F5EE0F4E6BB3, 0x3FF0E4065D2A9FCE, 0x3FF0D244632CA521,
        0x3FF0C0A77CE2981A, 0x3FF0AF2F83C636D1, 0x3FF09DDB98A01339, 0x3FF08CABAF52E7DF,
        0x3FF07B9F2F4E28FB, 0x3FF06AB58C358F19, 0x3FF059EEA5ECF92C, 0x3FF04949CDD12C90,
        0x3FF038C6C6F0ADA9, 0x3FF02865137932A9, 0x3FF0182427EA7348, 0x3FF008040614B195,
        0x3FEFE01FF726FA1A, 0x3FEFA11CC261EA74, 0x3FEF6310B081992E, 0x3FEF25F63CEEADCD,
        0x3FEEE9C8039113E7, 0x3FEEAE8078CBB1AB, 0x3FEE741AA29D0C9B, 0x3FEE3A91830A99B5,
        0x3FEE01E009609A56, 0x3FEDCA01E577BB98, 0x3FED92F20B7C9103, 0x3FED5CAC66FB5CCE,
        0x3FED272CAA5EDE9D, 0x3FECF26E3E6B2CCD, 0x3FECBE6DA2A77902, 0x3FEC8B266D37086D,
        0x3FEC5894BD5D5804, 0x3FEC26B533BB9F8C, 0x3FEBF583EEECE73F, 0x3FEBC4FD75DB96C1,
        0x3FEB951E0C864A28, 0x3FEB65E2C5EF3E2C, 0x3FEB374867C9888B, 0x3FEB094B211D304A,
        0x3FEADBE885F2EF7E, 0x3FEAAF1D31603DA2, 0x3FEA82E63FD358A7, 0x3FEA5740EF09738B,
        0x3FEA2C2A90AB4B27, 0x3FEA01A01393F2D1, 0x3FE9D79F24DB3C1B, 0x3FE9AE2505C7B190,
        0x3FE9852EF297CE2F, 0x3FE95CBAEEA44B75, 0x3FE934C69DE74838, 0x3FE90D4F2F6752E6,
        0x3FE8E6528EFFD79D, 0x3FE8BFCE9FCC007C, 0x3FE899C0DABEC30E, 0x3FE87427AA2317FB,
        0x3FE84F00ACB39A08, 0x3FE82A49E8653E55, 0x3FE8060195F40260, 0x3FE7E22563E0A329,
        0x3FE7BEB377DCB5AD, 0x3FE79BAA679725C2, 0x3FE77907F2170657, 0x3FE756CADBD6130C,
    ];

    private static readonly (double Reciprocal, double Log)[] LogTable =
        Array.ConvertAll(LogReciprocals, bits => (Bits(bits), GlibcTables.LogOfReciprocalCoarse(Bits(bits))));

    /// <summary>glibc's log of a positive finite normal double; -infinity for zero.</summary>
    public static double Log(double x)
    {
        if (x == 0)
        {
            return double.NegativeInfinity;
        }

        ulong bits = BitConverter.DoubleToUInt64Bits(x);
        if (bits - 0x3FEE000000000000 < 0x3090000000000) // [1 - 2^-4, 1 + 0x1.09p-4)
        {
            return x == 1 ? 0 : LogNearOne(x - 1);
        }

        ulong offset = bits - 0x3FE6000000000000;
        (double reciprocal, double logC) = LogTable[offset >> 45 & 127];
        double exponent = (int)((long)offset >> 52);
        double z = Bits(bits - (offset & 0xFFF0000000000000));
        double r = Fma.Double(z, reciprocal, -1);
        double w = Fma.Double(exponent, Bits(0x3FE62E42FEFA3800), logC); // ln 2, high part
        double high = w + r;
        double low = Fma.Double(exponent, Bits(0x3D2EF35793C76730), (w - high) + r);
        double r2 = r * r;
        double p = Fma.Double(Bits(0xBFCFFFFFFFEB4590), r, Bits(0x3FD555555551305B));
        double q = Fma.Double(r, Bits(0xBFC55575E506C89F), Bits(0x3FC999B324F10111));
        low = Fma.Double(r2, Bits(0xBFE0000000000001), low);
        return Fma.Double(r * r2, Fma.Double(q, r2, p), low) + high;
    }

    private static double LogNearOne(double r)
    {
        double r2 = r * r;
        double r3 = r * r2;
        double p = Fma.Double(Bits(0xBFCFFFFFFFFFFDCB), r, Bits(0x3FD5555555555577));
        double q = Fma.Double(Bits(0x3FC24924A344DE30), r, Bits(0xBFC55555556745A7));
        double s = Fma.Double(Bits(0xBFB999EB43B068FF), r, Bits(0x3FBC7184282AD6CA));
        p = Fma.Double(r2, Bits(0x3FC999999995DD0C), p);
        q = Fma.Double(r2, Bits(0xBFBFFFFFA4423D65), q);
        s = Fma.Double(r2, Bits(0x3FB78182F7AFD085), s);
        s = Fma.Double(r3, Bits(0xBFB5521375D145CD), s);
        double y = Fma.Double(Fma.Double(s, r3, q), r3, p);

        const double Splitter = 134217728.0; // 2^27
        double rHigh = Fma.Double(-Splitter, r, Fma.Double(r, Splitter, r));
        double rLow = r - rHigh;
        double high = Fma.Double(rHigh * rHigh, -0.5, r);
        double low = Fma.Double(rHigh * rHigh, -0.5, r - high);
        low = Fma.Double(-0.5 * rLow, r + rHigh, low);
        return high + Fma.Double(y, r3, low);
    }

    /// <summary>glibc's log1p for x in (-1, 1].</summary>
    public static double Log1P(double x)
    {
        double Ln2High = Bits(0x3FE62E42FEE00000), Ln2Low = Bits(0x3DEA39EF35793C76);
        int top = (int)(BitConverter.DoubleToInt64Bits(x) >> 32);
        int magnitude = top & 0x7FFFFFFF;
        if (magnitude < 0x3E200000) // |x| < 2^-29
        {
            return magnitude < 0x3C900000 ? x : Fma.Double(-(x * x), 0.5, x);
        }

        int k = 0, significand = 1;
        double f = x, correction = 0;
        if (top >= 0x3FDA827A || (top < 0 && top > unchecked((int)0xBFD2BEC3))) // outside (-0.2929, 0.41422)
        {
            double u = 1 + x;
            int uTop = (int)(BitConverter.DoubleToInt64Bits(u) >> 32);
            k = (uTop >> 20) - 1023;
            correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
            significand = uTop & 0xFFFFF;
            int normalized = significand | 0x3FF00000;
            if (significand >= 0x6A09E)
            {
                k++;
                normalized = significand | 0x3FE00000;
                significand = (0x100000 - significand) >> 2;
            }

            f = Bits((ulong)(uint)normalized << 32 | (uint)BitConverter.DoubleToInt64Bits(u)) - 1;
        }

        double halfSquare = 0.5 * f * f;
        if (significand == 0) // |f| < 2^-20
        {
            double c = Fma.Double(k, Ln2Low, correction);
            if (f == 0)
            {
                return k == 0 ? 0 : Fma.Double(k, Ln2High, c);
            }

            double tail = Fma.Double(-f, 0.66666666666666666, 1) * halfSquare;
            return k == 0 ? f - tail : Fma.Double(k, Ln2High, -((tail - c) - f));
        }

        double s = f / (2 + f);
        double z = s * s, z2 = z * z, z4 = z2 * z2, z6 = z2 * z4;
        double r2 = Fma.Double(Bits(0x3FD2492494229359), z, Bits(0x3FD999999997FA04));
        double r3 = Fma.Double(Bits(0x3FC7466496CB03DE), z, Bits(0x3FCC71C51D8E78AF));
        double r4 = Fma.Double(Bits(0x3FC2F112DF3E5244), z, Bits(0x3FC39A09D078C69F));
        double r = Fma.Double(z, Bits(0x3FE5555555555593), z2 * r2);
        r = Fma.Double(z6, r4, Fma.Double(z4, r3, r));
        double t = (r + halfSquare) * s;
        return k == 0
            ? f - (halfSquare - t)
            : Fma.Double(k, Ln2High, -((halfSquare - (Fma.Double(k, Ln2Low, correction) + t)) - f));
    }

    private static double Bits(ulong bits) => BitConverter.UInt64BitsToDouble(bits);
}
