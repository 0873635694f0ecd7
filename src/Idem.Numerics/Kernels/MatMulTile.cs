// The register tile of matrix multiplication: up to twelve rows by two vectors of outputs, each output one chain of fused
// multiply-adds in its own lane of its own register. Written once; RyuJIT compiles one body per width and row count, in
// which the guards on TRows.Count are constants. What may never change: each chain starts at +0 and ascends in k.

using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>A number of rows that is a constant to the JIT.</summary>
internal interface IRowCount
{
    static abstract int Count { get; }
}

/// <summary>Register tiles of <see cref="MatMul"/>.</summary>
internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// Rows (at most 12) by two vectors. Element (i, k) of a lies at byte i * aRow + k * aStep; row k of b at byte k * bStep. While the sums
    /// are in registers, those of level, dense rows of a panel, are added as the left operands, unless that is null. A format that packs stores what it reads of b
    /// to packed, dense rows of a panel.
    /// </summary>
    public static void Tile2<S, F, D, TRows, TWeight>(
        int depth, byte* a, nint aRow, nint aStep, byte* b, nint bStep, float* packed, TileAhead* ahead, float* level, float* c, nint cStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TRows : struct, IRowCount
        where TWeight : struct, IWeightFormat
    {
        F c00 = default, c01 = default;
        F c10 = default, c11 = default;
        F c20 = default, c21 = default;
        F c30 = default, c31 = default;
        F c40 = default, c41 = default;
        F c50 = default, c51 = default;
        F c60 = default, c61 = default;
        F c70 = default, c71 = default;
        F c80 = default, c81 = default;
        F c90 = default, c91 = default;
        F cA0 = default, cA1 = default;
        F cB0 = default, cB1 = default;
        byte* a3 = a + (3 * aRow);
        byte* a6 = a + (6 * aRow);
        byte* a9 = a + (9 * aRow);
        for (int k = 0; k < depth;)
        {
            int end = depth;
            if (TWeight.Spreads)
            {
                // What comes next is asked for between the multiplications: all at once it would keep this tile's own operands waiting.
                end = Math.Min(k + ahead->Depth, depth);
                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(ahead->B);
                    Sse.Prefetch1(ahead->B + 64);
                    Sse.Prefetch0(ahead->C);
                    Sse.Prefetch0(ahead->C + 64);
                    ahead->B += ahead->BStride;
                    ahead->C += ahead->CStride;
                    if (ahead->A != 0)
                    {
                        byte* next = a + ahead->A;
                        for (int row = 0; row < TRows.Count; row++, next += aRow)
                        {
                            Sse.Prefetch1(next);
                        }
                    }
                }
            }

            for (; k < end; k++)
            {
                if (TWeight.Ahead != 0 && Sse.IsSupported)
                {
                    Sse.Prefetch0(b + TWeight.Ahead);
                    if (TWeight.Bytes * 2 * S.Lanes > 64)
                    {
                        Sse.Prefetch0(b + TWeight.Ahead + 64);
                    }
                }

                F b0 = TWeight.Load<S, F, D>(b), b1 = TWeight.Load<S, F, D>(b + (TWeight.Bytes * S.Lanes));
                if (TWeight.Packs)
                {
                    S.Store(packed, b0);
                    S.Store(packed + S.Lanes, b1);
                    packed += MatMulPlan.PanelColumns;
                }

                F x = S.Create(*(float*)a);
                c00 = S.Fma(x, b0, c00);
                c01 = S.Fma(x, b1, c01);
                if (TRows.Count > 1)
                {
                    x = S.Create(*(float*)(a + aRow));
                    c10 = S.Fma(x, b0, c10);
                    c11 = S.Fma(x, b1, c11);
                }

                if (TRows.Count > 2)
                {
                    x = S.Create(*(float*)(a + (2 * aRow)));
                    c20 = S.Fma(x, b0, c20);
                    c21 = S.Fma(x, b1, c21);
                }

                if (TRows.Count > 3)
                {
                    x = S.Create(*(float*)a3);
                    c30 = S.Fma(x, b0, c30);
                    c31 = S.Fma(x, b1, c31);
                }

                if (TRows.Count > 4)
                {
                    x = S.Create(*(float*)(a3 + aRow));
                    c40 = S.Fma(x, b0, c40);
                    c41 = S.Fma(x, b1, c41);
                }

                if (TRows.Count > 5)
                {
                    x = S.Create(*(float*)(a3 + (2 * aRow)));
                    c50 = S.Fma(x, b0, c50);
                    c51 = S.Fma(x, b1, c51);
                }

                if (TRows.Count > 6)
                {
                    x = S.Create(*(float*)a6);
                    c60 = S.Fma(x, b0, c60);
                    c61 = S.Fma(x, b1, c61);
                }

                if (TRows.Count > 7)
                {
                    x = S.Create(*(float*)(a6 + aRow));
                    c70 = S.Fma(x, b0, c70);
                    c71 = S.Fma(x, b1, c71);
                }

                if (TRows.Count > 8)
                {
                    x = S.Create(*(float*)(a6 + (2 * aRow)));
                    c80 = S.Fma(x, b0, c80);
                    c81 = S.Fma(x, b1, c81);
                }

                if (TRows.Count > 9)
                {
                    x = S.Create(*(float*)a9);
                    c90 = S.Fma(x, b0, c90);
                    c91 = S.Fma(x, b1, c91);
                }

                if (TRows.Count > 10)
                {
                    x = S.Create(*(float*)(a9 + aRow));
                    cA0 = S.Fma(x, b0, cA0);
                    cA1 = S.Fma(x, b1, cA1);
                }

                if (TRows.Count > 11)
                {
                    x = S.Create(*(float*)(a9 + (2 * aRow)));
                    cB0 = S.Fma(x, b0, cB0);
                    cB1 = S.Fma(x, b1, cB1);
                }

                a += aStep;
                a3 += aStep;
                a6 += aStep;
                a9 += aStep;
                b += bStep;
            }
        }

        if (level != null)
        {
            c00 = S.Add(S.Load(level), c00);
            c01 = S.Add(S.Load(level + S.Lanes), c01);
            if (TRows.Count > 1)
            {
                level += MatMulPlan.PanelColumns;
                c10 = S.Add(S.Load(level), c10);
                c11 = S.Add(S.Load(level + S.Lanes), c11);
            }

            if (TRows.Count > 2)
            {
                level += MatMulPlan.PanelColumns;
                c20 = S.Add(S.Load(level), c20);
                c21 = S.Add(S.Load(level + S.Lanes), c21);
            }

            if (TRows.Count > 3)
            {
                level += MatMulPlan.PanelColumns;
                c30 = S.Add(S.Load(level), c30);
                c31 = S.Add(S.Load(level + S.Lanes), c31);
            }

            if (TRows.Count > 4)
            {
                level += MatMulPlan.PanelColumns;
                c40 = S.Add(S.Load(level), c40);
                c41 = S.Add(S.Load(level + S.Lanes), c41);
            }

            if (TRows.Count > 5)
            {
                level += MatMulPlan.PanelColumns;
                c50 = S.Add(S.Load(level), c50);
                c51 = S.Add(S.Load(level + S.Lanes), c51);
            }

            if (TRows.Count > 6)
            {
                level += MatMulPlan.PanelColumns;
                c60 = S.Add(S.Load(level), c60);
                c61 = S.Add(S.Load(level + S.Lanes), c61);
            }

            if (TRows.Count > 7)
            {
                level += MatMulPlan.PanelColumns;
                c70 = S.Add(S.Load(level), c70);
                c71 = S.Add(S.Load(level + S.Lanes), c71);
            }

            if (TRows.Count > 8)
            {
                level += MatMulPlan.PanelColumns;
                c80 = S.Add(S.Load(level), c80);
                c81 = S.Add(S.Load(level + S.Lanes), c81);
            }

            if (TRows.Count > 9)
            {
                level += MatMulPlan.PanelColumns;
                c90 = S.Add(S.Load(level), c90);
                c91 = S.Add(S.Load(level + S.Lanes), c91);
            }

            if (TRows.Count > 10)
            {
                level += MatMulPlan.PanelColumns;
                cA0 = S.Add(S.Load(level), cA0);
                cA1 = S.Add(S.Load(level + S.Lanes), cA1);
            }

            if (TRows.Count > 11)
            {
                level += MatMulPlan.PanelColumns;
                cB0 = S.Add(S.Load(level), cB0);
                cB1 = S.Add(S.Load(level + S.Lanes), cB1);
            }
        }

        S.Store(c, c00);
        S.Store(c + S.Lanes, c01);
        if (TRows.Count > 1)
        {
            c += cStride;
            S.Store(c, c10);
            S.Store(c + S.Lanes, c11);
        }

        if (TRows.Count > 2)
        {
            c += cStride;
            S.Store(c, c20);
            S.Store(c + S.Lanes, c21);
        }

        if (TRows.Count > 3)
        {
            c += cStride;
            S.Store(c, c30);
            S.Store(c + S.Lanes, c31);
        }

        if (TRows.Count > 4)
        {
            c += cStride;
            S.Store(c, c40);
            S.Store(c + S.Lanes, c41);
        }

        if (TRows.Count > 5)
        {
            c += cStride;
            S.Store(c, c50);
            S.Store(c + S.Lanes, c51);
        }

        if (TRows.Count > 6)
        {
            c += cStride;
            S.Store(c, c60);
            S.Store(c + S.Lanes, c61);
        }

        if (TRows.Count > 7)
        {
            c += cStride;
            S.Store(c, c70);
            S.Store(c + S.Lanes, c71);
        }

        if (TRows.Count > 8)
        {
            c += cStride;
            S.Store(c, c80);
            S.Store(c + S.Lanes, c81);
        }

        if (TRows.Count > 9)
        {
            c += cStride;
            S.Store(c, c90);
            S.Store(c + S.Lanes, c91);
        }

        if (TRows.Count > 10)
        {
            c += cStride;
            S.Store(c, cA0);
            S.Store(c + S.Lanes, cA1);
        }

        if (TRows.Count > 11)
        {
            c += cStride;
            S.Store(c, cB0);
            S.Store(c + S.Lanes, cB1);
        }
    }
}
