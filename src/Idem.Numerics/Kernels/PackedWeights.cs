// The right operand of products, laid out once and kept: what decoding reads for every token. Panels of 32 columns, or 64 if
// they are coded; in a panel the values of each k side by side, k ascending, so that any tile on any path reads memory in one direction.
// Panels of float32 and bfloat16 are coded (CodedPanel: the same values in fewer bytes) unless too many values would be exceptions or the last panel too empty, and
// float32 values that are all bfloat16, as most published models' are, are stored as such. Neither changes a value, so nobody needs to know.
// What this deliberately is not: another arithmetic. Products with it have the bits of products with the matrix it was made of
// (for bfloat16: of its exact float32 values; q8 is a profile with products of its own), and the layout is the same on every machine.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>A matrix [k, n] packed for <see cref="MatMul.Multiply(Compute, int, ReadOnlySpan{float}, int, PackedWeights, ReadOnlySpan{float}, Span{float}, int)"/>, in memory of its own.</summary>
public sealed unsafe partial class PackedWeights : IDisposable
{
    /// <summary>The scales of a block of q8 in all columns of a panel.</summary>
    internal const int Q8ScaleBytes = MatMulPlan.PanelColumns * sizeof(float);

    /// <summary>Four codes of each column of a panel, side by side.</summary>
    internal const int Q8GroupBytes = MatMulPlan.PanelColumns * 4;

    /// <summary>A block of q8 in all columns of a panel: scales, then groups.</summary>
    internal const int Q8RecordBytes = Q8ScaleBytes + (Q8GroupBytes * Q8Block.Length / 4);

    private const int SpareBytes = 64; // an empty matrix has memory too
    private PackedMemory _memory;
    private CodedException* _exceptions;

    private PackedWeights(int k, int n, PackedDtype dtype, bool isCoded, bool isBFloat16)
    {
        K = k;
        N = n;
        Dtype = dtype;
        IsCoded = isCoded;
        IsBFloat16 = isBFloat16;
        PanelBytes = dtype == PackedDtype.Q8 ? Q8Block.Count(k) * (long)Q8RecordBytes
            : isCoded ? CodedPanel.Bytes(k, isBFloat16)
            : (long)MatMulPlan.PanelColumns * k * (isBFloat16 ? sizeof(ushort) : sizeof(float));
        Bytes = Panels * PanelBytes;
        _memory = PackedMemory.Rent((nuint)Bytes + SpareBytes);
        GC.AddMemoryPressure(Bytes + SpareBytes);
    }

    /// <summary>Frees the memory.</summary>
    ~PackedWeights() => Free();

    /// <summary>Length of the reduction: the layer's inputs.</summary>
    public int K { get; }

    /// <summary>Columns of the product: the layer's outputs.</summary>
    public int N { get; }

    /// <summary>What the values are.</summary>
    public PackedDtype Dtype { get; }

    /// <summary>Size of the panels, the last one filled up.</summary>
    public long Bytes { get; }

    /// <summary>Whether panels are coded. No value depends on it.</summary>
    internal bool IsCoded { get; }

    /// <summary>Whether two bytes of each value are stored at most: of bfloat16, and of float32 that are bfloat16.</summary>
    internal bool IsBFloat16 { get; }

    /// <summary>Bytes of a panel.</summary>
    internal long PanelBytes { get; }

    /// <summary>Columns of a panel.</summary>
    internal int PanelColumns => IsCoded ? CodedPanel.Columns : MatMulPlan.PanelColumns;

    internal byte* Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory.Start == null, this);
            return _memory.Start;
        }
    }

    private int Panels => MatMulPlan.CeilingDivide(N, PanelColumns);

    /// <summary>Frees the memory; the weights must not be used any more.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>One value of panels that are not of the q8 profile.</summary>
    internal static float Value(byte* panels, long panelBytes, bool isCoded, bool isBFloat16, int k, int column)
    {
        if (isCoded)
        {
            return CodedPanel.Value(panels + (column / CodedPanel.Columns * panelBytes), isBFloat16, k, column % CodedPanel.Columns);
        }

        byte* panel = panels + (column / MatMulPlan.PanelColumns * panelBytes);
        nint at = (k * (nint)MatMulPlan.PanelColumns) + (column % MatMulPlan.PanelColumns);
        return isBFloat16 ? HalfPrecision.WidenBFloat16(((ushort*)panel)[at]) : ((float*)panel)[at];
    }

    /// <summary>One value of panels of the q8 profile: a code times its block's scale.</summary>
    internal static float Q8Value(byte* panels, long panelBytes, int k, int column)
    {
        byte* record = panels + (column / MatMulPlan.PanelColumns * panelBytes) + (k / Q8Block.Length * (nint)Q8RecordBytes);
        int within = k % Q8Block.Length;
        column %= MatMulPlan.PanelColumns;
        int code = record[Q8ScaleBytes + (within / 4 * Q8GroupBytes) + (column * 4) + (within % 4)] - 128;
        return ((float*)record)[column] * code;
    }

    private void Free()
    {
        if (_memory.Start != null)
        {
            _memory.Return();
            NativeMemory.Free(_exceptions);
            _exceptions = null;
            GC.RemoveMemoryPressure(Bytes + SpareBytes);
        }
    }
}

/// <summary>What the values of <see cref="PackedWeights"/> are.</summary>
public enum PackedDtype
{
    /// <summary>Float32, as they were given.</summary>
    Float32,

    /// <summary>Bfloat16, rounded once; computing widens them, exactly.</summary>
    BFloat16,

    /// <summary>The q8 profile: a byte, with a scale for each 32 along the reduction; products quantise the left operand likewise.</summary>
    Q8,
}
