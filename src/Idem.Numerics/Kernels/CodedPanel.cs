// A panel of packed weights in fewer bytes, without loss. Weights of a layer differ little in size, so the upper bytes of a panel's values
// (the sign and seven bits of the exponent) are nearly always one of sixteen: four bits name it, and the lower bytes stay as they are. A
// float32 takes 28 bits, a bfloat16 12. The few values with another upper byte are listed with their places. Reading memory is what decoding
// waits for, and naming a byte costs a shuffle, so products get faster by what is not read. No arithmetic happens here: the values that
// come out are those that went in, so any instructions may be used on any path.
//
// Layout. A head of 64 bytes (CodedHead), then a unit for each two rows of 32 values. A unit is laid out for unpacking within lanes of 16
// bytes: quarter q (0 to 3) of vector v (0: columns 0 to 15 of the first row, 1: its columns 16 to 31, 2 and 3: the second row) is bytes
// 4v to 4v + 3 of lane q. Names of lanes 0 and 1 are the lower halves of 32 bytes, those of lanes 2 and 3 the upper ones. Then come the
// second bytes of 64 values, lane after lane, then (float32 only) their lower 16 bits, those of vectors 0 and 1 before those of 2 and 3.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>A value whose upper byte the panel's table lacks.</summary>
/// <param name="Place">Row * 32 + column.</param>
/// <param name="Value">The value.</param>
internal readonly record struct CodedException(int Place, float Value);

/// <summary>The beginning of a coded panel.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CodedHead
{
    /// <summary>The upper bytes that four bits name.</summary>
    public fixed byte Table[CodedPanel.TableBytes];

    /// <summary>Values that it lacks, by ascending place.</summary>
    public CodedException* Exceptions;

    /// <summary>How many there are.</summary>
    public int ExceptionCount;
}

/// <summary>Values of coded panels; how they are made is <see cref="CodedPanelWriter"/>'s.</summary>
internal static unsafe class CodedPanel
{
    public const int TableBytes = 16;
    public const int HeadBytes = 64;
    public const int UnitRows = 2;
    public const int Lanes = 4;
    public const int LaneBytes = 16;
    public const int MiddleAt = 2 * LaneBytes;
    public const int LowAt = MiddleAt + (Lanes * LaneBytes);
    public const int LowBytes = Lanes * LaneBytes; // of two of the four vectors

    /// <summary>Columns of a vector, and of the quarter of it that is in one lane.</summary>
    private const int VectorColumns = 16, QuarterColumns = VectorColumns / Lanes;

    private const int LineBytes = 64;

    /// <summary>Bytes of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int UnitBytes(bool isBFloat16) => isBFloat16 ? LowAt : LowAt + (2 * LowBytes);

    /// <summary>Bytes of a panel of <paramref name="rows"/> rows.</summary>
    public static long Bytes(int rows, bool isBFloat16) => HeadBytes + (MatMulPlan.CeilingDivide(rows, UnitRows) * (long)UnitBytes(isBFloat16));

    /// <summary>Whether a panel of so many rows is smaller than its values.</summary>
    public static bool Saves(int rows, bool isBFloat16) => Bytes(rows, isBFloat16) < (long)MatMulPlan.PanelColumns * rows * (isBFloat16 ? sizeof(ushort) : sizeof(float));

    /// <summary>One value.</summary>
    public static float Value(byte* panel, bool isBFloat16, int row, int column)
    {
        CodedHead* head = (CodedHead*)panel;
        int place = (row * MatMulPlan.PanelColumns) + column;
        int at = FirstException(head, place);
        if (at < head->ExceptionCount && head->Exceptions[at].Place == place)
        {
            return head->Exceptions[at].Value;
        }

        byte* unit = panel + HeadBytes + (row / UnitRows * (long)UnitBytes(isBFloat16));
        int vector = (row % UnitRows * 2) + (column / VectorColumns), lane = column % VectorColumns / QuarterColumns;
        return UnitValue(head, unit, isBFloat16, lane, (vector * QuarterColumns) + (column % QuarterColumns));
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

    /// <summary>Some units as rows of 32 float32, by the widest instructions there are; exceptions are the caller's.</summary>
    public static void Unpack<TWeight>(CodedHead* head, byte* unit, int units, float* rows)
        where TWeight : struct, IWeightFormat
    {
        if (Avx512BW.IsSupported)
        {
            Unpack512<TWeight>(head, unit, units, rows);
        }
        else if (Avx2.IsSupported)
        {
            Unpack256<TWeight>(head, unit, units, rows);
        }
        else if (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            Unpack128<TWeight>(head, unit, units, rows);
        }
        else
        {
            UnpackScalar<TWeight>(head, unit, units, rows);
        }
    }

    internal static void Unpack512<TWeight>(CodedHead* head, byte* unit, int units, float* rows)
        where TWeight : struct, IWeightFormat
    {
        Vector512<byte> table = Table512(head);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), rows += UnitRows * MatMulPlan.PanelColumns)
        {
            Prefetch<TWeight>(unit);
            Vector512<byte> upper = Upper512(table, unit), middle = Vector512.Load(unit + MiddleAt);
            Vector512<ushort> high01 = Avx512BW.UnpackLow(middle, upper).AsUInt16(), high23 = Avx512BW.UnpackHigh(middle, upper).AsUInt16();
            Vector512<ushort> low01 = Low512<TWeight>(unit), low23 = Low512<TWeight>(unit + LowBytes);
            Vector512.Store(Avx512BW.UnpackLow(low01, high01).AsSingle(), rows);
            Vector512.Store(Avx512BW.UnpackHigh(low01, high01).AsSingle(), rows + VectorColumns);
            Vector512.Store(Avx512BW.UnpackLow(low23, high23).AsSingle(), rows + (2 * VectorColumns));
            Vector512.Store(Avx512BW.UnpackHigh(low23, high23).AsSingle(), rows + (3 * VectorColumns));
        }
    }

    /// <summary>A panel's table in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Table512(CodedHead* head) => Avx512F.BroadcastVector128ToVector512((int*)head->Table).AsByte();

    /// <summary>The upper bytes of a unit's values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Upper512(Vector512<byte> table, byte* unit)
    {
        Vector512<ulong> names = Avx512F.BroadcastVector256ToVector512((ulong*)unit);
        names = Avx512F.ShiftRightLogicalVariable(names, Vector512.Create(0ul, 0, 0, 0, 4, 4, 4, 4));
        return Avx512BW.Shuffle(table, names.AsByte() & Vector512.Create((byte)0x0F));
    }

    /// <summary>The lower 16 bits of the values of two vectors; <paramref name="unit"/> is the unit's beginning, or <see cref="LowBytes"/> further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> Low512<TWeight>(byte* unit)
        where TWeight : struct, IWeightFormat => IsBFloat16<TWeight>() ? default : Vector512.Load((ushort*)(unit + LowAt));

    internal static void Unpack256<TWeight>(CodedHead* head, byte* unit, int units, float* rows)
        where TWeight : struct, IWeightFormat
    {
        Vector256<byte> table = Table256(head);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), rows += UnitRows * MatMulPlan.PanelColumns)
        {
            Prefetch<TWeight>(unit);
            Store256<TWeight>(Lower256(table, unit), unit, rows);
            Store256<TWeight>(Upper256(table, unit), unit + (2 * LaneBytes), rows + (2 * QuarterColumns));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store256<TWeight>(Vector256<byte> upper, byte* unit, float* rows)
        where TWeight : struct, IWeightFormat
    {
        Half256<TWeight>(upper, unit, out Vector256<float> x0, out Vector256<float> x1, out Vector256<float> x2, out Vector256<float> x3);
        Vector256.Store(x0, rows);
        Vector256.Store(x1, rows + VectorColumns);
        Vector256.Store(x2, rows + (2 * VectorColumns));
        Vector256.Store(x3, rows + (3 * VectorColumns));
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
        Vector256<byte> upper, byte* unit, out Vector256<float> x0, out Vector256<float> x1, out Vector256<float> x2, out Vector256<float> x3)
        where TWeight : struct, IWeightFormat
    {
        Vector256<byte> middle = Vector256.Load(unit + MiddleAt);
        Vector256<ushort> high01 = Avx2.UnpackLow(middle, upper).AsUInt16(), high23 = Avx2.UnpackHigh(middle, upper).AsUInt16();
        Vector256<ushort> low01 = default, low23 = default;
        if (!IsBFloat16<TWeight>())
        {
            low01 = Vector256.Load((ushort*)(unit + LowAt));
            low23 = Vector256.Load((ushort*)(unit + LowAt + LowBytes));
        }

        x0 = Avx2.UnpackLow(low01, high01).AsSingle();
        x1 = Avx2.UnpackHigh(low01, high01).AsSingle();
        x2 = Avx2.UnpackLow(low23, high23).AsSingle();
        x3 = Avx2.UnpackHigh(low23, high23).AsSingle();
    }

    internal static void Unpack128<TWeight>(CodedHead* head, byte* unit, int units, float* rows)
        where TWeight : struct, IWeightFormat
    {
        Vector128<byte> table = Vector128.Load(head->Table), four = Vector128.Create((byte)0x0F);
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), rows += UnitRows * MatMulPlan.PanelColumns)
        {
            Prefetch<TWeight>(unit);
            for (int lane = 0; lane < Lanes; lane++)
            {
                Vector128<byte> names = Vector128.Load(unit + (lane % 2 * LaneBytes));
                names = (lane < 2 ? names : (names.AsUInt16() >> 4).AsByte()) & four;
                Vector128<byte> upper = Ssse3.IsSupported ? Ssse3.Shuffle(table, names) : AdvSimd.Arm64.VectorTableLookup(table, names);
                byte* at = unit + (lane * LaneBytes);
                Vector128<byte> middle = Vector128.Load(at + MiddleAt);
                Vector128<ushort> high01 = Low(middle, upper).AsUInt16(), high23 = High(middle, upper).AsUInt16();
                Vector128<ushort> low01 = default, low23 = default;
                if (!IsBFloat16<TWeight>())
                {
                    low01 = Vector128.Load((ushort*)(at + LowAt));
                    low23 = Vector128.Load((ushort*)(at + LowAt + LowBytes));
                }

                float* to = rows + (lane * QuarterColumns);
                Vector128.Store(Low(low01, high01).AsSingle(), to);
                Vector128.Store(High(low01, high01).AsSingle(), to + VectorColumns);
                Vector128.Store(Low(low23, high23).AsSingle(), to + (2 * VectorColumns));
                Vector128.Store(High(low23, high23).AsSingle(), to + (3 * VectorColumns));
            }
        }
    }

    internal static void UnpackScalar<TWeight>(CodedHead* head, byte* unit, int units, float* rows)
        where TWeight : struct, IWeightFormat
    {
        for (; units > 0; units--, unit += UnitBytes(IsBFloat16<TWeight>()), rows += UnitRows * MatMulPlan.PanelColumns)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                for (int i = 0; i < LaneBytes; i++)
                {
                    rows[(i / QuarterColumns * VectorColumns) + (lane * QuarterColumns) + (i % QuarterColumns)] = UnitValue(head, unit, IsBFloat16<TWeight>(), lane, i);
                }
            }
        }
    }

    private static float UnitValue(CodedHead* head, byte* unit, bool isBFloat16, int lane, int i)
    {
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

    /// <summary>Asks for what lies some units ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<TWeight>(byte* unit)
        where TWeight : struct, IWeightFormat
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(unit + MatMulPlan.AheadBytes);
            Sse.Prefetch0(unit + MatMulPlan.AheadBytes + LineBytes);
            if (!IsBFloat16<TWeight>())
            {
                Sse.Prefetch0(unit + MatMulPlan.AheadBytes + (2 * LineBytes));
                Sse.Prefetch0(unit + MatMulPlan.AheadBytes + (3 * LineBytes));
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
