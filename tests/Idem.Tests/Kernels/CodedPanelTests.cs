using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Idem.Numerics.Kernels;

namespace Idem.Tests.Kernels;

/// <summary>What is unpacked from a coded panel has the bits that went in, whichever instructions do it.</summary>
public unsafe class CodedPanelTests
{
    private const int Width = 32;

    private delegate void Unpacking(CodedHead* head, byte* unit, int units, float* rows);

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
            uint[] values = new uint[(rows + 1) * Width];
            foreach (ref uint value in values.AsSpan(0, rows * Width))
            {
                if (sizes < 0)
                {
                    value = (uint)random.NextInt64(1L << 32) & (isBFloat16 ? 0xFFFF0000 : uint.MaxValue);
                    continue;
                }

                uint upper = (uint)(random.Next(2) << 31) | ((uint)(220 - (sizes == 0 ? 0 : random.Next(sizes))) << 23);
                value = upper | (isBFloat16 ? (uint)random.Next(128) << 16 : (uint)random.Next(1 << 23));
            }

            uint[] stored = (uint[])values.Clone(); // the row behind the last is the writer's
            byte[] panel = new byte[CodedPanel.Bytes(rows, isBFloat16)];
            fixed (byte* at = panel)
            fixed (uint* from = stored)
            {
                CodedException[] exceptions = CodedPanelWriter.Write((float*)from, rows, isBFloat16, at)?.ToArray() ?? [];
                Assert.Equal(sizes is > 16 or < 0, exceptions.Length > 0);
                fixed (CodedException* list = exceptions)
                {
                    ((CodedHead*)at)->Exceptions = list;
                    ((CodedHead*)at)->ExceptionCount = exceptions.Length;
                    Assert.Equal(values[..(rows * Width)], Read(at, rows, isBFloat16, random));
                    foreach (Unpacking unpack in isBFloat16 ? Ways<BFloat16Weights>() : Ways<PackedFloat32Weights>())
                    {
                        Assert.Equal(values[..(rows * Width)], Unpack(unpack, at, rows, exceptions));
                    }

                    for (int i = 0; i < rows * Width; i++)
                    {
                        Assert.Equal(values[i], BitConverter.SingleToUInt32Bits(CodedPanel.Value(at, isBFloat16, i / Width, i % Width)));
                    }
                }
            }
        }
    }

    private static List<Unpacking> Ways<TWeight>()
        where TWeight : struct, IWeightFormat
    {
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

        return ways;
    }

    // Piece by piece, from some row on, then what lies before it.
    private static uint[] Read(byte* panel, int rows, bool isBFloat16, Random random)
    {
        uint[] values = new uint[(rows + 1) * Width];
        int begin = random.Next(rows) / 2 * 2;
        fixed (uint* to = values)
        {
            foreach ((int first, int end) in new[] { (begin, rows), (0, begin) })
            {
                CodedPanelReader reader = new(panel, isBFloat16, first);
                for (int row = first; row < end;)
                {
                    int count = Math.Min(end - row, 2 * random.Next(1, 20));
                    uint[] behind = values[((row + count) * Width)..];
                    if (isBFloat16)
                    {
                        reader.Read<BFloat16Weights>(count, (float*)to + (row * Width));
                    }
                    else
                    {
                        reader.Read<PackedFloat32Weights>(count, (float*)to + (row * Width));
                    }

                    row += count;
                    behind.CopyTo(values, row * Width);
                }
            }
        }

        return values[..(rows * Width)];
    }

    /// <summary>What a product asks for ahead ends where the panel does.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void APlanKnowsWhereRowsLie(bool isBFloat16)
    {
        MatMulPlan coded = new() { IsCoded = true, IsBFloat16 = isBFloat16 };
        Assert.Equal(0, coded.StoredBytes(0));
        foreach (int rows in new[] { 2, 256, 768 })
        {
            Assert.Equal(CodedPanel.Bytes(rows, isBFloat16), coded.StoredBytes(rows));
        }

        Assert.Equal(512 * Width * sizeof(ushort), new MatMulPlan { IsBFloat16 = true }.StoredBytes(512));
    }

    private static uint[] Unpack(Unpacking unpack, byte* panel, int rows, CodedException[] exceptions)
    {
        uint[] values = new uint[(rows + 1) * Width];
        fixed (uint* to = values)
        {
            unpack((CodedHead*)panel, panel + CodedPanel.HeadBytes, (rows + 1) / 2, (float*)to);
        }

        foreach (CodedException exception in exceptions)
        {
            values[exception.Place] = BitConverter.SingleToUInt32Bits(exception.Value);
        }

        return values[..(rows * Width)];
    }
}
