// How a tile reads weights: float32 as they are, bfloat16 widened in registers. Widening is exact: the same bits above sixteen zeros.
// The two packed formats also say what a coded panel stores (CodedPanel); what was unpacked from one is float32 as it is.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

/// <summary>A storage format of weights, known to the JIT.</summary>
internal unsafe interface IWeightFormat
{
    /// <summary>Bytes of a value.</summary>
    static virtual int Bytes => sizeof(float);

    /// <summary>How many bytes further along a panel a tile asks for; 0 where the next row of b is not the memory that follows.</summary>
    static virtual nint Ahead => 0;

    /// <summary>Whether a tile stores what it reads, packed.</summary>
    static virtual bool Packs => false;

    /// <summary>Whether a tile asks for what comes after it, see <see cref="TileAhead"/>.</summary>
    static virtual bool Spreads => false;

    /// <summary>One vector of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual F Load<S, F, D>(byte* source)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Load((float*)source);
}

/// <summary>Float32 where it lies, or unpacked by the call.</summary>
internal readonly struct Float32Weights : IWeightFormat;

/// <summary>Float32 in panels that follow each other.</summary>
internal readonly struct Float32Panels : IWeightFormat
{
    public static bool Spreads => true;
}

/// <summary>Float32 where it lies, which the tile packs for those after it.</summary>
internal readonly struct Float32ToPack : IWeightFormat
{
    public static bool Packs => true;

    public static bool Spreads => true;
}

/// <summary>Float32 in the panels of <see cref="PackedWeights"/>.</summary>
internal readonly struct PackedFloat32Weights : IWeightFormat
{
    public static nint Ahead => MatMulPlan.AheadBytes;
}

/// <summary>Bfloat16 in the panels of <see cref="PackedWeights"/>.</summary>
internal readonly unsafe struct BFloat16Weights : IWeightFormat
{
    public static int Bytes => sizeof(ushort);

    public static nint Ahead => MatMulPlan.AheadBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Load<S, F, D>(byte* source)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (typeof(F) == typeof(Vector512<float>))
        {
            return (F)(object)(Vector512.WidenLower(Vector256.Load((ushort*)source).ToVector512Unsafe()) << 16).AsSingle();
        }

        if (typeof(F) == typeof(Vector256<float>))
        {
            return (F)(object)(Vector256.WidenLower(Vector128.Load((ushort*)source).ToVector256Unsafe()) << 16).AsSingle();
        }

        if (typeof(F) == typeof(Vector128<float>))
        {
            return (F)(object)(Vector128.WidenLower(Vector64.Load((ushort*)source).ToVector128Unsafe()) << 16).AsSingle();
        }

        return S.Create(BitConverter.UInt32BitsToSingle((uint)*(ushort*)source << 16));
    }
}
