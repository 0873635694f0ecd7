// Turns a row count known at run time into one the JIT knows.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>Most rows of a tile: what fits the register file beside the operands.</summary>
    public static int RowsMax<S, F, D>()
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        S.Lanes == 16 || System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported ? 12 : 6;

    /// <summary>A tile of <paramref name="rows"/> rows by two vectors, see <see cref="Tile2"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<S, F, D, TWeight>(
        int rows, int depth, byte* a, nint aRow, nint aStep, byte* b, nint bStep, float* packed, TileAhead* ahead, float* level, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        switch (rows)
        {
            case 1:
                Tile2<S, F, D, Rows1, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 2:
                Tile2<S, F, D, Rows2, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 3:
                Tile2<S, F, D, Rows3, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 4:
                Tile2<S, F, D, Rows4, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 5:
                Tile2<S, F, D, Rows5, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 6:
                Tile2<S, F, D, Rows6, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 7:
                Tile2<S, F, D, Rows7, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 8:
                Tile2<S, F, D, Rows8, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 9:
                Tile2<S, F, D, Rows9, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 10:
                Tile2<S, F, D, Rows10, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 11:
                Tile2<S, F, D, Rows11, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            case 12:
                Tile2<S, F, D, Rows12, TWeight>(depth, a, aRow, aStep, b, bStep, packed, ahead, level, c, cStride);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows), rows, "MatMul: no tile has so many rows");
        }
    }

    private readonly struct Rows1 : IRowCount
    {
        public static int Count => 1;
    }

    private readonly struct Rows2 : IRowCount
    {
        public static int Count => 2;
    }

    private readonly struct Rows3 : IRowCount
    {
        public static int Count => 3;
    }

    private readonly struct Rows4 : IRowCount
    {
        public static int Count => 4;
    }

    private readonly struct Rows5 : IRowCount
    {
        public static int Count => 5;
    }

    private readonly struct Rows6 : IRowCount
    {
        public static int Count => 6;
    }

    private readonly struct Rows7 : IRowCount
    {
        public static int Count => 7;
    }

    private readonly struct Rows8 : IRowCount
    {
        public static int Count => 8;
    }

    private readonly struct Rows9 : IRowCount
    {
        public static int Count => 9;
    }

    private readonly struct Rows10 : IRowCount
    {
        public static int Count => 10;
    }

    private readonly struct Rows11 : IRowCount
    {
        public static int Count => 11;
    }

    private readonly struct Rows12 : IRowCount
    {
        public static int Count => 12;
    }
}
