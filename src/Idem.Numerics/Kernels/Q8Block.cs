// Blocks of the q8 profile: 32 consecutive elements along the reduction as 8-bit codes with one scale. The scalar methods DEFINE the codes;
// Quantize is the same side by side. What may never change: the block length, the order of rounding.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Quantisation of a block. Definition: <c>arithmetic.md#q8</c>.</summary>
internal static unsafe class Q8Block
{
    /// <summary>Elements of a block, counted from k = 0; the last may be shorter.</summary>
    public const int Length = 32;

    /// <summary>The largest code that values are given; only stored blocks may hold -128.</summary>
    public const float CodeMax = 127f;

    private const float ToInteger = 12582912f; // 1.5 * 2^23: adding it rounds to an integer, to nearest even
    private const int ToIntegerBits = 0x4B400000;

    public static int Count(int k) => MatMulPlan.CeilingDivide(k, Length);

    /// <summary>The scale of a block whose largest magnitude is <paramref name="max"/> (NaN if any element is NaN).</summary>
    /// <param name="max">The largest magnitude.</param>
    /// <param name="isWeight">Scales of weights are rounded to binary16.</param>
    public static float Scale(float max, bool isWeight)
    {
        float scale = max / CodeMax;
        scale = isWeight ? HalfPrecision.WidenFloat16(HalfPrecision.NarrowFloat16(scale)) : scale;
        return float.IsFinite(scale) ? scale : float.NaN;
    }

    /// <summary>The code of an element: x/scale, at most 127 and at least -127, rounded to nearest even; 0 for a scale of 0 or NaN.</summary>
    public static int Code(float x, float scale)
    {
        if (!(scale > 0f))
        {
            return 0;
        }

        float quotient = MathF.Max(MathF.Min(x / scale, CodeMax), -CodeMax);
        return BitConverter.SingleToInt32Bits(quotient + ToInteger) - ToIntegerBits;
    }

    /// <summary>Codes of <paramref name="count"/> elements, zeros up to 32; returns the scale, and the sum of the codes.</summary>
    public static float Quantize<S, F, D>(float* source, int count, bool isWeight, sbyte* codes, out int sum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        float* x = stackalloc float[Length], rounded = stackalloc float[Length];
        for (int i = 0; i < Length; i++)
        {
            x[i] = i < count ? source[i] : 0f;
        }

        F magnitude = S.Create(BitConverter.Int32BitsToSingle(0x7FFFFFFF)), largest = S.Zero;
        for (int i = 0; i < Length; i += S.Lanes)
        {
            largest = S.Max(largest, S.And(S.Load(x + i), magnitude));
        }

        S.Store(rounded, largest);
        float max = rounded[0];
        for (int i = 1; i < S.Lanes; i++)
        {
            max = MathF.Max(max, rounded[i]);
        }

        float scale = Scale(max, isWeight);
        sum = 0;
        if (!(scale > 0f))
        {
            new Span<sbyte>(codes, Length).Clear();
            return scale;
        }

        F divisor = S.Create(scale), high = S.Create(CodeMax), low = S.Create(-CodeMax), toInteger = S.Create(ToInteger);
        for (int i = 0; i < Length; i += S.Lanes)
        {
            S.Store(rounded + i, S.Add(S.Max(S.Min(S.Divide(S.Load(x + i), divisor), high), low), toInteger));
        }

        for (int i = 0; i < Length; i++)
        {
            int code = ((int*)rounded)[i] - ToIntegerBits;
            codes[i] = (sbyte)code;
            sum += code;
        }

        return scale;
    }
}
