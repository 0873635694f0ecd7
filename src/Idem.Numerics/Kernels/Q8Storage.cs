// The q8 profile as files hold it: a signed byte for each element, in the order of the matrix, and a binary16 scale for each block.
// Packing codes that were made here gives the panels of packing the values themselves; packing a file's codes takes them as they are.

using System.Runtime.Intrinsics;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Values to stored blocks and back (arithmetic.md#q8).</summary>
public static unsafe class Q8Storage
{
    /// <summary>Elements of a block; the last along the reduction may be shorter.</summary>
    public const int BlockLength = Q8Block.Length;

    /// <summary>Quantises one row of a matrix whose blocks lie along its rows.</summary>
    /// <param name="row">The values.</param>
    /// <param name="codes">As many codes.</param>
    /// <param name="scales">Encodings of as many scales as the row has blocks.</param>
    public static void QuantizeRow(ReadOnlySpan<float> row, Span<sbyte> codes, Span<ushort> scales)
    {
        CheckLength(nameof(codes), codes.Length, row.Length);
        CheckLength(nameof(scales), scales.Length, Q8Block.Count(row.Length));
        sbyte* block = stackalloc sbyte[Q8Block.Length];
        fixed (float* values = row)
        {
            for (int i = 0; i < scales.Length; i++)
            {
                int first = i * Q8Block.Length, count = Math.Min(Q8Block.Length, row.Length - first);
                scales[i] = HalfPrecision.NarrowFloat16(Quantize(values + first, count, block));
                new ReadOnlySpan<sbyte>(block, count).CopyTo(codes[first..]);
            }
        }
    }

    /// <summary>Quantises up to 32 rows of a matrix whose blocks lie along its columns: one block of each column.</summary>
    /// <param name="rows">The values of the rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="codes">As many codes as values.</param>
    /// <param name="scales">Encodings of the columns' scales.</param>
    public static void QuantizeColumns(ReadOnlySpan<float> rows, int columns, Span<sbyte> codes, Span<ushort> scales)
    {
        CheckLength(nameof(codes), codes.Length, rows.Length);
        CheckLength(nameof(scales), scales.Length, columns);
        int depth = columns == 0 ? 0 : rows.Length / columns;
        if (depth > Q8Block.Length || depth * columns != rows.Length)
        {
            throw new ArgumentException($"Q8Storage: {rows.Length} values are not up to {Q8Block.Length} rows of {columns}.", nameof(rows));
        }

        float* values = stackalloc float[Q8Block.Length];
        sbyte* block = stackalloc sbyte[Q8Block.Length];
        for (int column = 0; column < columns; column++)
        {
            for (int i = 0; i < depth; i++)
            {
                values[i] = rows[(i * columns) + column];
            }

            scales[column] = HalfPrecision.NarrowFloat16(Quantize(values, depth, block));
            for (int i = 0; i < depth; i++)
            {
                codes[(i * columns) + column] = block[i];
            }
        }
    }

    /// <summary>Values of a part of one row whose blocks lie along it: scale * code, one rounding.</summary>
    /// <param name="first">The place of the first element in its row.</param>
    /// <param name="codes">The codes of the part.</param>
    /// <param name="scales">Encodings of the scales of the blocks that it touches.</param>
    /// <param name="values">As many values as codes.</param>
    public static void DequantizeRow(int first, ReadOnlySpan<sbyte> codes, ReadOnlySpan<ushort> scales, Span<float> values)
    {
        CheckLength(nameof(values), values.Length, codes.Length);
        int firstBlock = first / Q8Block.Length;
        for (int i = 0; i < codes.Length; i++)
        {
            values[i] = HalfPrecision.WidenFloat16(scales[((first + i) / Q8Block.Length) - firstBlock]) * codes[i];
        }
    }

    /// <summary>Values of a part of one row whose blocks lie across it: scale * code, one rounding.</summary>
    /// <param name="codes">The codes of the part.</param>
    /// <param name="scales">Encodings of each element's scale.</param>
    /// <param name="values">As many values as codes.</param>
    public static void DequantizeColumns(ReadOnlySpan<sbyte> codes, ReadOnlySpan<ushort> scales, Span<float> values)
    {
        CheckLength(nameof(values), values.Length, codes.Length);
        CheckLength(nameof(scales), scales.Length, codes.Length);
        for (int i = 0; i < codes.Length; i++)
        {
            values[i] = HalfPrecision.WidenFloat16(scales[i]) * codes[i];
        }
    }

    /// <summary>The codes of a block of weights, zeros up to 32; returns the scale, which is a binary16 number.</summary>
    internal static float Quantize(float* values, int count, sbyte* codes) => Vector256.IsHardwareAccelerated
        ? Q8Block.Quantize<Simd256, Vector256<float>, Vector256<double>>(values, count, true, codes, out _)
        : Q8Block.Quantize<Simd128, Vector128<float>, Vector128<double>>(values, count, true, codes, out _);

    private static void CheckLength(string name, int length, int expected)
    {
        if (length != expected)
        {
            throw new ArgumentException($"Q8Storage: {name} has {length} elements, must have {expected}.", name);
        }
    }
}
