// Fused multiply-add from IEEE-754 additions, multiplications and integer operations: what machines without the instruction run.
// Both widths compute a candidate with one rounding too many, and see from its bits whether that rounding can have mattered: it
// can where the candidate before the last rounding lies exactly in the middle of two results. Those lanes are decided exactly.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics;

/// <summary>Exact fused multiply-add without the instruction.</summary>
internal static partial class SoftwareFma
{
    /// <summary>2^-960: from here on the error of a product is a float64, whatever the significands.</summary>
    private const double ExactProductMin = 1.0261342003245941E-289;

    /// <summary>2^27 + 1.</summary>
    private const double Splitter = 134217729.0;

    /// <summary>
    /// The product of two float32 is exact in float64, so the sum there is rounded once. Rounding it again to float32 gives what
    /// one rounding would, unless it is a middle between two float32 (rounding is monotonic, and middles are float64): then bits
    /// 0 to 27 are zero (bit 28 is one for a normal float32, further ones are for a subnormal one).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Single(float a, float b, float c)
    {
        double sum = ((double)a * b) + c;
        return (BitConverter.DoubleToInt64Bits(sum) & 0xFFFFFFF) == 0 ? SingleByOddRounding(a, b, c) : (float)sum;
    }

    /// <summary>Four lanes of <see cref="Single(float, float, float)"/>. Free of calls: around one, the JIT would keep nothing in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Single(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        Vector128<double> lowerProduct = Vector128.WidenLower(a) * Vector128.WidenLower(b), upperProduct = Vector128.WidenUpper(a) * Vector128.WidenUpper(b);
        Vector128<double> lowerAddend = Vector128.WidenLower(c), upperAddend = Vector128.WidenUpper(c);
        Vector128<double> lower = lowerProduct + lowerAddend, upper = upperProduct + upperAddend;
        if (Vector128.EqualsAny(LowerHalves(lower, upper) << 4, Vector128<uint>.Zero))
        {
            lower = RoundToOdd(lower, SumError(lowerProduct, lowerAddend, lower));
            upper = RoundToOdd(upper, SumError(upperProduct, upperAddend, upper));
        }

        return Vector128.Narrow(lower, upper);
    }

    /// <summary>sum, whose exact value is sum + rest, rounded to odd: the exact value if representable, else the neighbour whose last bit is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> RoundToOdd(Vector128<double> sum, Vector128<double> rest)
    {
        Vector128<long> inexact = (Vector128.LessThan(rest, Vector128<double>.Zero) | Vector128.GreaterThan(rest, Vector128<double>.Zero)).AsInt64();
        Vector128<long> towardsZero = (sum.AsInt64() ^ rest.AsInt64()) >>> 63; // one where the signs differ
        return ((sum.AsInt64() - (towardsZero & inexact)) | (Vector128<long>.One & inexact)).AsDouble();
    }

    /// <summary>Bits 0 to 31 of four float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> LowerHalves(Vector128<double> lower, Vector128<double> upper) => Sse.IsSupported
        ? Sse.Shuffle(lower.AsSingle(), upper.AsSingle(), 0b10_00_10_00).AsUInt32() // one instruction; Narrow takes three
        : Vector128.Narrow(lower.AsUInt64(), upper.AsUInt64());

    /// <summary>
    /// The sum is rounded to odd in float64 (53 bits, at least two more than float32's 24), so that the final rounding to float32
    /// is the only one that counts (Boldo and Melquiond 2008).
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SingleByOddRounding(float a, float b, float c)
    {
        double product = (double)a * b;
        double sum = product + c;
        double rest = SumError(product, c, sum);
        if (rest > 0 || rest < 0) // neither if the sum is exact or not finite
        {
            long bits = BitConverter.DoubleToInt64Bits(sum);
            bits += (bits & 1) != 0 ? 0 : rest > 0 == sum > 0 ? 1 : -1;
            sum = BitConverter.Int64BitsToDouble(bits);
        }

        return (float)sum;
    }

    /// <summary>
    /// Boldo and Melquiond's sequence of error-free transformations: a*b+c = high + (low + tailLow) exactly. The bracket is rounded
    /// to nearest rather than to odd, which decides the same, unless it is inexact (so tailLow is not zero) and lands on the distance
    /// from high to a middle between two float64; these distances are powers of two. Not covered: products so small that their error
    /// is no float64, and overflow anywhere, which always ends in NaN here.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Double(double a, double b, double c)
    {
        double product = a * b;
        double productError = ProductError(a, b, product);
        double tail = c + productError;
        double tailLow = SumError(c, productError, tail);
        double high = product + tail;
        double rest = SumError(product, tail, high) + tailLow;
        double result = high + rest;
        bool isDecided = Math.Abs(product) >= ExactProductMin && !double.IsNaN(result)
            && (tailLow == 0 || (BitConverter.DoubleToInt64Bits(rest) & 0xFFFFFFFFFFFFF) != 0);
        return isDecided ? result : ExactDouble(a, b, c);
    }

    /// <summary>
    /// Two lanes of <see cref="Double(double, double, double)"/>. Never inlined: a function's polynomial holds dozens, and the JIT
    /// would run out of its budget and call the smallest operations instead.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<double> Double(Vector128<double> a, Vector128<double> b, Vector128<double> c)
    {
        Vector128<double> product = a * b;
        Vector128<double> productError = ProductError(a, b, product);
        Vector128<double> tail = c + productError;
        Vector128<double> tailLow = SumError(c, productError, tail);
        Vector128<double> high = product + tail;
        Vector128<double> rest = SumError(product, tail, high) + tailLow;
        Vector128<double> result = high + rest;
        Vector128<double> powerOfTwo = rest & Vector128.Create(unchecked((long)0xFFF0000000000000)).AsDouble();
        Vector128<double> isDecided = Vector128.GreaterThanOrEqual(Vector128.Abs(product), Vector128.Create(ExactProductMin))
            & Vector128.Equals(result, result)
            & (~Vector128.Equals(rest, powerOfTwo) | Vector128.Equals(tailLow, Vector128<double>.Zero));
        return Vector128.ExtractMostSignificantBits(isDecided) == 3 ? result : DoubleExactly(a, b, c);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<double> DoubleExactly(Vector128<double> a, Vector128<double> b, Vector128<double> c) =>
        Vector128.Create(ExactDouble(a[0], b[0], c[0]), ExactDouble(a[1], b[1], c[1]));

    /// <summary>The exact error of sum = RN(x+y) (Knuth); no condition on magnitudes, barring overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SumError(double x, double y, double sum)
    {
        double yRounded = sum - x;
        return (x - (sum - yRounded)) + (y - yRounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> SumError(Vector128<double> x, Vector128<double> y, Vector128<double> sum)
    {
        Vector128<double> yRounded = sum - x;
        return (x - (sum - yRounded)) + (y - yRounded);
    }

    /// <summary>The exact a*b - product (Veltkamp's splitting, Dekker's product).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double ProductError(double a, double b, double product)
    {
        double scaledA = Splitter * a;
        double highA = scaledA - (scaledA - a);
        double lowA = a - highA;
        double scaledB = Splitter * b;
        double highB = scaledB - (scaledB - b);
        double lowB = b - highB;
        return (lowA * lowB) - (((product - (highA * highB)) - (lowA * highB)) - (highA * lowB));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ProductError(Vector128<double> a, Vector128<double> b, Vector128<double> product)
    {
        Vector128<double> splitter = Vector128.Create(Splitter);
        Vector128<double> scaledA = splitter * a;
        Vector128<double> highA = scaledA - (scaledA - a);
        Vector128<double> lowA = a - highA;
        Vector128<double> scaledB = splitter * b;
        Vector128<double> highB = scaledB - (scaledB - b);
        Vector128<double> lowB = b - highB;
        return (lowA * lowB) - (((product - (highA * highB)) - (lowA * highB)) - (highA * lowB));
    }
}
