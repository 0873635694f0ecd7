// The register tiles over coded panels where there is AVX-512 (up to twelve rows by the 32 columns of a panel) or AVX2 (up to two rows). A
// unit is unpacked in registers while the chains of the unit before are in flight, so that few rows wait for memory only. The order per
// output is Tile2's.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>Most rows that <see cref="RunCoded"/> takes on a path; 0 where it has no tile.</summary>
    public static int CodedRowsMax<S, F, D>()
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        !Fma.IsHardware ? 0
        : typeof(F) == typeof(Vector512<float>) && Avx512BW.IsSupported ? 12
        : typeof(F) == typeof(Vector256<float>) && Avx2.IsSupported ? 2
        : 0;

    /// <summary>A tile of <paramref name="rows"/> rows, at most <see cref="CodedRowsMax"/>.</summary>
    public static void RunCoded<S, F, D, TWeight>(
        int rows, int units, byte* a, nint aRow, nint aStep, CodedHead* head, byte* unit, float* c, nint cStride, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
    {
        if (typeof(F) != typeof(Vector512<float>))
        {
            if (rows == 1)
            {
                TileCoded256<Rows1, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
            }
            else
            {
                TileCoded256<Rows2, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
            }

            return;
        }

        switch (rows)
        {
            case 1:
                TileCoded512<Rows1, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 2:
                TileCoded512<Rows2, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 3:
                TileCoded512<Rows3, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 4:
                TileCoded512<Rows4, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 5:
                TileCoded512<Rows5, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 6:
                TileCoded512<Rows6, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 7:
                TileCoded512<Rows7, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 8:
                TileCoded512<Rows8, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 9:
                TileCoded512<Rows9, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 10:
                TileCoded512<Rows10, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 11:
                TileCoded512<Rows11, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            case 12:
                TileCoded512<Rows12, TWeight>(units, a, aRow, aStep, head, unit, c, cStride, continues);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows), rows, "MatMul: no tile has so many rows");
        }
    }

    /// <summary>Whether a unit is float32 as they are: one with exceptions, that was unpacked before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsUnpacked<TWeight>()
        where TWeight : struct, IWeightFormat => typeof(TWeight) == typeof(Float32Weights);

    /// <summary>A coded unit, or one that was unpacked. A call to it, unless inlined, would keep a tile's sums in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int UnitBytesOf<TWeight>()
        where TWeight : struct, IWeightFormat =>
        IsUnpacked<TWeight>() ? CodedPanel.UnitRows * MatMulPlan.PanelColumns * sizeof(float) : CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>());
}
