// The tiles over coded panels with AVX2: one row by all columns, or two rows by half of them, since sixteen registers hold no more beside what
// unpacking needs. A half is what two of the four lanes hold: columns 0 to 7 of each 16, or 8 to 15.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

internal static unsafe partial class MatMulTile
{
    /// <summary>Two lanes of a unit, known to the JIT.</summary>
    private interface ILanes
    {
        static abstract bool AreUpper { get; }
    }

    /// <summary>As <see cref="TileCoded512"/>, of one row.</summary>
    private static void TileCoded256<TWeight>(int depth, byte* a, nint aStep, CodedPanelReader* reader, float* spare, float* c, bool continues)
        where TWeight : struct, IWeightFormat
    {
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        if (continues)
        {
            c0 = Vector256.Load(c);
            c1 = Vector256.Load(c + 8);
            c2 = Vector256.Load(c + 16);
            c3 = Vector256.Load(c + 24);
            c4 = Vector256.Load(c + 32);
            c5 = Vector256.Load(c + 40);
            c6 = Vector256.Load(c + 48);
            c7 = Vector256.Load(c + 56);
        }

        byte* unit = reader->Unit;
        CodedException* exception = reader->Exception;
        int place = reader->Place, end = place + (depth * CodedPanel.Columns);
        Vector256<byte> table = CodedPanel.Table256(reader->Head);
        for (; place < end; unit += CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>()), a += aStep)
        {
            place += CodedPanel.Columns;
            CodedPanel.Prefetch<TWeight>(unit + MatMulPlan.AheadBytes);
            Vector256<float> x = Vector256.Create(*(float*)a);
            Lanes256<LowerLanes, TWeight>(table, unit, exception, place, spare, out Vector256<float> w0, out Vector256<float> w2, out Vector256<float> w4, out Vector256<float> w6);
            c0 = Simd256.Fma(x, w0, c0);
            c2 = Simd256.Fma(x, w2, c2);
            c4 = Simd256.Fma(x, w4, c4);
            c6 = Simd256.Fma(x, w6, c6);
            Lanes256<UpperLanes, TWeight>(table, unit, exception, place, spare, out Vector256<float> w1, out Vector256<float> w3, out Vector256<float> w5, out Vector256<float> w7);
            c1 = Simd256.Fma(x, w1, c1);
            c3 = Simd256.Fma(x, w3, c3);
            c5 = Simd256.Fma(x, w5, c5);
            c7 = Simd256.Fma(x, w7, c7);
            while (exception->Place < place)
            {
                exception++;
            }
        }

        reader->Unit = unit;
        reader->Place = place;
        reader->Exception = exception;
        Vector256.Store(c0, c);
        Vector256.Store(c1, c + 8);
        Vector256.Store(c2, c + 16);
        Vector256.Store(c3, c + 24);
        Vector256.Store(c4, c + 32);
        Vector256.Store(c5, c + 40);
        Vector256.Store(c6, c + 48);
        Vector256.Store(c7, c + 56);
    }

    /// <summary>The same of two rows, in the columns of two lanes; half as much is asked for, from <paramref name="ahead"/> on.</summary>
    private static void TileCoded256<TLanes, TWeight>(
        int depth, byte* a, nint aRow, nint aStep, CodedPanelReader* reader, byte* ahead, float* spare, float* c, nint cStride, bool continues)
        where TLanes : struct, ILanes
        where TWeight : struct, IWeightFormat
    {
        Vector256<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector256<float> c10 = default, c11 = default, c12 = default, c13 = default;
        c += TLanes.AreUpper ? 8 : 0;
        if (continues)
        {
            c00 = Vector256.Load(c);
            c01 = Vector256.Load(c + 16);
            c02 = Vector256.Load(c + 32);
            c03 = Vector256.Load(c + 48);
            c10 = Vector256.Load(c + cStride);
            c11 = Vector256.Load(c + cStride + 16);
            c12 = Vector256.Load(c + cStride + 32);
            c13 = Vector256.Load(c + cStride + 48);
        }

        byte* unit = reader->Unit;
        CodedException* exception = reader->Exception;
        int place = reader->Place, end = place + (depth * CodedPanel.Columns);
        Vector256<byte> table = CodedPanel.Table256(reader->Head);
        for (; place < end; unit += CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>()), a += aStep)
        {
            place += CodedPanel.Columns;
            CodedPanel.PrefetchHalf<TWeight>(ahead);
            ahead += CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>()) / 2;
            Lanes256<TLanes, TWeight>(table, unit, exception, place, spare, out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3);
            while (exception->Place < place)
            {
                exception++;
            }

            Vector256<float> x = Vector256.Create(*(float*)a);
            c00 = Simd256.Fma(x, w0, c00);
            c01 = Simd256.Fma(x, w1, c01);
            c02 = Simd256.Fma(x, w2, c02);
            c03 = Simd256.Fma(x, w3, c03);
            x = Vector256.Create(*(float*)(a + aRow));
            c10 = Simd256.Fma(x, w0, c10);
            c11 = Simd256.Fma(x, w1, c11);
            c12 = Simd256.Fma(x, w2, c12);
            c13 = Simd256.Fma(x, w3, c13);
        }

        reader->Unit = unit;
        reader->Place = place;
        reader->Exception = exception;
        Vector256.Store(c00, c);
        Vector256.Store(c01, c + 16);
        Vector256.Store(c02, c + 32);
        Vector256.Store(c03, c + 48);
        Vector256.Store(c10, c + cStride);
        Vector256.Store(c11, c + cStride + 16);
        Vector256.Store(c12, c + cStride + 32);
        Vector256.Store(c13, c + cStride + 48);
    }

    /// <summary>What two lanes of a unit hold: eight columns of each vector. Exceptions before the end of the row, <paramref name="place"/>, are put in their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lanes256<TLanes, TWeight>(
        Vector256<byte> table, byte* unit, CodedException* exception, int place, float* spare,
        out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3)
        where TLanes : struct, ILanes
        where TWeight : struct, IWeightFormat
    {
        Vector256<byte> upper = TLanes.AreUpper ? CodedPanel.Upper256(table, unit) : CodedPanel.Lower256(table, unit);
        CodedPanel.Half256<TWeight>(upper, unit + (TLanes.AreUpper ? 2 * CodedPanel.LaneBytes : 0), out w0, out w1, out w2, out w3);
        if (exception->Place < place)
        {
            // Written out, see TileCoded512.
            float* own = spare + (TLanes.AreUpper ? 8 : 0);
            Vector256.Store(w0, own);
            Vector256.Store(w1, own + 16);
            Vector256.Store(w2, own + 32);
            Vector256.Store(w3, own + 48);
            float* row = spare - (place - CodedPanel.Columns);
            do
            {
                row[exception->Place] = exception->Value;
                exception++;
            }
            while (exception->Place < place);

            w0 = Vector256.Load(own);
            w1 = Vector256.Load(own + 16);
            w2 = Vector256.Load(own + 32);
            w3 = Vector256.Load(own + 48);
        }
    }

    private readonly struct LowerLanes : ILanes
    {
        public static bool AreUpper => false;
    }

    private readonly struct UpperLanes : ILanes
    {
        public static bool AreUpper => true;
    }
}
