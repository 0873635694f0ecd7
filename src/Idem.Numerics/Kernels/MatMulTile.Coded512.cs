// The tile over coded panels with AVX-512. TWeight says what a unit stores; Float32Weights stand for a unit that was unpacked before.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>
    /// Rows (at most 12) by 32 columns of some units of a coded panel, none with an exception, or, if TWeight is <see cref="Float32Weights"/>, of
    /// units that were unpacked. Addresses of a and c as in <see cref="Tile2"/>; a chain may continue from what c holds of it.
    /// </summary>
    private static void TileCoded512<TRows, TWeight>(
        int units, byte* a, nint aRow, nint aStep, CodedHead* head, byte* unit, float* c, nint cStride, bool continues)
        where TRows : struct, IRowCount
        where TWeight : struct, IWeightFormat
    {
        Vector512<float> c00 = default, c01 = default;
        Vector512<float> c10 = default, c11 = default;
        Vector512<float> c20 = default, c21 = default;
        Vector512<float> c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default;
        Vector512<float> c50 = default, c51 = default;
        Vector512<float> c60 = default, c61 = default;
        Vector512<float> c70 = default, c71 = default;
        Vector512<float> c80 = default, c81 = default;
        Vector512<float> c90 = default, c91 = default;
        Vector512<float> cA0 = default, cA1 = default;
        Vector512<float> cB0 = default, cB1 = default;
        if (continues)
        {
            float* from = c;
            c00 = Vector512.Load(from);
            c01 = Vector512.Load(from + 16);

            if (TRows.Count > 1)
            {
                from += cStride;
                c10 = Vector512.Load(from);
                c11 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 2)
            {
                from += cStride;
                c20 = Vector512.Load(from);
                c21 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 3)
            {
                from += cStride;
                c30 = Vector512.Load(from);
                c31 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 4)
            {
                from += cStride;
                c40 = Vector512.Load(from);
                c41 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 5)
            {
                from += cStride;
                c50 = Vector512.Load(from);
                c51 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 6)
            {
                from += cStride;
                c60 = Vector512.Load(from);
                c61 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 7)
            {
                from += cStride;
                c70 = Vector512.Load(from);
                c71 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 8)
            {
                from += cStride;
                c80 = Vector512.Load(from);
                c81 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 9)
            {
                from += cStride;
                c90 = Vector512.Load(from);
                c91 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 10)
            {
                from += cStride;
                cA0 = Vector512.Load(from);
                cA1 = Vector512.Load(from + 16);
            }

            if (TRows.Count > 11)
            {
                from += cStride;
                cB0 = Vector512.Load(from);
                cB1 = Vector512.Load(from + 16);
            }
        }

        byte* a3 = a + (3 * aRow);
        byte* a6 = a + (6 * aRow);
        byte* a9 = a + (9 * aRow);
        int unitBytes = UnitBytesOf<TWeight>();
        Vector512<byte> table = CodedPanel.Table512(head);
        for (; units > 0; units--)
        {
            Vector512<float> w00, w01, w10, w11;
            if (IsUnpacked<TWeight>())
            {
                w00 = Vector512.Load((float*)unit);
                w01 = Vector512.Load((float*)unit + 16);
                w10 = Vector512.Load((float*)unit + 32);
                w11 = Vector512.Load((float*)unit + 48);
            }
            else
            {
                CodedPanel.Prefetch<TWeight>(unit);
                Vector512<byte> upper = CodedPanel.Upper512(table, unit), middle = Vector512.Load(unit + CodedPanel.MiddleAt);
                Vector512<ushort> high0 = Avx512BW.UnpackLow(middle, upper).AsUInt16(), high1 = Avx512BW.UnpackHigh(middle, upper).AsUInt16();
                Vector512<ushort> low0 = CodedPanel.Low512<TWeight>(unit), low1 = CodedPanel.Low512<TWeight>(unit + CodedPanel.LowBytes);
                w00 = Avx512BW.UnpackLow(low0, high0).AsSingle();
                w01 = Avx512BW.UnpackHigh(low0, high0).AsSingle();
                w10 = Avx512BW.UnpackLow(low1, high1).AsSingle();
                w11 = Avx512BW.UnpackHigh(low1, high1).AsSingle();
            }

            unit += unitBytes;
            Vector512<float> x = Vector512.Create(*(float*)a);
            c00 = Simd512.Fma(x, w00, c00);
            c01 = Simd512.Fma(x, w01, c01);

            if (TRows.Count > 1)
            {
                x = Vector512.Create(*(float*)(a + aRow));
                c10 = Simd512.Fma(x, w00, c10);
                c11 = Simd512.Fma(x, w01, c11);
            }

            if (TRows.Count > 2)
            {
                x = Vector512.Create(*(float*)(a + (2 * aRow)));
                c20 = Simd512.Fma(x, w00, c20);
                c21 = Simd512.Fma(x, w01, c21);
            }

            if (TRows.Count > 3)
            {
                x = Vector512.Create(*(float*)a3);
                c30 = Simd512.Fma(x, w00, c30);
                c31 = Simd512.Fma(x, w01, c31);
            }

            if (TRows.Count > 4)
            {
                x = Vector512.Create(*(float*)(a3 + aRow));
                c40 = Simd512.Fma(x, w00, c40);
                c41 = Simd512.Fma(x, w01, c41);
            }

            if (TRows.Count > 5)
            {
                x = Vector512.Create(*(float*)(a3 + (2 * aRow)));
                c50 = Simd512.Fma(x, w00, c50);
                c51 = Simd512.Fma(x, w01, c51);
            }

            if (TRows.Count > 6)
            {
                x = Vector512.Create(*(float*)a6);
                c60 = Simd512.Fma(x, w00, c60);
                c61 = Simd512.Fma(x, w01, c61);
            }

            if (TRows.Count > 7)
            {
                x = Vector512.Create(*(float*)(a6 + aRow));
                c70 = Simd512.Fma(x, w00, c70);
                c71 = Simd512.Fma(x, w01, c71);
            }

            if (TRows.Count > 8)
            {
                x = Vector512.Create(*(float*)(a6 + (2 * aRow)));
                c80 = Simd512.Fma(x, w00, c80);
                c81 = Simd512.Fma(x, w01, c81);
            }

            if (TRows.Count > 9)
            {
                x = Vector512.Create(*(float*)a9);
                c90 = Simd512.Fma(x, w00, c90);
                c91 = Simd512.Fma(x, w01, c91);
            }

            if (TRows.Count > 10)
            {
                x = Vector512.Create(*(float*)(a9 + aRow));
                cA0 = Simd512.Fma(x, w00, cA0);
                cA1 = Simd512.Fma(x, w01, cA1);
            }

            if (TRows.Count > 11)
            {
                x = Vector512.Create(*(float*)(a9 + (2 * aRow)));
                cB0 = Simd512.Fma(x, w00, cB0);
                cB1 = Simd512.Fma(x, w01, cB1);
            }

            a += aStep;
            a3 += aStep;
            a6 += aStep;
            a9 += aStep;
            x = Vector512.Create(*(float*)a);
            c00 = Simd512.Fma(x, w10, c00);
            c01 = Simd512.Fma(x, w11, c01);

            if (TRows.Count > 1)
            {
                x = Vector512.Create(*(float*)(a + aRow));
                c10 = Simd512.Fma(x, w10, c10);
                c11 = Simd512.Fma(x, w11, c11);
            }

            if (TRows.Count > 2)
            {
                x = Vector512.Create(*(float*)(a + (2 * aRow)));
                c20 = Simd512.Fma(x, w10, c20);
                c21 = Simd512.Fma(x, w11, c21);
            }

            if (TRows.Count > 3)
            {
                x = Vector512.Create(*(float*)a3);
                c30 = Simd512.Fma(x, w10, c30);
                c31 = Simd512.Fma(x, w11, c31);
            }

            if (TRows.Count > 4)
            {
                x = Vector512.Create(*(float*)(a3 + aRow));
                c40 = Simd512.Fma(x, w10, c40);
                c41 = Simd512.Fma(x, w11, c41);
            }

            if (TRows.Count > 5)
            {
                x = Vector512.Create(*(float*)(a3 + (2 * aRow)));
                c50 = Simd512.Fma(x, w10, c50);
                c51 = Simd512.Fma(x, w11, c51);
            }

            if (TRows.Count > 6)
            {
                x = Vector512.Create(*(float*)a6);
                c60 = Simd512.Fma(x, w10, c60);
                c61 = Simd512.Fma(x, w11, c61);
            }

            if (TRows.Count > 7)
            {
                x = Vector512.Create(*(float*)(a6 + aRow));
                c70 = Simd512.Fma(x, w10, c70);
                c71 = Simd512.Fma(x, w11, c71);
            }

            if (TRows.Count > 8)
            {
                x = Vector512.Create(*(float*)(a6 + (2 * aRow)));
                c80 = Simd512.Fma(x, w10, c80);
                c81 = Simd512.Fma(x, w11, c81);
            }

            if (TRows.Count > 9)
            {
                x = Vector512.Create(*(float*)a9);
                c90 = Simd512.Fma(x, w10, c90);
                c91 = Simd512.Fma(x, w11, c91);
            }

            if (TRows.Count > 10)
            {
                x = Vector512.Create(*(float*)(a9 + aRow));
                cA0 = Simd512.Fma(x, w10, cA0);
                cA1 = Simd512.Fma(x, w11, cA1);
            }

            if (TRows.Count > 11)
            {
                x = Vector512.Create(*(float*)(a9 + (2 * aRow)));
                cB0 = Simd512.Fma(x, w10, cB0);
                cB1 = Simd512.Fma(x, w11, cB1);
            }

            a += aStep;
            a3 += aStep;
            a6 += aStep;
            a9 += aStep;
        }

        Vector512.Store(c00, c);
        Vector512.Store(c01, c + 16);

        if (TRows.Count > 1)
        {
            c += cStride;
            Vector512.Store(c10, c);
            Vector512.Store(c11, c + 16);
        }

        if (TRows.Count > 2)
        {
            c += cStride;
            Vector512.Store(c20, c);
            Vector512.Store(c21, c + 16);
        }

        if (TRows.Count > 3)
        {
            c += cStride;
            Vector512.Store(c30, c);
            Vector512.Store(c31, c + 16);
        }

        if (TRows.Count > 4)
        {
            c += cStride;
            Vector512.Store(c40, c);
            Vector512.Store(c41, c + 16);
        }

        if (TRows.Count > 5)
        {
            c += cStride;
            Vector512.Store(c50, c);
            Vector512.Store(c51, c + 16);
        }

        if (TRows.Count > 6)
        {
            c += cStride;
            Vector512.Store(c60, c);
            Vector512.Store(c61, c + 16);
        }

        if (TRows.Count > 7)
        {
            c += cStride;
            Vector512.Store(c70, c);
            Vector512.Store(c71, c + 16);
        }

        if (TRows.Count > 8)
        {
            c += cStride;
            Vector512.Store(c80, c);
            Vector512.Store(c81, c + 16);
        }

        if (TRows.Count > 9)
        {
            c += cStride;
            Vector512.Store(c90, c);
            Vector512.Store(c91, c + 16);
        }

        if (TRows.Count > 10)
        {
            c += cStride;
            Vector512.Store(cA0, c);
            Vector512.Store(cA1, c + 16);
        }

        if (TRows.Count > 11)
        {
            c += cStride;
            Vector512.Store(cB0, c);
            Vector512.Store(cB1, c + 16);
        }
    }
}
