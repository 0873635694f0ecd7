// The register tiles over coded panels where there is AVX-512 (up to six rows) or AVX2 (up to two). A unit is unpacked in registers while the
// chains of the unit before are in flight, so that few rows wait for memory only. The order per output is Tile2's.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>How much of a panel a tile asks for with each row that it reads.</summary>
internal unsafe interface ICodedAhead
{
    static abstract void Prefetch<TWeight>(byte* ahead)
        where TWeight : struct, IWeightFormat;
}

internal static unsafe partial class MatMulTile
{
    /// <summary>Rows after which the other columns of two rows have their turn, where registers hold half of them.</summary>
    private const int TurnDepth256 = 64;

    /// <summary>Most rows that <see cref="RunCoded"/> takes on a path; 0 where it has no tile.</summary>
    public static int CodedRowsMax<S, F, D>()
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        !Fma.IsHardware ? 0
        : typeof(F) == typeof(Vector512<float>) && Avx512BW.IsSupported ? 6
        : typeof(F) == typeof(Vector256<float>) && Avx2.IsSupported ? 2
        : 0;

    /// <summary>
    /// A tile of <paramref name="rows"/> rows, at most <see cref="CodedRowsMax"/>. <paramref name="ahead"/> is what to ask for with the first row it reads,
    /// <paramref name="aheadStep"/> how much further with each: a unit, or, if several tiles share that, part of one. With AVX2, where no tiles share it, a tile
    /// knows by itself.
    /// </summary>
    public static void RunCoded<S, F, D, TWeight, TAhead>(
        int rows, int depth, byte* a, nint aRow, nint aStep, CodedPanelReader* reader, byte* ahead, nint aheadStep, float* spare, float* c, nint cStride, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TWeight : struct, IWeightFormat
        where TAhead : struct, ICodedAhead
    {
        if (typeof(F) != typeof(Vector512<float>))
        {
            if (rows == 1)
            {
                TileCoded256<TWeight>(depth, a, aStep, reader, spare, c, continues);
                return;
            }

            ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, 2);
            for (int done = 0; done < depth; done += TurnDepth256, a += TurnDepth256 * aStep)
            {
                int piece = Math.Min(TurnDepth256, depth - done);
                CodedPanelReader again = *reader;
                nint half = piece * aheadStep / 2;
                byte* next = reader->Unit + (TurnDepth256 * aheadStep);
                TileCoded256<LowerLanes, TWeight>(piece, a, aRow, aStep, reader, next, spare, c, cStride, continues || done > 0);
                TileCoded256<UpperLanes, TWeight>(piece, a, aRow, aStep, &again, next + half, spare, c, cStride, continues || done > 0);
            }

            return;
        }

        switch (rows)
        {
            case 1:
                TileCoded512<Rows1, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            case 2:
                TileCoded512<Rows2, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            case 3:
                TileCoded512<Rows3, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            case 4:
                TileCoded512<Rows4, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            case 5:
                TileCoded512<Rows5, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            case 6:
                TileCoded512<Rows6, TWeight, TAhead>(depth, a, aRow, aStep, reader, ahead, aheadStep, spare, c, cStride, continues);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows), rows, "MatMul: no tile has so many rows");
        }
    }

    /// <summary>All that a row takes.</summary>
    internal readonly unsafe struct AheadAlone : ICodedAhead
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Prefetch<TWeight>(byte* ahead)
            where TWeight : struct, IWeightFormat => CodedPanel.Prefetch<TWeight>(ahead);
    }

    /// <summary>A half of that or less.</summary>
    internal readonly unsafe struct AheadShared : ICodedAhead
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Prefetch<TWeight>(byte* ahead)
            where TWeight : struct, IWeightFormat => CodedPanel.PrefetchHalf<TWeight>(ahead);
    }
}
