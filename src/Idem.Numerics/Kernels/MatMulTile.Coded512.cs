// The tile over coded panels with AVX-512: up to six rows by the 64 columns of a panel.

using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// Rows (at most 6) by all columns, over the next <paramref name="depth"/> rows of a coded panel. Addresses of a and c as in <see cref="Tile2"/>; a chain may
    /// continue from what c holds of it.
    /// </summary>
    private static void TileCoded512<TRows, TWeight, TAhead>(
        int depth, byte* a, nint aRow, nint aStep, CodedPanelReader* reader, byte* ahead, nint aheadStep, float* spare, float* c, nint cStride, bool continues)
        where TRows : struct, IRowCount
        where TWeight : struct, IWeightFormat
        where TAhead : struct, ICodedAhead
    {
        Vector512<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector512<float> c10 = default, c11 = default, c12 = default, c13 = default;
        Vector512<float> c20 = default, c21 = default, c22 = default, c23 = default;
        Vector512<float> c30 = default, c31 = default, c32 = default, c33 = default;
        Vector512<float> c40 = default, c41 = default, c42 = default, c43 = default;
        Vector512<float> c50 = default, c51 = default, c52 = default, c53 = default;
        if (continues)
        {
            float* from = c;
            c00 = Vector512.Load(from);
            c01 = Vector512.Load(from + 16);
            c02 = Vector512.Load(from + 32);
            c03 = Vector512.Load(from + 48);

            if (TRows.Count > 1)
            {
                from += cStride;
                c10 = Vector512.Load(from);
                c11 = Vector512.Load(from + 16);
                c12 = Vector512.Load(from + 32);
                c13 = Vector512.Load(from + 48);
            }

            if (TRows.Count > 2)
            {
                from += cStride;
                c20 = Vector512.Load(from);
                c21 = Vector512.Load(from + 16);
                c22 = Vector512.Load(from + 32);
                c23 = Vector512.Load(from + 48);
            }

            if (TRows.Count > 3)
            {
                from += cStride;
                c30 = Vector512.Load(from);
                c31 = Vector512.Load(from + 16);
                c32 = Vector512.Load(from + 32);
                c33 = Vector512.Load(from + 48);
            }

            if (TRows.Count > 4)
            {
                from += cStride;
                c40 = Vector512.Load(from);
                c41 = Vector512.Load(from + 16);
                c42 = Vector512.Load(from + 32);
                c43 = Vector512.Load(from + 48);
            }

            if (TRows.Count > 5)
            {
                from += cStride;
                c50 = Vector512.Load(from);
                c51 = Vector512.Load(from + 16);
                c52 = Vector512.Load(from + 32);
                c53 = Vector512.Load(from + 48);
            }
        }

        byte* a3 = a + (3 * aRow);
        byte* unit = reader->Unit;
        CodedException* exception = reader->Exception;
        int place = reader->Place, end = place + (depth * CodedPanel.Columns);
        CodedDecoder512 decoder = new(reader->Head);
        while (place < end)
        {
            TAhead.Prefetch<TWeight>(ahead);
            ahead += aheadStep;
            decoder.Unpack<TWeight>(unit, out Vector512<float> w0, out Vector512<float> w1, out Vector512<float> w2, out Vector512<float> w3);
            unit += CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>());
            place += CodedPanel.Columns;
            if (exception->Place < place)
            {
                // Written out, since a call, which the JIT may not inline where it seldom comes, would keep the sums in memory.
                Vector512.Store(w0, spare);
                Vector512.Store(w1, spare + 16);
                Vector512.Store(w2, spare + 32);
                Vector512.Store(w3, spare + 48);
                float* row = spare - (place - CodedPanel.Columns);
                do
                {
                    row[exception->Place] = exception->Value;
                    exception++;
                }
                while (exception->Place < place);

                w0 = Vector512.Load(spare);
                w1 = Vector512.Load(spare + 16);
                w2 = Vector512.Load(spare + 32);
                w3 = Vector512.Load(spare + 48);
            }

            Vector512<float> x = Vector512.Create(*(float*)a);
            c00 = Simd512.Fma(x, w0, c00);
            c01 = Simd512.Fma(x, w1, c01);
            c02 = Simd512.Fma(x, w2, c02);
            c03 = Simd512.Fma(x, w3, c03);

            if (TRows.Count > 1)
            {
                x = Vector512.Create(*(float*)(a + aRow));
                c10 = Simd512.Fma(x, w0, c10);
                c11 = Simd512.Fma(x, w1, c11);
                c12 = Simd512.Fma(x, w2, c12);
                c13 = Simd512.Fma(x, w3, c13);
            }

            if (TRows.Count > 2)
            {
                x = Vector512.Create(*(float*)(a + (2 * aRow)));
                c20 = Simd512.Fma(x, w0, c20);
                c21 = Simd512.Fma(x, w1, c21);
                c22 = Simd512.Fma(x, w2, c22);
                c23 = Simd512.Fma(x, w3, c23);
            }

            if (TRows.Count > 3)
            {
                x = Vector512.Create(*(float*)a3);
                c30 = Simd512.Fma(x, w0, c30);
                c31 = Simd512.Fma(x, w1, c31);
                c32 = Simd512.Fma(x, w2, c32);
                c33 = Simd512.Fma(x, w3, c33);
            }

            if (TRows.Count > 4)
            {
                x = Vector512.Create(*(float*)(a3 + aRow));
                c40 = Simd512.Fma(x, w0, c40);
                c41 = Simd512.Fma(x, w1, c41);
                c42 = Simd512.Fma(x, w2, c42);
                c43 = Simd512.Fma(x, w3, c43);
            }

            if (TRows.Count > 5)
            {
                x = Vector512.Create(*(float*)(a3 + (2 * aRow)));
                c50 = Simd512.Fma(x, w0, c50);
                c51 = Simd512.Fma(x, w1, c51);
                c52 = Simd512.Fma(x, w2, c52);
                c53 = Simd512.Fma(x, w3, c53);
            }

            a += aStep;
            a3 += aStep;
        }

        reader->Unit = unit;
        reader->Place = place;
        reader->Exception = exception;
        Vector512.Store(c00, c);
        Vector512.Store(c01, c + 16);
        Vector512.Store(c02, c + 32);
        Vector512.Store(c03, c + 48);

        if (TRows.Count > 1)
        {
            c += cStride;
            Vector512.Store(c10, c);
            Vector512.Store(c11, c + 16);
            Vector512.Store(c12, c + 32);
            Vector512.Store(c13, c + 48);
        }

        if (TRows.Count > 2)
        {
            c += cStride;
            Vector512.Store(c20, c);
            Vector512.Store(c21, c + 16);
            Vector512.Store(c22, c + 32);
            Vector512.Store(c23, c + 48);
        }

        if (TRows.Count > 3)
        {
            c += cStride;
            Vector512.Store(c30, c);
            Vector512.Store(c31, c + 16);
            Vector512.Store(c32, c + 32);
            Vector512.Store(c33, c + 48);
        }

        if (TRows.Count > 4)
        {
            c += cStride;
            Vector512.Store(c40, c);
            Vector512.Store(c41, c + 16);
            Vector512.Store(c42, c + 32);
            Vector512.Store(c43, c + 48);
        }

        if (TRows.Count > 5)
        {
            c += cStride;
            Vector512.Store(c50, c);
            Vector512.Store(c51, c + 16);
            Vector512.Store(c52, c + 32);
            Vector512.Store(c53, c + 48);
        }
    }
}
