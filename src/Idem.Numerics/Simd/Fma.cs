// Fused multiply-add: a*b+c with ONE rounding, on every machine. With the hardware instruction it is that instruction;
// without, it is the exact emulation below, never the C runtime's (which misrounds on some systems, dotnet/runtime#98704).
// What may never change: the result is the correctly rounded a*b+c for all operands, NaN excepted (its bits are not promised).

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Idem.Numerics;

/// <summary>Exact fused multiply-add for float32 and float64, in hardware or by exact emulation.</summary>
public static class Fma
{
    /// <summary>Whether the machine's instruction is used. A constant to the JIT.</summary>
    public static bool IsHardware
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported;
    }

#pragma warning disable RS0030 // The only two calls of the runtime's fused multiply-add: both compile to the instruction.
    /// <summary>a*b+c in float32, rounded once to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Single(float a, float b, float c) =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : SoftwareFma.Single(a, b, c);

    /// <summary>a*b+c in float64, rounded once to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Double(double a, double b, double c) =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported ? Math.FusedMultiplyAdd(a, b, c) : SoftwareFma.Double(a, b, c);
#pragma warning restore RS0030
}

/// <summary>Fused multiply-add from IEEE-754 additions, multiplications and integer operations only.</summary>
internal static class SoftwareFma
{
    /// <summary>
    /// The product of two float32 is exact in float64. The sum is rounded to odd there (53 bits, at least two more than
    /// float32's 24), so that the final rounding to float32 is the only one that counts (Boldo and Melquiond 2008).
    /// </summary>
    public static float Single(float a, float b, float c) => (float)AddRoundToOdd((double)a * b, c);

    /// <summary>x+y rounded to odd: the exact sum if representable, else the neighbour whose last bit is one.</summary>
    private static double AddRoundToOdd(double x, double y)
    {
        double sum = x + y;
        double rest = TwoSumError(x, y, sum);
        if (!(rest > 0 || rest < 0))
        {
            return sum; // exact, or not finite (the rest is NaN then)
        }

        long bits = BitConverter.DoubleToInt64Bits(sum);
        if ((bits & 1) == 0)
        {
            bits += rest > 0 == sum > 0 ? 1 : -1;
        }

        return BitConverter.Int64BitsToDouble(bits);
    }

    /// <summary>The exact error of sum = RN(x+y) (Knuth); no condition on magnitudes, barring overflow.</summary>
    private static double TwoSumError(double x, double y, double sum)
    {
        double yRounded = sum - x;
        return (x - (sum - yRounded)) + (y - yRounded);
    }

    /// <summary>Four lanes of <see cref="Single(float, float, float)"/>, in 128-bit vectors.</summary>
    public static Vector128<float> Single(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        Vector128<double> low = AddRoundToOdd(Vector128.WidenLower(a) * Vector128.WidenLower(b), Vector128.WidenLower(c));
        Vector128<double> high = AddRoundToOdd(Vector128.WidenUpper(a) * Vector128.WidenUpper(b), Vector128.WidenUpper(c));
        return Vector128.Narrow(low, high);
    }

    private static Vector128<double> AddRoundToOdd(Vector128<double> x, Vector128<double> y)
    {
        Vector128<double> sum = x + y;
        Vector128<double> yRounded = sum - x;
        Vector128<double> rest = (x - (sum - yRounded)) + (y - yRounded);
        Vector128<long> up = Vector128.GreaterThan(rest, Vector128<double>.Zero).AsInt64();
        Vector128<long> inexact = up | Vector128.LessThan(rest, Vector128<double>.Zero).AsInt64();
        Vector128<long> bits = sum.AsInt64();
        Vector128<long> even = (bits & Vector128<long>.One) - Vector128<long>.One; // all ones where the last bit is zero
        Vector128<long> negative = Vector128.LessThan(sum, Vector128<double>.Zero).AsInt64();
        Vector128<long> away = up ^ negative; // all ones where the exact sum lies away from zero
        Vector128<long> step = (away & Vector128<long>.One) | ~away; // +1 away from zero, -1 towards it
        return (bits + (step & inexact & even)).AsDouble();
    }

    /// <summary>
    /// a*b+c in float64. Inside the range where no intermediate can overflow or lose bits: Boldo and Melquiond's sequence
    /// of error-free transformations with one rounding to odd. Outside: exact integer arithmetic.
    /// </summary>
    public static double Double(double a, double b, double c)
    {
        if (!InRange(a, -450, 450) || !InRange(b, -450, 450) || !InRange(c, -900, 900))
        {
            return ExactDouble(a, b, c);
        }

        double productHigh = a * b;
        double productLow = ProductError(a, b, productHigh);
        double tailHigh = c + productLow;
        double tailLow = TwoSumError(c, productLow, tailHigh);
        double high = productHigh + tailHigh;
        double low = TwoSumError(productHigh, tailHigh, high);
        return high + AddRoundToOdd(tailLow, low);
    }

    private static bool InRange(double x, int low, int high)
    {
        int exponent = (int)(BitConverter.DoubleToInt64Bits(x) >> 52 & 0x7FF) - 1023;
        return exponent >= low && exponent <= high;
    }

    /// <summary>The exact a*b - product (Veltkamp's splitting, Dekker's product).</summary>
    private static double ProductError(double a, double b, double product)
    {
        const double Splitter = 134217729.0; // 2^27 + 1
        double scaledA = Splitter * a;
        double highA = scaledA - (scaledA - a);
        double lowA = a - highA;
        double scaledB = Splitter * b;
        double highB = scaledB - (scaledB - b);
        double lowB = b - highB;
        return lowA * lowB - (((product - highA * highB) - lowA * highB) - highA * lowB);
    }

    /// <summary>The definition in integers: significands as 128-bit numbers, one rounding at the end.</summary>
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
