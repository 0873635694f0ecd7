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

    /// <summary>Four rows of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(float* rows, long stride, float* lanes, long width)
    {
        Vector128<float> row0 = Vector128.Load(rows), row1 = Vector128.Load(rows + stride);
        Vector128<float> row2 = Vector128.Load(rows + (2 * stride)), row3 = Vector128.Load(rows + (3 * stride));
        Vector128<float> low01, high01, low23, high23;
        if (Sse.IsSupported)
        {
            (low01, high01) = (Sse.UnpackLow(row0, row1), Sse.UnpackHigh(row0, row1));
            (low23, high23) = (Sse.UnpackLow(row2, row3), Sse.UnpackHigh(row2, row3));
        }
        else
        {
            (low01, high01) = (AdvSimd.Arm64.ZipLow(row0, row1), AdvSimd.Arm64.ZipHigh(row0, row1));
            (low23, high23) = (AdvSimd.Arm64.ZipLow(row2, row3), AdvSimd.Arm64.ZipHigh(row2, row3));
        }

        Vector128.Create(low01.GetLower(), low23.GetLower()).Store(lanes);
        Vector128.Create(low01.GetUpper(), low23.GetUpper()).Store(lanes + width);
        Vector128.Create(high01.GetLower(), high23.GetLower()).Store(lanes + (2 * width));
        Vector128.Create(high01.GetUpper(), high23.GetUpper()).Store(lanes + (3 * width));
    }
}
