// Unpacks units of a coded panel in registers of AVX-512.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Kernels;

/// <summary>What the units of a panel have in common, in registers.</summary>
internal readonly unsafe struct CodedDecoder512
{
    private readonly Vector512<byte> _table, _nameMask;
    private readonly Vector512<ulong> _nameShift;
    private readonly Vector512<uint> _upperMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CodedDecoder512(CodedHead* head)
    {
        _table = Avx512F.BroadcastVector128ToVector512((int*)head->Table).AsByte();
        _nameMask = Vector512.Create(head->NameMask).AsByte();
        _nameShift = Vector512.Create(Vector256<ulong>.Zero, Vector256.Create((ulong)head->NameBits));
        _upperMask = Vector512.Create(head->UpperMask);
    }

    /// <summary>The vectors of a unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Unpack<TWeight>(byte* unit, out Vector512<float> w0, out Vector512<float> w1, out Vector512<float> w2, out Vector512<float> w3)
        where TWeight : struct, IWeightFormat
    {
        Vector512<ulong> names = Avx512F.ShiftRightLogicalVariable(Avx512F.BroadcastVector256ToVector512((ulong*)unit), _nameShift);
        // A permutation of 64 bytes looks at six bits; whatever the upper two are, they choose one of four equal tables.
        Vector512<byte> upper = Avx512Vbmi.IsSupported ? Avx512Vbmi.PermuteVar64x8(_table, names.AsByte()) : Avx512BW.Shuffle(_table, names.AsByte() & _nameMask);
        Vector512<byte> middle = Vector512.Load(unit + CodedPanel.MiddleAt);
        Pair<TWeight>(Avx512BW.UnpackLow(middle, upper), unit + CodedPanel.LowAt, out w0, out w1);
        Pair<TWeight>(Avx512BW.UnpackHigh(middle, upper), unit + CodedPanel.LowAt + CodedPanel.LowBytes, out w2, out w3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pair<TWeight>(Vector512<byte> high, byte* low, out Vector512<float> w0, out Vector512<float> w1)
        where TWeight : struct, IWeightFormat
    {
        if (CodedPanel.IsBFloat16<TWeight>())
        {
            w0 = (high.AsUInt32() << 16).AsSingle();
            w1 = (high.AsUInt32() & _upperMask).AsSingle();
            return;
        }

        Vector512<ushort> lower = Vector512.Load((ushort*)low);
        w0 = Avx512BW.UnpackLow(lower, high.AsUInt16()).AsSingle();
        w1 = Avx512BW.UnpackHigh(lower, high.AsUInt16()).AsSingle();
    }
}
