// The tile over coded panels with AVX2: at most two rows, since sixteen registers hold no more beside what unpacking needs.

using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>As <see cref="TileCoded512"/>, of at most two rows.</summary>
    private static void TileCoded256<TRows, TWeight>(
        int units, byte* a, nint aRow, nint aStep, CodedHead* head, byte* unit, float* c, nint cStride, bool continues)
        where TRows : struct, IRowCount
        where TWeight : struct, IWeightFormat
    {
        Vector256<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector256<float> c10 = default, c11 = default, c12 = default, c13 = default;
        if (continues)
        {
            c00 = Vector256.Load(c);
            c01 = Vector256.Load(c + 8);
            c02 = Vector256.Load(c + 16);
            c03 = Vector256.Load(c + 24);
            if (TRows.Count > 1)
            {
                c10 = Vector256.Load(c + cStride);
                c11 = Vector256.Load(c + cStride + 8);
                c12 = Vector256.Load(c + cStride + 16);
                c13 = Vector256.Load(c + cStride + 24);
            }
        }

        int unitBytes = UnitBytesOf<TWeight>();
        Vector256<byte> table = CodedPanel.Table256(head);
        for (; units > 0; units--, unit += unitBytes)
        {
            // Columns 0 to 7 and 16 to 23, then the others.
            Vector256<float> w00, w02, w10, w12, w01, w03, w11, w13;
            if (IsUnpacked<TWeight>())
            {
                float* rows = (float*)unit;
                (w00, w02, w10, w12) = (Vector256.Load(rows), Vector256.Load(rows + 16), Vector256.Load(rows + 32), Vector256.Load(rows + 48));
                (w01, w03, w11, w13) = (Vector256.Load(rows + 8), Vector256.Load(rows + 24), Vector256.Load(rows + 40), Vector256.Load(rows + 56));
            }
            else
            {
                CodedPanel.Prefetch<TWeight>(unit);
                CodedPanel.Half256<TWeight>(CodedPanel.Lower256(table, unit), unit, out w00, out w02, out w10, out w12);
                CodedPanel.Half256<TWeight>(CodedPanel.Upper256(table, unit), unit + (2 * CodedPanel.LaneBytes), out w01, out w03, out w11, out w13);
            }

            Vector256<float> x = Vector256.Create(*(float*)a);
            c00 = Simd256.Fma(x, w00, c00);
            c01 = Simd256.Fma(x, w01, c01);
            c02 = Simd256.Fma(x, w02, c02);
            c03 = Simd256.Fma(x, w03, c03);
            if (TRows.Count > 1)
            {
                x = Vector256.Create(*(float*)(a + aRow));
                c10 = Simd256.Fma(x, w00, c10);
                c11 = Simd256.Fma(x, w01, c11);
                c12 = Simd256.Fma(x, w02, c12);
                c13 = Simd256.Fma(x, w03, c13);
            }

            a += aStep;
            x = Vector256.Create(*(float*)a);
            c00 = Simd256.Fma(x, w10, c00);
            c01 = Simd256.Fma(x, w11, c01);
            c02 = Simd256.Fma(x, w12, c02);
            c03 = Simd256.Fma(x, w13, c03);
            if (TRows.Count > 1)
            {
                x = Vector256.Create(*(float*)(a + aRow));
                c10 = Simd256.Fma(x, w10, c10);
                c11 = Simd256.Fma(x, w11, c11);
                c12 = Simd256.Fma(x, w12, c12);
                c13 = Simd256.Fma(x, w13, c13);
            }

            a += aStep;
        }

        Vector256.Store(c00, c);
        Vector256.Store(c01, c + 8);
        Vector256.Store(c02, c + 16);
        Vector256.Store(c03, c + 24);
        if (TRows.Count > 1)
        {
            Vector256.Store(c10, c + cStride);
            Vector256.Store(c11, c + cStride + 8);
            Vector256.Store(c12, c + cStride + 16);
            Vector256.Store(c13, c + cStride + 24);
        }
    }
}
