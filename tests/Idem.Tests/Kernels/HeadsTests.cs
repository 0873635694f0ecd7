using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Packing of heads and their rotation, on every path, against the reference.</summary>
public class HeadsTests
{
    public static TheoryData<int, int, int, int, bool> Layouts => new()
    {
        { 1, 1, 2, 2, false }, { 4, 2, 16, 16, false }, { 3, 1, 10, 6, false }, { 2, 2, 64, 64, false }, { 4, 4, 34, 34, false }, { 2, 1, 5, 0, false },
        { 3, 3, 12, 4, true }, { 2, 2, 80, 66, true },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void PackingAndUnpackingEqualTheReference(int queryHeads, int keyHeads, int headSize, int rotary, bool interleaved)
    {
        HeadLayout layout = new() { QueryHeads = queryHeads, KeyHeads = keyHeads, HeadSize = headSize, RotaryDimensions = rotary, IsInterleaved = interleaved };
        int[] positions = [.. Enumerable.Range(0, 101).Select(i => (i * 7) % 90)];
        int rows = positions.Length, packedWidth = layout.PackedWidth;
        RotaryTable? table = rotary == 0 ? null : RotaryTable.Create(new RotaryParameters { Theta = 10_000, Dimensions = rotary }, 90);
        float[] q = KernelTesting.Awkward(1, rows * (interleaved ? packedWidth : queryHeads * headSize));
        float[] k = interleaved ? [] : KernelTesting.Moderate(2, rows * keyHeads * headSize), v = interleaved ? [] : KernelTesting.Anything(3, k.Length);
        float[] packed = new float[rows * packedWidth], dpacked = KernelTesting.Awkward(4, packed.Length);
        float[] dq = new float[q.Length], dk = new float[k.Length], dv = new float[v.Length];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> cos = table is null ? default : table.Cos.Slice(positions[row] * rotary / 2, rotary / 2);
            ReadOnlySpan<float> sin = table is null ? default : table.Sin.Slice(positions[row] * rotary / 2, rotary / 2);
            for (int head = 0; head < queryHeads + (2 * keyHeads); head++)
            {
                int part = head < queryHeads ? 0 : head < queryHeads + keyHeads ? 1 : 2, h = part == 0 ? head : (head - queryHeads) % keyHeads;
                int to = (row * packedWidth) + (head * headSize);
                (float[] x, float[] dx, int from) = interleaved
                    ? (q, dq, (row * packedWidth) + (h * 3 * headSize) + (part * headSize))
                    : part == 0 ? (q, dq, ((row * queryHeads) + h) * headSize) : part == 1 ? (k, dk, ((row * keyHeads) + h) * headSize) : (v, dv, ((row * keyHeads) + h) * headSize);
                Heads.Reference.Rotate(x.AsSpan(from, headSize), part == 2 ? [] : cos, part == 2 ? [] : sin, false, packed.AsSpan(to, headSize));
                Heads.Reference.Rotate(dpacked.AsSpan(to, headSize), part == 2 ? [] : cos, part == 2 ? [] : sin, true, dx.AsSpan(from, headSize));
            }
        }

        foreach (Compute compute in KernelTesting.Computes)
        {
            string where = $"{layout}, {compute.Name()}";
            Guarded gp = new(packed.Length), gq = new(q.Length), gk = new(k.Length), gv = new(v.Length);
            Heads.Pack(compute, layout, positions, table, new Guarded(q).Span, new Guarded(k).Span, new Guarded(v).Span, gp.Span);
            Heads.Unpack(compute, layout, positions, table, new Guarded(dpacked).Span, gq.Span, gk.Span, gv.Span);
            KernelTesting.SameBits(packed, gp.Span, where);
            KernelTesting.SameBits(dq, gq.Span, where);
            KernelTesting.SameBits(dk, gk.Span, where);
            KernelTesting.SameBits(dv, gv.Span, where);
            gp.CheckWalls(where);
            gq.CheckWalls(where);
        }
    }

    [Fact]
    public void WrongShapesAreNamed()
    {
        HeadLayout layout = new() { QueryHeads = 2, KeyHeads = 1, HeadSize = 4, RotaryDimensions = 4 };
        RotaryTable table = RotaryTable.Create(new RotaryParameters { Theta = 10_000, Dimensions = 4 }, 8);
        Compute compute = KernelTesting.SingleThreaded[0];
        void Pack(HeadLayout l, RotaryTable? t, int position, int q) => Heads.Pack(compute, l, [position], t, new float[q], new float[4], new float[4], new float[16]);
        Pack(layout, table, 7, 8);
        Assert.Contains("position", Assert.Throws<ArgumentException>(() => Pack(layout, table, 8, 8)).Message, StringComparison.Ordinal);
        Assert.Contains("position", Assert.Throws<ArgumentException>(() => Pack(layout, table, -1, 8)).Message, StringComparison.Ordinal);
        Assert.Contains("table", Assert.Throws<ArgumentException>(() => Pack(layout, null, 0, 8)).Message, StringComparison.Ordinal);
        Assert.Contains("q has 9", Assert.Throws<ArgumentException>(() => Pack(layout, table, 0, 9)).Message, StringComparison.Ordinal);
        Assert.Contains("pairs", Assert.Throws<ArgumentException>(() => Pack(layout with { RotaryDimensions = 3 }, table, 0, 8)).Message, StringComparison.Ordinal);
        Assert.Contains("interleaved", Assert.Throws<ArgumentException>(() => Pack(layout with { IsInterleaved = true }, table, 0, 8)).Message, StringComparison.Ordinal);
    }
}
