// Two tensors, element by element. Equal means equal encodings, every NaN being one, as in digests; errors are for the reader.

using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Idem.Formats;
using Idem.Numerics.Functions;

namespace Idem.Verification.Differences;

/// <summary>Compares tensors.</summary>
public static class TensorComparison
{
    private const int WindowElements = 1 << 18;

    /// <summary>Compares two tensors of as many elements; of different types by value, of one type by encoding. Null if they are equal.</summary>
    /// <exception cref="ArgumentException">The numbers of elements differ, or a type is not a floating-point or byte type.</exception>
    public static TensorDifference? Find(string name, NamedTensor a, NamedTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        TensorDifference compared = Measure(name, a, b);
        return compared.Different == 0 ? null : compared;
    }

    /// <summary>As <see cref="Find"/>, also of tensors that are equal.</summary>
    public static TensorDifference Measure(string name, NamedTensor a, NamedTensor b)
    {
        long elements = a.Data.ByteCount / a.DType.Width();
        if (elements != b.Data.ByteCount / b.DType.Width())
        {
            throw new ArgumentException($"'{name}' has {elements} elements and {b.Data.ByteCount / b.DType.Width()}");
        }

        long different = 0;
        ulong ulpsMax = 0;
        double relative = 0, absolute = 0;
        ElementDifference? first = null;
        for (long start = 0; start < elements; start += WindowElements)
        {
            int count = (int)Math.Min(WindowElements, elements - start);
            double[] valuesA = Values(a, start, count), valuesB = Values(b, start, count);
            for (int i = 0; i < count; i++)
            {
                double x = valuesA[i], y = valuesB[i];
                if (BitConverter.DoubleToUInt64Bits(x) == BitConverter.DoubleToUInt64Bits(y) || (double.IsNaN(x) && double.IsNaN(y)))
                {
                    continue;
                }

                different++;
                double error = Math.Abs(x - y), scale = Math.Max(Math.Abs(x), Math.Abs(y));
                absolute = Math.Max(absolute, error);
                relative = Math.Max(relative, scale == 0 ? 0 : error / scale);
                ulong? ulps = Ulps(a.DType, b.DType, x, y);
                ulpsMax = Math.Max(ulpsMax, ulps ?? 0);
                first ??= new ElementDifference(Index(start + i, b.Shape), Decimal(a.DType, x), Decimal(b.DType, y), Hex(a, start + i), Hex(b, start + i), ulps);
            }
        }

        return new TensorDifference(name, a.DType, b.DType, b.Shape, elements, different, first, first is { Ulps: null } ? null : ulpsMax, relative, absolute);
    }

    /// <summary>Elements as float64, which holds every one of the types exactly.</summary>
    internal static double[] Values(NamedTensor tensor, long start, int count)
    {
        ReadOnlySpan<byte> bytes = tensor.Data.Bytes(start * tensor.DType.Width(), count * tensor.DType.Width());
        double[] values = new double[count];
        float[] singles = new float[count];
        switch (tensor.DType)
        {
            case DType.F64:
                MemoryMarshal.Cast<byte, double>(bytes).CopyTo(values);
                return values;
            case DType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(singles);
                break;
            case DType.F16:
                HalfPrecision.WidenFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), singles);
                break;
            case DType.BF16:
                HalfPrecision.WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), singles);
                break;
            case DType.I8:
                for (int i = 0; i < count; i++)
                {
                    singles[i] = (sbyte)bytes[i];
                }

                break;
            default:
                throw new ArgumentException($"'{tensor.Name}' is {tensor.DType.Name()}: its values are not compared");
        }

        for (int i = 0; i < count; i++)
        {
            values[i] = singles[i];
        }

        return values;
    }

    // Encodings as integers in the order of the numbers, both zeros beside each other. Of the wider of two types, in that one.
    private static ulong? Ulps(DType a, DType b, double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return null;
        }

        return (a, b) switch
        {
            (DType.F64, _) or (_, DType.F64) => Distance(BitConverter.DoubleToInt64Bits(x), BitConverter.DoubleToInt64Bits(y)),
            (DType.F32, _) or (_, DType.F32) => Distance(BitConverter.SingleToInt32Bits((float)x), BitConverter.SingleToInt32Bits((float)y)),
            (DType.BF16, DType.BF16) => Distance((short)(BitConverter.SingleToInt32Bits((float)x) >> 16), (short)(BitConverter.SingleToInt32Bits((float)y) >> 16)),
            (DType.F16, DType.F16) => Distance(BitConverter.HalfToInt16Bits((Half)x), BitConverter.HalfToInt16Bits((Half)y)),
            _ => null,
        };
    }

    private static ulong Distance<T>(T a, T b)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        BigInteger difference = Ordered(a) - Ordered(b);
        return (ulong)BigInteger.Abs(difference);
    }

    private static BigInteger Ordered<T>(T bits)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        BigInteger value = BigInteger.CreateChecked(bits);
        return value >= 0 ? value : BigInteger.CreateChecked(T.MinValue) - value - 1;
    }

    private static long[] Index(long element, IReadOnlyList<long> shape)
    {
        long[] index = new long[shape.Count];
        for (int dimension = index.Length - 1; dimension >= 0; dimension--)
        {
            index[dimension] = element % shape[dimension];
            element /= shape[dimension];
        }

        return index;
    }

    private static string Decimal(DType dtype, double value) =>
        dtype == DType.F64 ? value.ToString("R", CultureInfo.InvariantCulture) : ((float)value).ToString("R", CultureInfo.InvariantCulture);

    private static string Hex(NamedTensor tensor, long element)
    {
        int width = tensor.DType.Width();
        byte[] bytes = tensor.Data.Bytes(element * width, width).ToArray();
        Array.Reverse(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
