// The register tile for products with few rows (decoding): up to six rows by four vectors, so that enough chains are in
// flight to hide the latency of a fused multiply-add. The order per output is that of Tile2.

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// Rows (at most 6) by four vectors, for products with few rows. Addresses as in <see cref="Tile2"/>. A chain may
    /// continue from what c holds of it: a float32 loses nothing in memory.
    /// </summary>
    public static void Tile4<S, F, D, TRows>(int depth, byte* a, nint aRow, nint aStep, byte* b, nint bStep, float* c, nint cStride, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TRows : struct, IRowCount
    {
        F c00 = default, c01 = default, c02 = default, c03 = default;
        F c10 = default, c11 = default, c12 = default, c13 = default;
        F c20 = default, c21 = default, c22 = default, c23 = default;
        F c30 = default, c31 = default, c32 = default, c33 = default;
        F c40 = default, c41 = default, c42 = default, c43 = default;
        F c50 = default, c51 = default, c52 = default, c53 = default;
        if (continues)
        {
            c00 = S.Load(c);
            c01 = S.Load(c + S.Lanes);
            c02 = S.Load(c + (2 * S.Lanes));
            c03 = S.Load(c + (3 * S.Lanes));
            if (TRows.Count > 1)
            {
                c10 = S.Load(c + cStride);
                c11 = S.Load(c + cStride + S.Lanes);
                c12 = S.Load(c + cStride + (2 * S.Lanes));
                c13 = S.Load(c + cStride + (3 * S.Lanes));
            }

            if (TRows.Count > 2)
            {
                c20 = S.Load(c + (2 * cStride));
                c21 = S.Load(c + (2 * cStride) + S.Lanes);
                c22 = S.Load(c + (2 * cStride) + (2 * S.Lanes));
                c23 = S.Load(c + (2 * cStride) + (3 * S.Lanes));
            }

            if (TRows.Count > 3)
            {
                c30 = S.Load(c + (3 * cStride));
                c31 = S.Load(c + (3 * cStride) + S.Lanes);
                c32 = S.Load(c + (3 * cStride) + (2 * S.Lanes));
                c33 = S.Load(c + (3 * cStride) + (3 * S.Lanes));
            }

            if (TRows.Count > 4)
            {
                c40 = S.Load(c + (4 * cStride));
                c41 = S.Load(c + (4 * cStride) + S.Lanes);
                c42 = S.Load(c + (4 * cStride) + (2 * S.Lanes));
                c43 = S.Load(c + (4 * cStride) + (3 * S.Lanes));
            }

            if (TRows.Count > 5)
            {
                c50 = S.Load(c + (5 * cStride));
                c51 = S.Load(c + (5 * cStride) + S.Lanes);
                c52 = S.Load(c + (5 * cStride) + (2 * S.Lanes));
                c53 = S.Load(c + (5 * cStride) + (3 * S.Lanes));
            }
        }

        byte* a3 = a + (3 * aRow);
        for (int k = 0; k < depth; k++)
        {
            F b0 = S.Load((float*)b);
            F b1 = S.Load((float*)b + S.Lanes);
            F b2 = S.Load((float*)b + (2 * S.Lanes));
            F b3 = S.Load((float*)b + (3 * S.Lanes));
            F x = S.Create(*(float*)a);
            c00 = S.Fma(x, b0, c00);
            c01 = S.Fma(x, b1, c01);
            c02 = S.Fma(x, b2, c02);
            c03 = S.Fma(x, b3, c03);
            if (TRows.Count > 1)
            {
                x = S.Create(*(float*)(a + aRow));
                c10 = S.Fma(x, b0, c10);
                c11 = S.Fma(x, b1, c11);
                c12 = S.Fma(x, b2, c12);
                c13 = S.Fma(x, b3, c13);
            }

            if (TRows.Count > 2)
            {
                x = S.Create(*(float*)(a + (2 * aRow)));
                c20 = S.Fma(x, b0, c20);
                c21 = S.Fma(x, b1, c21);
                c22 = S.Fma(x, b2, c22);
                c23 = S.Fma(x, b3, c23);
            }

            if (TRows.Count > 3)
            {
                x = S.Create(*(float*)a3);
                c30 = S.Fma(x, b0, c30);
                c31 = S.Fma(x, b1, c31);
                c32 = S.Fma(x, b2, c32);
                c33 = S.Fma(x, b3, c33);
            }

            if (TRows.Count > 4)
            {
                x = S.Create(*(float*)(a3 + aRow));
                c40 = S.Fma(x, b0, c40);
                c41 = S.Fma(x, b1, c41);
                c42 = S.Fma(x, b2, c42);
                c43 = S.Fma(x, b3, c43);
            }

            if (TRows.Count > 5)
            {
                x = S.Create(*(float*)(a3 + (2 * aRow)));
                c50 = S.Fma(x, b0, c50);
                c51 = S.Fma(x, b1, c51);
                c52 = S.Fma(x, b2, c52);
                c53 = S.Fma(x, b3, c53);
            }

            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        S.Store(c, c00);
        S.Store(c + S.Lanes, c01);
        S.Store(c + (2 * S.Lanes), c02);
        S.Store(c + (3 * S.Lanes), c03);
        if (TRows.Count > 1)
        {
            c += cStride;
            S.Store(c, c10);
            S.Store(c + S.Lanes, c11);
            S.Store(c + (2 * S.Lanes), c12);
            S.Store(c + (3 * S.Lanes), c13);
        }

        if (TRows.Count > 2)
        {
            c += cStride;
            S.Store(c, c20);
            S.Store(c + S.Lanes, c21);
            S.Store(c + (2 * S.Lanes), c22);
            S.Store(c + (3 * S.Lanes), c23);
        }

        if (TRows.Count > 3)
        {
            c += cStride;
            S.Store(c, c30);
            S.Store(c + S.Lanes, c31);
            S.Store(c + (2 * S.Lanes), c32);
            S.Store(c + (3 * S.Lanes), c33);
        }

        if (TRows.Count > 4)
        {
            c += cStride;
            S.Store(c, c40);
            S.Store(c + S.Lanes, c41);
            S.Store(c + (2 * S.Lanes), c42);
            S.Store(c + (3 * S.Lanes), c43);
        }

        if (TRows.Count > 5)
        {
            c += cStride;
            S.Store(c, c50);
            S.Store(c + S.Lanes, c51);
            S.Store(c + (2 * S.Lanes), c52);
            S.Store(c + (3 * S.Lanes), c53);
        }
    }
}
