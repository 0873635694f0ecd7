// The fused multiply-add of float64 in integers: significands as 128-bit numbers and one rounding at the end. It decides what the
// sequence of floating-point operations in SoftwareFma.cs leaves open, and is what that sequence is tested against.

namespace Idem.Numerics;

internal static partial class SoftwareFma
{
    /// <summary>a*b+c in float64: significands as 128-bit numbers, one rounding at the end.</summary>
    internal static double ExactDouble(double a, double b, double c)
    {
        if (!double.IsFinite(a) || !double.IsFinite(b))
        {
            return a * b + c;
        }

        if (!double.IsFinite(c))
        {
            return c;
        }

        if (a == 0 || b == 0)
        {
            return a * b + c; // the product is a signed zero: the addition is exact, and signs zero as IEEE does
        }

        (bool negativeA, ulong significandA, int exponentA) = Split(a);
        (bool negativeB, ulong significandB, int exponentB) = Split(b);
        (bool negativeC, ulong significandC, int exponentC) = Split(c);
        bool negativeProduct = negativeA ^ negativeB;

        // Both operands are brought to 3 guard bits and 126 bits at most, the larger one exactly, the smaller with sticky.
        UInt128 product = (UInt128)significandA * significandB;
        int exponentProduct = exponentA + exponentB;
        if (significandC == 0)
        {
            return Round(negativeProduct, product, exponentProduct);
        }

        UInt128 addend = significandC;
        Normalize(ref product, ref exponentProduct);
        Normalize(ref addend, ref exponentC);
        if (exponentProduct >= exponentC)
        {
            addend = ShiftRightSticky(addend, exponentProduct - exponentC);
            exponentC = exponentProduct;
        }
        else
        {
            product = ShiftRightSticky(product, exponentC - exponentProduct);
        }

        if (negativeProduct == negativeC)
        {
            return Round(negativeC, product + addend, exponentC);
        }

        return product == addend ? 0.0
            : product > addend ? Round(negativeProduct, product - addend, exponentC)
            : Round(negativeC, addend - product, exponentC);
    }

    private static (bool Negative, ulong Significand, int Exponent) Split(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int biased = (int)(bits >> 52 & 0x7FF);
        ulong fraction = (ulong)bits & 0xFFFFFFFFFFFFF;
        return (bits < 0, biased == 0 ? fraction : fraction | 1UL << 52, Math.Max(biased, 1) - 1075);
    }

    /// <summary>Moves the leading bit to position 125: two bits of headroom, and at least 20 below a 106-bit product.</summary>
    private static void Normalize(ref UInt128 significand, ref int exponent)
    {
        int shift = (int)UInt128.LeadingZeroCount(significand) - 2;
        significand <<= shift;
        exponent -= shift;
    }

    private static UInt128 ShiftRightSticky(UInt128 value, int shift)
    {
        if (shift == 0)
        {
            return value;
        }

        if (shift > 126)
        {
            return UInt128.One;
        }

        UInt128 lost = value & ((UInt128.One << shift) - 1);
        return value >> shift | (lost != 0 ? UInt128.One : UInt128.Zero);
    }

    /// <summary>significand * 2^exponent rounded to nearest even, with gradual underflow.</summary>
    private static double Round(bool negative, UInt128 significand, int exponent)
    {
        int length = 128 - (int)UInt128.LeadingZeroCount(significand);
        int shift = Math.Max(length - 53, -1074 - exponent);
        ulong rounded;
        if (shift <= 0)
        {
            rounded = (ulong)significand << -shift;
        }
        else
        {
            UInt128 kept = ShiftRightSticky(significand, shift - 2 < 0 ? 0 : shift - 2);
            if (shift == 1)
            {
                kept <<= 1;
            }

            ulong quarterUnits = (ulong)kept; // two bits below the unit: half, and sticky
            rounded = quarterUnits >> 2;
            ulong below = quarterUnits & 3;
            if (below == 3 || (below == 2 && (rounded & 1) == 1))
            {
                rounded++;
            }
        }

        exponent += shift;
        if (rounded == 1UL << 53)
        {
            rounded >>= 1;
            exponent++;
        }

        ulong sign = negative ? 1UL << 63 : 0;
        if (rounded < 1UL << 52)
        {
            return BitConverter.UInt64BitsToDouble(sign | rounded); // subnormal: exponent is -1074 here
        }

        int biased = exponent + 1075;
        return biased >= 0x7FF
            ? BitConverter.UInt64BitsToDouble(sign | 0x7FFUL << 52)
            : BitConverter.UInt64BitsToDouble(sign | (ulong)biased << 52 | (rounded & 0xFFFFFFFFFFFFF));
    }
}
