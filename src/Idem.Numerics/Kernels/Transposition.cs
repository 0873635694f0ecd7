// Rows to lanes: moves float32 without touching a bit of them, so the instructions used are free to differ by machine.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

internal static unsafe class Transposition
{
    /// <summary>lanes[c*width + r] = rows[r*stride + c] for r below count and c below columns.</summary>
    public static void RowsToLanes(float* rows, long stride, int count, int columns, float* lanes, int width)
    {
        int r = 0;
        for (; r <= count - 16 && Avx512F.IsSupported; r += 16)
        {
            float* row = rows + (r * stride), target = lanes + r;
            int c = 0;
            for (; c <= columns - 4; c += 4)
            {
                Block16(row + c, stride, target + ((long)c * width), width);
            }

            Scalar(row, stride, 16, c, columns, target, width);
        }

        for (; r <= count - 4 && (Sse.IsSupported || AdvSimd.Arm64.IsSupported); r += 4)
        {
            float* row = rows + (r * stride), target = lanes + r;
            int c = 0;
            for (; c <= columns - 4; c += 4)
            {
                Block(row + c, stride, target + ((long)c * width), width);
            }

            Scalar(row, stride, 4, c, columns, target, width);
        }

        Scalar(rows + (r * stride), stride, count - r, 0, columns, lanes + r, width);
    }

    private static void Scalar(float* rows, long stride, int count, int column, int columns, float* lanes, int width)
    {
        for (int r = 0; r < count; r++)
        {
            for (int c = column; c < columns; c++)
            {
                lanes[((long)c * width) + r] = rows[(r * stride) + c];
            }
        }
    }

    /// <summary>Sixteen rows of four: a vector holds four of each fourth row, so that interleaving within quarters ends in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block16(float* rows, long stride, float* lanes, long width)
    {
        Vector512<float> row0 = FourthRows(rows, stride), row1 = FourthRows(rows + stride, stride);
        Vector512<float> row2 = FourthRows(rows + (2 * stride), stride), row3 = FourthRows(rows + (3 * stride), stride);
        Vector512<double> low01 = Avx512F.UnpackLow(row0, row1).AsDouble(), high01 = Avx512F.UnpackHigh(row0, row1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(row2, row3).AsDouble(), high23 = Avx512F.UnpackHigh(row2, row3).AsDouble();
        Avx512F.UnpackLow(low01, low23).AsSingle().Store(lanes);
        Avx512F.UnpackHigh(low01, low23).AsSingle().Store(lanes + width);
        Avx512F.UnpackLow(high01, high23).AsSingle().Store(lanes + (2 * width));
        Avx512F.UnpackHigh(high01, high23).AsSingle().Store(lanes + (3 * width));
    }

    /// <summary>Four elements of rows 0, 4, 8 and 12.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FourthRows(float* rows, long stride)
    {
        Vector512<float> four = Vector128.Load(rows).ToVector256Unsafe().ToVector512Unsafe();
        four = Avx512F.InsertVector128(four, Vector128.Load(rows + (4 * stride)), 1);
        four = Avx512F.InsertVector128(four, Vector128.Load(rows + (8 * stride)), 2);
        return Avx512F.InsertVector128(four, Vector128.Load(rows + (12 * stride)), 3);
    }

    /// <summary>Four rows of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(float* rows, long stride, float* lanes, long width)
    {
        Vector128<float> row0 = Vector128.Load(rows), row1 = Vector128.Load(rows + stride);
        Vector128<float> row2 = Vector128.Load(rows + (2 * stride)), row3 = Vector128.Load(rows + (3 * stride));
        if (Sse.IsSupported)
        {
            Vector128<float> low01 = Sse.UnpackLow(row0, row1), high01 = Sse.UnpackHigh(row0, row1);
            Vector128<float> low23 = Sse.UnpackLow(row2, row3), high23 = Sse.UnpackHigh(row2, row3);
            Sse.MoveLowToHigh(low01, low23).Store(lanes);
            Sse.MoveHighToLow(low23, low01).Store(lanes + width);
            Sse.MoveLowToHigh(high01, high23).Store(lanes + (2 * width));
            Sse.MoveHighToLow(high23, high01).Store(lanes + (3 * width));
        }
        else
        {
            Vector128<double> low01 = AdvSimd.Arm64.ZipLow(row0, row1).AsDouble(), high01 = AdvSimd.Arm64.ZipHigh(row0, row1).AsDouble();
            Vector128<double> low23 = AdvSimd.Arm64.ZipLow(row2, row3).AsDouble(), high23 = AdvSimd.Arm64.ZipHigh(row2, row3).AsDouble();
            AdvSimd.Arm64.ZipLow(low01, low23).AsSingle().Store(lanes);
            AdvSimd.Arm64.ZipHigh(low01, low23).AsSingle().Store(lanes + width);
            AdvSimd.Arm64.ZipLow(high01, high23).AsSingle().Store(lanes + (2 * width));
            AdvSimd.Arm64.ZipHigh(high01, high23).AsSingle().Store(lanes + (3 * width));
        }
    }
}
