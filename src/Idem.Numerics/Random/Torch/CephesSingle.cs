// The float32 log and sincos inside PyTorch's AVX2 normal_: the Cephes approximations in the form of avx_mathfun (Pommier
// 2007, Garberoglio 2012), with a*b+c contracted as the compiler of the official builds contracts it. They are NOT correctly
// rounded; they are spelled out here, one lane at a time, only so that a PyTorch seed gives PyTorch's bits.
// What may never change: every operation, its order, and which of them are fused. Constants are Cephes's.

namespace Idem.Numerics.Random;

internal static class CephesSingle
{
    /// <summary>log(x) for normal positive x.</summary>
    public static float Log(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        float exponent = (int)(bits >> 23) - 0x7F + 1f;
        x = BitConverter.UInt32BitsToSingle((bits & 0x807FFFFF) | 0x3F000000); // significand in [0.5, 1)
        if (x < (float)0.707106781186547524)
        {
            exponent -= 1f;
            x = (x - 1f) + x;
        }
        else
        {
            x -= 1f;
        }

        float square = x * x;
        float y = (float)7.0376836292E-2;
        y = Fma.Single(y, x, (float)-1.1514610310E-1);
        y = Fma.Single(y, x, (float)1.1676998740E-1);
        y = Fma.Single(y, x, (float)-1.2420140846E-1);
        y = Fma.Single(y, x, (float)1.4249322787E-1);
        y = Fma.Single(y, x, (float)-1.6668057665E-1);
        y = Fma.Single(y, x, (float)2.0000714765E-1);
        y = Fma.Single(y, x, (float)-2.4999993993E-1);
        y = Fma.Single(y, x, (float)3.3333331174E-1);
        y *= x;
        y = Fma.Single(y, square, exponent * (float)-2.12194440e-4);
        y -= square * 0.5f;
        x += y;
        return Fma.Single(exponent, 0.693359375f, x);
    }

    /// <summary>sin(x) and cos(x) for 0 &lt;= x &lt; 8192.</summary>
    public static (float Sin, float Cos) SinCos(float x)
    {
        int octant = ((int)(x * (float)1.27323954473516) + 1) & ~1;
        float turns = octant;
        x = Fma.Single(turns, -0.78515625f, x);
        x = Fma.Single(turns, (float)-2.4187564849853515625e-4, x);
        x = Fma.Single(turns, (float)-3.77489497744594108e-8, x);

        float square = x * x;
        float cosine = (float)2.443315711809948E-005;
        cosine = Fma.Single(cosine, square, (float)-1.388731625493765E-003);
        cosine = Fma.Single(cosine, square, (float)4.166664568298827E-002);
        cosine *= square;
        cosine = Fma.Single(cosine, square, -(square * 0.5f));
        cosine += 1f;

        float sine = (float)-1.9515295891E-4;
        sine = Fma.Single(sine, square, (float)8.3321608736E-3);
        sine = Fma.Single(sine, square, (float)-1.6666654611E-1);
        sine *= square;
        sine = Fma.Single(sine, x, x);

        (float sin, float cos) = (octant & 2) == 0 ? (sine, cosine) : (cosine, sine);
        // Adding +0 is what the blend by masks does: it turns -0 into +0.
        return (Signed(sin + 0f, (octant & 4) != 0), Signed(cos + 0f, (~(octant - 2) & 4) != 0));
    }

    private static float Signed(float x, bool flip) => flip ? -x : x;
}
