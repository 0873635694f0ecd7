// Sums of four products of bytes in each 32-bit lane: exact integers, so how they are made cannot matter. One struct a width.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics;

/// <summary>Integer vectors <typeparamref name="I"/> beside the float32 vectors <typeparamref name="F"/> of the same width.</summary>
internal unsafe interface IByteDots<I, F>
    where I : struct
    where F : struct
{
    static abstract I Load(byte* source);

    static abstract I Create(int value);

    /// <summary>In each lane: sums + the four unsigned bytes of codes times the four signed bytes of activations.</summary>
    static abstract I Add(I sums, I codes, I activations);

    /// <summary>Exact for magnitudes up to 2^24.</summary>
    static abstract F ToSingle(I value);
}

/// <summary>One lane.</summary>
internal readonly unsafe struct ByteDotsScalar : IByteDots<int, float>
{
    public static int Load(byte* source) => *(int*)source;

    public static int Create(int value) => value;

    public static int Add(int sums, int codes, int activations)
    {
        for (int shift = 0; shift < 32; shift += 8)
        {
            sums += (byte)(codes >> shift) * (sbyte)(activations >> shift);
        }

        return sums;
    }

    public static float ToSingle(int value) => value;
}

/// <summary>Four lanes.</summary>
internal readonly unsafe struct ByteDots128 : IByteDots<Vector128<int>, Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* source) => Vector128.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Create(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sums, Vector128<int> codes, Vector128<int> activations)
    {
        if (Sse2.IsSupported)
        {
            // Even and odd bytes as 16-bit numbers; their products are added in pairs without overflow.
            Vector128<short> even = (codes & Vector128.Create(0x00FF00FF)).AsInt16(), odd = Vector128.ShiftRightLogical(codes.AsUInt16(), 8).AsInt16();
            Vector128<short> evenA = Vector128.ShiftRightArithmetic(activations.AsInt16() << 8, 8), oddA = Vector128.ShiftRightArithmetic(activations.AsInt16(), 8);
            return sums + Sse2.MultiplyAddAdjacent(even, evenA) + Sse2.MultiplyAddAdjacent(odd, oddA);
        }

        Vector128<int> low = Vector128.Create(0xFF);
        return sums
            + ((codes & low) * Vector128.ShiftRightArithmetic(activations << 24, 24))
            + ((Vector128.ShiftRightLogical(codes, 8) & low) * Vector128.ShiftRightArithmetic(activations << 16, 24))
            + ((Vector128.ShiftRightLogical(codes, 16) & low) * Vector128.ShiftRightArithmetic(activations << 8, 24))
            + (Vector128.ShiftRightLogical(codes, 24) * Vector128.ShiftRightArithmetic(activations, 24));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<int> value) => Vector128.ConvertToSingle(value);
}

/// <summary>Eight lanes.</summary>
internal readonly unsafe struct ByteDots256 : IByteDots<Vector256<int>, Vector256<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* source) => Vector256.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Create(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<int> codes, Vector256<int> activations)
    {
        if (AvxVnni.IsSupported)
        {
            return AvxVnni.MultiplyWideningAndAdd(sums, codes.AsByte(), activations.AsSByte());
        }

        if (Avx2.IsSupported)
        {
            Vector256<short> even = (codes & Vector256.Create(0x00FF00FF)).AsInt16(), odd = Vector256.ShiftRightLogical(codes.AsUInt16(), 8).AsInt16();
            Vector256<short> evenA = Vector256.ShiftRightArithmetic(activations.AsInt16() << 8, 8), oddA = Vector256.ShiftRightArithmetic(activations.AsInt16(), 8);
            return sums + Avx2.MultiplyAddAdjacent(even, evenA) + Avx2.MultiplyAddAdjacent(odd, oddA);
        }

        return Vector256.Create(
            ByteDots128.Add(sums.GetLower(), codes.GetLower(), activations.GetLower()), ByteDots128.Add(sums.GetUpper(), codes.GetUpper(), activations.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<int> value) => Vector256.ConvertToSingle(value);
}
