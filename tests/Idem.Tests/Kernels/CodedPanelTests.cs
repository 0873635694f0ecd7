using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Idem.Numerics.Kernels;

namespace Idem.Tests.Kernels;

/// <summary>What is unpacked from a coded panel has the bits that went in, whichever instructions do it.</summary>
public unsafe class CodedPanelTests
{
    private const int Width = CodedPanel.Columns;

    private delegate void Unpacking(CodedHead* head, byte* unit, int units, float* lower, float* upper, nint step);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(63, 5)]
    [InlineData(64, 200)]
    [InlineData(301, 1)]
    [InlineData(131, -1)] // any bits at all
    public void ValuesComeBack(int rows, int sizes)
    {
        Random random = new(rows);
        for (int round = 0; round < 4; round++)
        {
            bool isBFloat16 = round % 2 == 1;
            uint[] values = new uint[rows * Width];
            foreach (ref uint value in values.AsSpan())
            {
                if (sizes < 0)
                {
                    value = (uint)random.NextInt64(1L << 32) & (isBFloat16 ? 0xFFFF0000 : uint.MaxValue);
                    continue;
                }

                uint upper = (uint)(random.Next(2) << 31) | ((uint)(220 - (sizes == 0 ? 0 : random.Next(sizes))) << 23);
                value = upper | (isBFloat16 ? (uint)random.Next(128) << 16 : (uint)random.Next(1 << 23));
            }

            byte[] panel = new byte[CodedPanel.Bytes(rows, isBFloat16)];
            fixed (byte* at = panel)
            fixed (uint* from = values)
            {
                CodedException[] exceptions = CodedPanelWriter.Write((float*)from, rows, isBFloat16, at)?.ToArray() ?? [];
                Assert.Equal(sizes is > 16 or < 0, exceptions.Length > 0);
                fixed (CodedException* list = (CodedException[])[.. exceptions, CodedException.None])
                {
                    ((CodedHead*)at)->Exceptions = list;
                    ((CodedHead*)at)->ExceptionCount = exceptions.Length;
                    if (isBFloat16)
                    {
                        Check<BFloat16Weights>(at, values, random);
                    }
                    else
                    {
                        Check<PackedFloat32Weights>(at, values, random);
                    }

                    for (int i = 0; i < values.Length; i++)
                    {
                        Assert.Equal(values[i], BitConverter.SingleToUInt32Bits(CodedPanel.Value(at, isBFloat16, i / Width, i % Width)));
                    }
                }
            }
        }
    }

    /// <summary>What a product asks for ahead ends where the panel does.</summary>
    [Theory]
    [InlineData(true, 96)]
    [InlineData(false, 224)]
    public void APlanKnowsWhereRowsLie(bool isBFloat16, int rowBytes)
    {
        MatMulPlan coded = new() { IsCoded = true, IsBFloat16 = isBFloat16, PanelBytes = 1000 };
        Assert.Equal(0, coded.StoredBytes(0));
        foreach (int rows in new[] { 1, 256, 768 })
        {
            Assert.Equal(64 + (rows * rowBytes), coded.StoredBytes(rows));
            Assert.Equal(64 + (rows * rowBytes), CodedPanel.Bytes(rows, isBFloat16));
        }

        Assert.Equal([0L, 0, 1000, 1000, 2000], Enumerable.Range(0, 5).Select(panel => (long)coded.StoredPanel(panel)));
        Assert.Equal(512 * MatMulPlan.PanelColumns * sizeof(ushort), new MatMulPlan { IsBFloat16 = true }.StoredBytes(512));
    }

    /// <summary>A matrix is coded where that takes less memory: not if most of a panel would be filled up.</summary>
    [Theory]
    [InlineData(64, 32, true, false)]
    [InlineData(64, 32, false, false)]
    [InlineData(64, 64, true, true)]
    [InlineData(64, 96, true, false)]
    [InlineData(64, 96, false, false)]
    [InlineData(2, 64, true, false)] // the head
    [InlineData(64, 50257, false, true)]
    public void CodingIsForWhatItSaves(int rows, int columns, bool isBFloat16, bool saves) =>
        Assert.Equal(saves, CodedPanel.Saves(rows, columns, isBFloat16));

    private static void Check<TWeight>(byte* panel, uint[] values, Random random)
        where TWeight : struct, IWeightFormat
    {
        int rows = values.Length / Width;
        CodedHead* head = (CodedHead*)panel;
        List<Unpacking> ways = [CodedPanel.UnpackScalar<TWeight>];
        if (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            ways.Add(CodedPanel.Unpack128<TWeight>);
        }

        if (Avx2.IsSupported)
        {
            ways.Add(CodedPanel.Unpack256<TWeight>);
        }

        if (Avx512BW.IsSupported)
        {
            ways.Add(CodedPanel.Unpack512<TWeight>);
        }

        foreach (Unpacking unpack in ways)
        {
            uint[] unpacked = new uint[values.Length];
            fixed (uint* to = unpacked)
            {
                unpack(head, panel + CodedPanel.HeadBytes, rows, (float*)to, (float*)to + (Width / 2), Width);
            }

            for (CodedException* exception = head->Exceptions; exception->Place < values.Length; exception++)
            {
                unpacked[exception->Place] = BitConverter.SingleToUInt32Bits(exception->Value);
            }

            Assert.Equal(values, unpacked);
        }

        Assert.Equal(values, ReadTogether<TWeight>(panel, rows, random));
        Assert.Equal(values, ReadApart<TWeight>(panel, rows));
    }

    // Piece by piece, from some row on, then what lies before it.
    private static uint[] ReadTogether<TWeight>(byte* panel, int rows, Random random)
        where TWeight : struct, IWeightFormat
    {
        uint[] values = new uint[rows * Width];
        int begin = random.Next(rows);
        fixed (uint* to = values)
        {
            foreach ((int first, int end) in new[] { (begin, rows), (0, begin) })
            {
                CodedPanelReader reader = new(panel, TWeight.Bytes == sizeof(ushort), first);
                for (int row = first; row < end;)
                {
                    int count = Math.Min(end - row, random.Next(1, 40));
                    uint[] behind = values[((row + count) * Width)..];
                    float* at = (float*)to + (row * Width);
                    reader.Read<TWeight>(count, at, at + (Width / 2), Width);
                    row += count;
                    Assert.Equal(behind, values[(row * Width)..]);
                }
            }
        }

        return values;
    }

    // Two panels, as other products have them.
    private static uint[] ReadApart<TWeight>(byte* panel, int rows)
        where TWeight : struct, IWeightFormat
    {
        const int Half = Width / 2;
        uint[] halves = new uint[rows * Width];
        fixed (uint* to = halves)
        {
            new CodedPanelReader(panel, TWeight.Bytes == sizeof(ushort), 0).Read<TWeight>(rows, (float*)to, (float*)to + (rows * Half), Half);
        }

        return [.. Enumerable.Range(0, rows * Width).Select(i => halves[((i % Width / Half * rows) + (i / Width)) * Half + (i % Half)])];
    }
}
