// The register tile for products with few rows (decoding): up to six rows by two or four vectors, so that enough chains are in
// flight to hide the latency of a fused multiply-add, and chains go on from piece to piece. The order per output is that of Tile2.

using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>A number of vectors that is a constant to the JIT.</summary>
internal interface IVectorCount
{
    static abstract int Count { get; }
}

internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// Rows (at most 6) by two or four vectors that lie side by side, for products with few rows. Addresses otherwise as in
    /// <see cref="Tile2"/>. A chain may continue from what c holds of it: a float32 loses nothing in memory.
    /// </summary>
    public static void TileFew<S, F, D, TRows, TVectors, TWeight>(
        int depth, byte* a, nint aRow, nint aStep, byte* b, nint bStep, float* c, nint cStride, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TRows : struct, IRowCount
        where TVectors : struct, IVectorCount
        where TWeight : struct, IWeightFormat
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
            if (TVectors.Count > 2)
            {
                c02 = S.Load(c + (2 * S.Lanes));
                c03 = S.Load(c + (3 * S.Lanes));
            }

            if (TRows.Count > 1)
            {
                c10 = S.Load(c + cStride);
                c11 = S.Load(c + cStride + S.Lanes);
                if (TVectors.Count > 2)
                {
                    c12 = S.Load(c + cStride + (2 * S.Lanes));
                    c13 = S.Load(c + cStride + (3 * S.Lanes));
                }
            }

            if (TRows.Count > 2)
            {
                c20 = S.Load(c + (2 * cStride));
                c21 = S.Load(c + (2 * cStride) + S.Lanes);
                if (TVectors.Count > 2)
                {
                    c22 = S.Load(c + (2 * cStride) + (2 * S.Lanes));
                    c23 = S.Load(c + (2 * cStride) + (3 * S.Lanes));
                }
            }

            if (TRows.Count > 3)
            {
                c30 = S.Load(c + (3 * cStride));
                c31 = S.Load(c + (3 * cStride) + S.Lanes);
                if (TVectors.Count > 2)
                {
                    c32 = S.Load(c + (3 * cStride) + (2 * S.Lanes));
                    c33 = S.Load(c + (3 * cStride) + (3 * S.Lanes));
                }
            }

            if (TRows.Count > 4)
            {
                c40 = S.Load(c + (4 * cStride));
                c41 = S.Load(c + (4 * cStride) + S.Lanes);
                if (TVectors.Count > 2)
                {
                    c42 = S.Load(c + (4 * cStride) + (2 * S.Lanes));
                    c43 = S.Load(c + (4 * cStride) + (3 * S.Lanes));
                }
            }

            if (TRows.Count > 5)
            {
                c50 = S.Load(c + (5 * cStride));
                c51 = S.Load(c + (5 * cStride) + S.Lanes);
                if (TVectors.Count > 2)
                {
                    c52 = S.Load(c + (5 * cStride) + (2 * S.Lanes));
                    c53 = S.Load(c + (5 * cStride) + (3 * S.Lanes));
                }
            }
        }

        byte* a3 = a + (3 * aRow);
        for (int k = 0; k < depth; k++)
        {
            if (TWeight.Ahead != 0 && Sse.IsSupported)
            {
                Sse.Prefetch0(b + TWeight.Ahead);
                if (TWeight.Bytes * TVectors.Count * S.Lanes > 64)
                {
                    Sse.Prefetch0(b + TWeight.Ahead + 64);
                }
            }

            F w0 = TWeight.Load<S, F, D>(b), w1 = TWeight.Load<S, F, D>(b + (TWeight.Bytes * S.Lanes)), w2 = default, w3 = default;
            if (TVectors.Count > 2)
            {
                w2 = TWeight.Load<S, F, D>(b + (TWeight.Bytes * 2 * S.Lanes));
                w3 = TWeight.Load<S, F, D>(b + (TWeight.Bytes * 3 * S.Lanes));
            }

            F x = S.Create(*(float*)a);
            c00 = S.Fma(x, w0, c00);
            c01 = S.Fma(x, w1, c01);
            if (TVectors.Count > 2)
            {
                c02 = S.Fma(x, w2, c02);
                c03 = S.Fma(x, w3, c03);
            }

            if (TRows.Count > 1)
            {
                x = S.Create(*(float*)(a + aRow));
                c10 = S.Fma(x, w0, c10);
                c11 = S.Fma(x, w1, c11);
                if (TVectors.Count > 2)
                {
                    c12 = S.Fma(x, w2, c12);
                    c13 = S.Fma(x, w3, c13);
                }
            }

            if (TRows.Count > 2)
            {
                x = S.Create(*(float*)(a + (2 * aRow)));
                c20 = S.Fma(x, w0, c20);
                c21 = S.Fma(x, w1, c21);
                if (TVectors.Count > 2)
                {
                    c22 = S.Fma(x, w2, c22);
                    c23 = S.Fma(x, w3, c23);
                }
            }

            if (TRows.Count > 3)
            {
                x = S.Create(*(float*)a3);
                c30 = S.Fma(x, w0, c30);
                c31 = S.Fma(x, w1, c31);
                if (TVectors.Count > 2)
                {
                    c32 = S.Fma(x, w2, c32);
                    c33 = S.Fma(x, w3, c33);
                }
            }

            if (TRows.Count > 4)
            {
                x = S.Create(*(float*)(a3 + aRow));
                c40 = S.Fma(x, w0, c40);
                c41 = S.Fma(x, w1, c41);
                if (TVectors.Count > 2)
                {
                    c42 = S.Fma(x, w2, c42);
                    c43 = S.Fma(x, w3, c43);
                }
            }

            if (TRows.Count > 5)
            {
                x = S.Create(*(float*)(a3 + (2 * aRow)));
                c50 = S.Fma(x, w0, c50);
                c51 = S.Fma(x, w1, c51);
                if (TVectors.Count > 2)
                {
                    c52 = S.Fma(x, w2, c52);
                    c53 = S.Fma(x, w3, c53);
                }
            }

            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        S.Store(c, c00);
        S.Store(c + S.Lanes, c01);
        if (TVectors.Count > 2)
        {
            S.Store(c + (2 * S.Lanes), c02);
            S.Store(c + (3 * S.Lanes), c03);
        }

        if (TRows.Count > 1)
        {
            S.Store(c + cStride, c10);
            S.Store(c + cStride + S.Lanes, c11);
            if (TVectors.Count > 2)
            {
                S.Store(c + cStride + (2 * S.Lanes), c12);
                S.Store(c + cStride + (3 * S.Lanes), c13);
            }
        }

        if (TRows.Count > 2)
        {
            S.Store(c + (2 * cStride), c20);
            S.Store(c + (2 * cStride) + S.Lanes, c21);
            if (TVectors.Count > 2)
            {
                S.Store(c + (2 * cStride) + (2 * S.Lanes), c22);
                S.Store(c + (2 * cStride) + (3 * S.Lanes), c23);
            }
        }

        if (TRows.Count > 3)
        {
            S.Store(c + (3 * cStride), c30);
            S.Store(c + (3 * cStride) + S.Lanes, c31);
            if (TVectors.Count > 2)
            {
                S.Store(c + (3 * cStride) + (2 * S.Lanes), c32);
                S.Store(c + (3 * cStride) + (3 * S.Lanes), c33);
            }
        }

        if (TRows.Count > 4)
        {
            S.Store(c + (4 * cStride), c40);
            S.Store(c + (4 * cStride) + S.Lanes, c41);
            if (TVectors.Count > 2)
            {
                S.Store(c + (4 * cStride) + (2 * S.Lanes), c42);
                S.Store(c + (4 * cStride) + (3 * S.Lanes), c43);
            }
        }

        if (TRows.Count > 5)
        {
            S.Store(c + (5 * cStride), c50);
            S.Store(c + (5 * cStride) + S.Lanes, c51);
            if (TVectors.Count > 2)
            {
                S.Store(c + (5 * cStride) + (2 * S.Lanes), c52);
                S.Store(c + (5 * cStride) + (3 * S.Lanes), c53);
            }
        }
    }

    /// <summary>A tile of <paramref name="rows"/> rows by two or four vectors, see <see cref="TileFew"/>.</summary>
    public static void RunFewRows<S, F, D, TVectors, TWeight>(
        int rows, int depth, byte* a, nint aRow, nint aStep, byte* b, nint bStep, float* c, nint cStride, bool continues)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TVectors : struct, IVectorCount
        where TWeight : struct, IWeightFormat
    {
        switch (rows)
        {
            case 1:
                TileFew<S, F, D, Rows1, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            case 2:
                TileFew<S, F, D, Rows2, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            case 3:
                TileFew<S, F, D, Rows3, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            case 4:
                TileFew<S, F, D, Rows4, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            case 5:
                TileFew<S, F, D, Rows5, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            case 6:
                TileFew<S, F, D, Rows6, TVectors, TWeight>(depth, a, aRow, aStep, b, bStep, c, cStride, continues);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows), rows, "MatMul: no tile has so many rows");
        }
    }

    internal readonly struct Vectors2 : IVectorCount
    {
        public static int Count => 2;
    }

    internal readonly struct Vectors4 : IVectorCount
    {
        public static int Count => 4;
    }
}
