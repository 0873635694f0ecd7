// Lays a block of an operand out in the order in which a tile reads it: for each k the tile's rows (or columns) side by side.
// Moves values, never computes with them, so it may use the widest instructions whatever the path.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>Packing of operands for <see cref="MatMul"/>.</summary>
internal static unsafe class MatMulPacking
{
    private const int FloatsPerLine = 16;

    /// <summary>destination[k, i] = source[k, i], k &lt; depth, i &lt; width; +0 from there to <paramref name="paddedWidth"/>.</summary>
    public static void Copy(float* source, nint sourceStride, int depth, int width, int paddedWidth, float* destination, nint destinationStride)
    {
        for (int k = 0; k < depth; k++)
        {
            int i = 0;
            for (; i + 16 <= width && Vector512.IsHardwareAccelerated; i += 16)
            {
                Vector512.Store(Vector512.Load(source + i), destination + i);
            }

            for (; i + 8 <= width; i += 8)
            {
                Vector256.Store(Vector256.Load(source + i), destination + i);
            }

            for (; i + 4 <= width; i += 4)
            {
                Vector128.Store(Vector128.Load(source + i), destination + i);
            }

            for (; i < width; i++)
            {
                destination[i] = source[i];
            }

            for (; i < paddedWidth; i++)
            {
                destination[i] = 0f;
            }

            source += sourceStride;
            destination += destinationStride;
        }
    }

    /// <summary>The float32 values of bfloat16 encodings: the same bits above sixteen zeros.</summary>
    public static void Widen(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; i + 32 <= count && Vector512.IsHardwareAccelerated; i += 32)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0((byte*)(source + i) + MatMulPlan.AheadBytes);
            }

            Vector512<ushort> bits = Vector512.Load(source + i);
            Vector512.Store((Vector512.WidenLower(bits) << 16).AsSingle(), destination + i);
            Vector512.Store((Vector512.WidenUpper(bits) << 16).AsSingle(), destination + i + 16);
        }

        for (; i + 8 <= count; i += 8)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0((byte*)(source + i) + MatMulPlan.AheadBytes);
            }

            Vector128<ushort> bits = Vector128.Load(source + i);
            Vector128.Store((Vector128.WidenLower(bits) << 16).AsSingle(), destination + i);
            Vector128.Store((Vector128.WidenUpper(bits) << 16).AsSingle(), destination + i + 4);
        }

        for (; i < count; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }

    /// <summary>Asks for a part of a matrix, <paramref name="rows"/> of <paramref name="width"/> floats, to be brought near.</summary>
    public static void Prefetch(float* source, nint sourceStride, int rows, int width)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        for (int k = 0; k < rows; k++, source += sourceStride)
        {
            for (int i = 0; i < width; i += FloatsPerLine)
            {
                Sse.Prefetch0(source + i);
            }
        }
    }

    /// <summary>destination[k, i] = source[i, k], in dense rows of <paramref name="destinationStride"/>; +0 from width on.</summary>
    public static void Transpose(float* source, nint sourceStride, int depth, int width, float* destination, int destinationStride)
    {
        TransposeExactly(source, sourceStride, depth, width, destination, destinationStride);
        for (int i = width; i < destinationStride; i++)
        {
            for (int k = 0; k < depth; k++)
            {
                destination[(k * destinationStride) + i] = 0f;
            }
        }
    }

    /// <summary>destination[k, i] = source[i, k], k &lt; depth, i &lt; width, and nothing else.</summary>
    public static void TransposeExactly(float* source, nint sourceStride, int depth, int width, float* destination, nint destinationStride)
    {
        int i = 0;
        for (; i + 16 <= width && Avx512F.IsSupported; i += 16)
        {
            Transposition.RowsToLanes(source + (i * sourceStride), sourceStride, 16, depth, destination + i, (int)destinationStride);
        }

        for (; i + 8 <= width && Avx.IsSupported; i += 8)
        {
            Transpose8(source + (i * sourceStride), sourceStride, depth, destination + i, destinationStride);
        }

        for (; i + 4 <= width && (Sse2.IsSupported || AdvSimd.Arm64.IsSupported); i += 4)
        {
            Transpose4(source + (i * sourceStride), sourceStride, depth, destination + i, destinationStride);
        }

        for (; i + 2 <= width && (Sse2.IsSupported || AdvSimd.Arm64.IsSupported); i += 2)
        {
            Transpose2(source + (i * sourceStride), sourceStride, depth, destination + i, destinationStride);
        }

        for (; i < width; i++)
        {
            TransposeRest(source + (i * sourceStride), sourceStride, 0, depth, 1, destination + i, destinationStride);
        }
    }

    private static void TransposeRest(float* source, nint sourceStride, int k, int depth, int width, float* destination, nint destinationStride)
    {
        for (; k < depth; k++)
        {
            for (int i = 0; i < width; i++)
            {
                destination[(k * destinationStride) + i] = source[(i * sourceStride) + k];
            }
        }
    }

    private static void Transpose8(float* source, nint stride, int depth, float* destination, nint destinationStride)
    {
        int k = 0;
        for (; k + 8 <= depth; k += 8)
        {
            float* s = source + k;
            float* d = destination + (k * destinationStride);
            // Rows i and i + 4 share a register, so that the exchange of halves happens in the loads.
            Vector256<float> low0 = Halves(s, s + (4 * stride)), high0 = Halves(s + 4, s + (4 * stride) + 4);
            Vector256<float> low1 = Halves(s + stride, s + (5 * stride)), high1 = Halves(s + stride + 4, s + (5 * stride) + 4);
            Vector256<float> low2 = Halves(s + (2 * stride), s + (6 * stride)), high2 = Halves(s + (2 * stride) + 4, s + (6 * stride) + 4);
            Vector256<float> low3 = Halves(s + (3 * stride), s + (7 * stride)), high3 = Halves(s + (3 * stride) + 4, s + (7 * stride) + 4);
            StoreTransposed(low0, low1, low2, low3, d, destinationStride);
            StoreTransposed(high0, high1, high2, high3, d + (4 * destinationStride), destinationStride);
        }

        TransposeRest(source, stride, k, depth, 8, destination, destinationStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* low, float* high) =>
        Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTransposed(
        Vector256<float> row0, Vector256<float> row1, Vector256<float> row2, Vector256<float> row3, float* d, nint stride)
    {
        Vector256<double> even01 = Avx.UnpackLow(row0, row1).AsDouble(), odd01 = Avx.UnpackHigh(row0, row1).AsDouble();
        Vector256<double> even23 = Avx.UnpackLow(row2, row3).AsDouble(), odd23 = Avx.UnpackHigh(row2, row3).AsDouble();
        Vector256.Store(Avx.UnpackLow(even01, even23).AsSingle(), d);
        Vector256.Store(Avx.UnpackHigh(even01, even23).AsSingle(), d + stride);
        Vector256.Store(Avx.UnpackLow(odd01, odd23).AsSingle(), d + (2 * stride));
        Vector256.Store(Avx.UnpackHigh(odd01, odd23).AsSingle(), d + (3 * stride));
    }

    private static void Transpose4(float* source, nint stride, int depth, float* destination, nint destinationStride)
    {
        int k = 0;
        for (; k + 4 <= depth; k += 4)
        {
            Vector128<float> row0 = Vector128.Load(source + k), row1 = Vector128.Load(source + stride + k);
            Vector128<float> row2 = Vector128.Load(source + (2 * stride) + k), row3 = Vector128.Load(source + (3 * stride) + k);
            Vector128<double> even01 = Low(row0, row1).AsDouble(), odd01 = High(row0, row1).AsDouble();
            Vector128<double> even23 = Low(row2, row3).AsDouble(), odd23 = High(row2, row3).AsDouble();
            float* d = destination + (k * destinationStride);
            Vector128.Store(Low(even01, even23).AsSingle(), d);
            Vector128.Store(High(even01, even23).AsSingle(), d + destinationStride);
            Vector128.Store(Low(odd01, odd23).AsSingle(), d + (2 * destinationStride));
            Vector128.Store(High(odd01, odd23).AsSingle(), d + (3 * destinationStride));
        }

        TransposeRest(source, stride, k, depth, 4, destination, destinationStride);
    }

    private static void Transpose2(float* source, nint stride, int depth, float* destination, nint destinationStride)
    {
        int k = 0;
        for (; k + 4 <= depth; k += 4)
        {
            Vector128<float> row0 = Vector128.Load(source + k), row1 = Vector128.Load(source + stride + k);
            Vector128<double> pairs01 = Low(row0, row1).AsDouble(), pairs23 = High(row0, row1).AsDouble();
            float* d = destination + (k * destinationStride);
            *(double*)d = pairs01.ToScalar();
            *(double*)(d + destinationStride) = High(pairs01, pairs01).ToScalar();
            *(double*)(d + (2 * destinationStride)) = pairs23.ToScalar();
            *(double*)(d + (3 * destinationStride)) = High(pairs23, pairs23).ToScalar();
        }

        TransposeRest(source, stride, k, depth, 2, destination, destinationStride);
    }

    /// <summary>x0 y0 x1 y1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    /// <summary>x2 y2 x3 y3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);

    /// <summary>x0 y0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Low(Vector128<double> x, Vector128<double> y) =>
        Sse2.IsSupported ? Sse2.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    /// <summary>x1 y1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> High(Vector128<double> x, Vector128<double> y) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);
}
