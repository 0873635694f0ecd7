// A panel of packed weights in fewer bytes, without loss. Weights of a layer differ little in size, so the upper bytes of a panel's values
// (the sign and seven bits of the exponent) are nearly always one of sixteen: four bits name it, and the lower bytes stay as they are. A
// float32 takes 28 bits, a bfloat16 12. The few values with another upper byte are listed with their places. Reading memory is what decoding
// waits for, and naming a byte costs a shuffle, so products get faster by what is not read. No arithmetic happens here: the values that
// come out are those that went in, so any instructions may be used on any path.
//
// Layout. A head of 64 bytes (CodedHead), then a unit for each row of 64 values: four vectors of 16, so that one row of a product, which has a
// chain in each vector, has as many in flight as it takes to read one panel as fast as it comes. A unit is laid out for unpacking within lanes
// of 16 bytes: lane q (0 to 3) has columns 4q to 4q + 3 of each vector (CodedPanel.PlaceInLane says where). Names of lanes 0 and 1 are the lower
// halves of 32 bytes, those of lanes 2 and 3 the upper ones. Then come the second bytes of 64 values, lane after lane, then (float32 only) their
// lower 16 bits, those of vectors 0 and 1 before those of 2 and 3.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>A value whose upper byte the panel's table lacks.</summary>
/// <param name="Place">Row * 64 + column.</param>
/// <param name="Value">The value.</param>
internal readonly record struct CodedException(int Place, float Value)
{
    /// <summary>Behind the last one.</summary>
    public static CodedException None => new(int.MaxValue, 0);
}

/// <summary>The beginning of a coded panel.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CodedHead
{
    /// <summary>The upper bytes that four bits name.</summary>
    public fixed byte Table[CodedPanel.TableBytes];

    /// <summary>Values that it lacks, by ascending place, and behind them <see cref="CodedException.None"/>.</summary>
    public CodedException* Exceptions;

    /// <summary>How many there are.</summary>
    public int ExceptionCount;

    /// <summary>
    /// Numbers that unpacking needs, see <see cref="CodedPanel.Begin"/>. What is loaded stays in a register; a constant the JIT would read again at each use.
    /// </summary>
    public uint NameMask, UpperMask, NameBits;
}

/// <summary>Values of coded panels; how they are made is <see cref="CodedPanelWriter"/>'s.</summary>
internal static unsafe class CodedPanel
{
    /// <summary>Columns of a coded panel.</summary>
    public const int Columns = 64;

    public const int TableBytes = 16;
    public const int HeadBytes = 64;
    public const int Lanes = 4;
    public const int LaneBytes = 16;
    public const int MiddleAt = 2 * LaneBytes;
    public const int LowAt = MiddleAt + (Lanes * LaneBytes);
    public const int LowBytes = Lanes * LaneBytes; // of two of the four vectors

    /// <summary>Columns of a vector, and of the quarter of it that is in one lane.</summary>
    public const int VectorColumns = 16, QuarterColumns = VectorColumns / Lanes;

    private const int LineBytes = 64;

    /// <summary>The upper half of each 32 bits.</summary>
    public const uint UpperHalf = 0xFFFF0000;

    /// <summary>Bytes of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int UnitBytes(bool isBFloat16) => isBFloat16 ? LowAt : LowAt + (2 * LowBytes);

    /// <summary>Bytes of a panel of <paramref name="rows"/> rows.</summary>
    public static long Bytes(int rows, bool isBFloat16) => HeadBytes + (rows * (long)UnitBytes(isBFloat16));

    /// <summary>Whether a matrix [rows, columns] is smaller in coded panels than in panels of its values.</summary>
    public static bool Saves(int rows, int columns, bool isBFloat16)
    {
        long plain = MatMulPlan.CeilingDivide(columns, MatMulPlan.PanelColumns) * (long)MatMulPlan.PanelColumns * rows * (isBFloat16 ? sizeof(ushort) : sizeof(float));
        return MatMulPlan.CeilingDivide(columns, Columns) * Bytes(rows, isBFloat16) < plain;
    }

    /// <summary>
    /// Where a lane has a column (0 to 3) of a vector. Of float32, vector after vector: unpacking puts lower halves beside upper ones, four values of a vector at
    /// a time. Of bfloat16 two vectors alternate, so that either is made of pairs of them by what is not a permutation: a shift, a mask.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceInLane(bool isBFloat16, int vector, int column) =>
        isBFloat16 ? (vector / 2 * (2 * QuarterColumns)) + (column * 2) + (vector % 2) : (vector * QuarterColumns) + column;

    /// <summary>Writes an empty head.</summary>
    public static CodedHead* Begin(byte* panel)
    {
        CodedHead* head = (CodedHead*)panel;
        *head = new CodedHead { NameMask = 0x0F0F0F0F, UpperMask = UpperHalf, NameBits = 4 };
        return head;
    }

    /// <summary>One value.</summary>
    public static float Value(byte* panel, bool isBFloat16, int row, int column)
    {
        CodedHead* head = (CodedHead*)panel;
        int place = (row * Columns) + column;
        int at = FirstException(head, place);
        return head->Exceptions[at].Place == place
            ? head->Exceptions[at].Value
            : UnitValue(head, panel + HeadBytes + (row * (long)UnitBytes(isBFloat16)), isBFloat16, column);
    }

    /// <summary>Index of the first exception at or after a place.</summary>
    public static int FirstException(CodedHead* head, int place)
    {
        int low = 0, high = head->ExceptionCount;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (head->Exceptions[middle].Place < place)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>
    /// Some units as rows of float32, by the widest instructions there are: columns 0 to 31 to <paramref name="lower"/>, the others to <paramref name="upper"/>, rows
    /// <paramref name="step"/> values apart. Exceptions are the caller's.
    /// </summary>
    public static void Unpack<TWeight>(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        if (Avx512BW.IsSupported)
        {
            Unpack512<TWeight>(head, unit, units, lower, upper, step);
        }
        else if (Avx2.IsSupported)
        {
            Unpack256<TWeight>(head, unit, units, lower, upper, step);
        }
        else if (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            Unpack128<TWeight>(head, unit, units, lower, upper, step);
        }
        else
        {
            UnpackScalar<TWeight>(head, unit, units, lower, upper, step);
        }
    }

    internal static void Unpack512<TWeight>(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        CodedDecoder512 decoder = new(head);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), lower += step, upper += step)
        {
            Prefetch<TWeight>(unit + MatMulPlan.AheadBytes);
            decoder.Unpack<TWeight>(unit, out Vector512<float> w0, out Vector512<float> w1, out Vector512<float> w2, out Vector512<float> w3);
            Vector512.Store(w0, lower);
            Vector512.Store(w1, lower + VectorColumns);
            Vector512.Store(w2, upper);
            Vector512.Store(w3, upper + VectorColumns);
        }
    }

    internal static void Unpack256<TWeight>(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        Vector256<byte> table = Table256(head);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), lower += step, upper += step)
        {
            Prefetch<TWeight>(unit + MatMulPlan.AheadBytes);
            Store256<TWeight>(Lower256(table, unit), unit, lower, upper);
            Store256<TWeight>(Upper256(table, unit), unit + (2 * LaneBytes), lower + (2 * QuarterColumns), upper + (2 * QuarterColumns));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store256<TWeight>(Vector256<byte> high, byte* unit, float* lower, float* upper)
        where TWeight : struct, IWeightFormat
    {
        Half256<TWeight>(high, unit, out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3);
        Vector256.Store(w0, lower);
        Vector256.Store(w1, lower + VectorColumns);
        Vector256.Store(w2, upper);
        Vector256.Store(w3, upper + VectorColumns);
    }

    /// <summary>A panel's table in both lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Table256(CodedHead* head) => Avx2.BroadcastVector128ToVector256(head->Table);

    /// <summary>The upper bytes of the values in lanes 0 and 1, whose names are the lower halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lower256(Vector256<byte> table, byte* unit) => Avx2.Shuffle(table, Vector256.Load(unit) & Vector256.Create((byte)0x0F));

    /// <summary>The upper bytes of the values in lanes 2 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Upper256(Vector256<byte> table, byte* unit) =>
        Avx2.Shuffle(table, (Vector256.Load((ushort*)unit) >> 4).AsByte() & Vector256.Create((byte)0x0F));

    /// <summary>Two lanes of each of the four vectors; <paramref name="unit"/> is the unit's beginning, or two lanes further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Half256<TWeight>(
        Vector256<byte> upper, byte* unit, out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3)
        where TWeight : struct, IWeightFormat
    {
        Vector256<byte> middle = Vector256.Load(unit + MiddleAt);
        Pair256<TWeight>(Avx2.UnpackLow(middle, upper), unit + LowAt, out w0, out w1);
        Pair256<TWeight>(Avx2.UnpackHigh(middle, upper), unit + LowAt + LowBytes, out w2, out w3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair256<TWeight>(Vector256<byte> high, byte* low, out Vector256<float> w0, out Vector256<float> w1)
        where TWeight : struct, IWeightFormat
    {
        if (IsBFloat16<TWeight>())
        {
            w0 = (high.AsUInt32() << 16).AsSingle();
            w1 = (high.AsUInt32() & Vector256.Create(UpperHalf)).AsSingle();
            return;
        }

        Vector256<ushort> lower = Vector256.Load((ushort*)low);
        w0 = Avx2.UnpackLow(lower, high.AsUInt16()).AsSingle();
        w1 = Avx2.UnpackHigh(lower, high.AsUInt16()).AsSingle();
    }

    internal static void Unpack128<TWeight>(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        Vector128<byte> table = Vector128.Load(head->Table), four = Vector128.Create((byte)0x0F);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), lower += step, upper += step)
        {
            Prefetch<TWeight>(unit + MatMulPlan.AheadBytes);
            for (int lane = 0; lane < Lanes; lane++)
            {
                Vector128<byte> names = Vector128.Load(unit + (lane % 2 * LaneBytes));
                names = (lane < 2 ? names : (names.AsUInt16() >> 4).AsByte()) & four;
                Vector128<byte> high = Ssse3.IsSupported ? Ssse3.Shuffle(table, names) : AdvSimd.Arm64.VectorTableLookup(table, names);
                byte* at = unit + (lane * LaneBytes);
                Vector128<byte> middle = Vector128.Load(at + MiddleAt);
                StorePair128<TWeight>(Low(middle, high), at + LowAt, lower + (lane * QuarterColumns));
                StorePair128<TWeight>(High(middle, high), at + LowAt + LowBytes, upper + (lane * QuarterColumns));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair128<TWeight>(Vector128<byte> high, byte* low, float* to)
        where TWeight : struct, IWeightFormat
    {
        if (IsBFloat16<TWeight>())
        {
            Vector128.Store((high.AsUInt32() << 16).AsSingle(), to);
            Vector128.Store((high.AsUInt32() & Vector128.Create(UpperHalf)).AsSingle(), to + VectorColumns);
            return;
        }

        Vector128<ushort> lower = Vector128.Load((ushort*)low);
        Vector128.Store(Low(lower, high.AsUInt16()).AsSingle(), to);
        Vector128.Store(High(lower, high.AsUInt16()).AsSingle(), to + VectorColumns);
    }

    internal static void UnpackScalar<TWeight>(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), lower += step, upper += step)
        {
            for (int i = 0; i < Columns / 2; i++)
            {
                lower[i] = UnitValue(head, unit, IsBFloat16<TWeight>(), i);
                upper[i] = UnitValue(head, unit, IsBFloat16<TWeight>(), (Columns / 2) + i);
            }
        }
    }

    private static float UnitValue(CodedHead* head, byte* unit, bool isBFloat16, int column)
    {
        int vector = column / VectorColumns, lane = column % VectorColumns / QuarterColumns;
        int i = PlaceInLane(isBFloat16, vector, column % QuarterColumns);
        int name = unit[(lane % 2 * LaneBytes) + i] >> (lane / 2 * 4) & 0x0F;
        uint bits = ((uint)head->Table[name] << 24) | ((uint)unit[MiddleAt + (lane * LaneBytes) + i] << 16);
        if (!isBFloat16)
        {
            bits |= *(ushort*)(unit + LowAt + (i / 8 * LowBytes) + (lane * LaneBytes) + (i % 8 * sizeof(ushort)));
        }

        return BitConverter.UInt32BitsToSingle(bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBFloat16<TWeight>()
        where TWeight : struct, IWeightFormat => TWeight.Bytes == sizeof(ushort);

    /// <summary>Asks for as much as a unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<TWeight>(byte* ahead)
        where TWeight : struct, IWeightFormat
    {
        PrefetchHalf<TWeight>(ahead);
        PrefetchHalf<TWeight>(ahead + (IsBFloat16<TWeight>() ? LineBytes : 2 * LineBytes));
    }

    /// <summary>Asks for as much as half of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchHalf<TWeight>(byte* ahead)
        where TWeight : struct, IWeightFormat
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(ahead);
            if (!IsBFloat16<TWeight>())
            {
                Sse.Prefetch0(ahead + LineBytes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Low(Vector128<byte> x, Vector128<byte> y) => Sse2.IsSupported ? Sse2.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> High(Vector128<byte> x, Vector128<byte> y) => Sse2.IsSupported ? Sse2.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Low(Vector128<ushort> x, Vector128<ushort> y) => Sse2.IsSupported ? Sse2.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> High(Vector128<ushort> x, Vector128<ushort> y) => Sse2.IsSupported ? Sse2.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);
}
