using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Products with weights packed once have the bits of the reference on the matrix they were made of.</summary>
public class MatMulPackedTests
{
    private const int Padding = 3;

    private static readonly Compute[] Computes =
        [.. SimdPaths.All.SelectMany(path => new[] { 1, 2, 3 }.Select(threads => new Compute(path, threads)))];

    /// <summary>One row and a few, panels whole and cut, depths around the leaves, both storages and layouts.</summary>
    [Theory]
    [InlineData(PackedDtype.Float32, false)]
    [InlineData(PackedDtype.Float32, true)]
    [InlineData(PackedDtype.BFloat16, false)]
    [InlineData(PackedDtype.BFloat16, true)]
    public void EqualsTheReference(PackedDtype dtype, bool transposed)
    {
        int[] depths = [0, 1, 2, 31, 255, 256, 257, 513, 770, 1300];
        int[] columns = [1, 5, 31, 32, 33, 64, 97, 130];
        Random random = new(1);
        for (int m = 1; m <= 17; m++)
        {
            foreach (int k in depths)
            {
                int n = columns[random.Next(columns.Length)];
                Check(dtype, transposed, m, n, k, Pick(random, 2), random, Ordinary).Dispose();
            }
        }
    }

    /// <summary>Many rows take the packed panels into the blocked path; several blocks, groups and runs of leaves.</summary>
    [Theory]
    [InlineData(300, 70, 300, PackedDtype.Float32, false)]
    [InlineData(150, 200, 1100, PackedDtype.Float32, false)]
    [InlineData(290, 45, 600, PackedDtype.BFloat16, true)]
    [InlineData(290, 190, 1400, PackedDtype.BFloat16, true)]
    [InlineData(129, 1000, 300, PackedDtype.BFloat16, true)]
    [InlineData(140, 270, 1100, PackedDtype.Float32, true)] // nine panels: the last is alone
    [InlineData(40, 250, 600, PackedDtype.BFloat16, true)] // seven tiles take turns
    [InlineData(64, 250, 700, PackedDtype.Float32, true)]
    [InlineData(64, 250, 700, PackedDtype.BFloat16, true)]
    [InlineData(65, 250, 700, PackedDtype.Float32, true)]
    [InlineData(65, 250, 700, PackedDtype.BFloat16, true)]
    public void ManyRows(int m, int n, int k, PackedDtype dtype, bool isCoded)
    {
        Compute[] computes = [new(SimdPath.Vector512, 2), new(SimdPath.Vector256, 3), new(SimdPath.Vector128, 1), new(SimdPath.Scalar, 2)];
        using PackedWeights weights = Check(dtype, true, m, n, k, Fma.IsHardware ? computes : computes[..1], new Random(m), Ordinary);
        Assert.Equal(isCoded, weights.IsCoded);
    }

    /// <summary>Zeros of both signs, subnormals, infinities and NaN among the values.</summary>
    [Theory]
    [InlineData(PackedDtype.Float32)]
    [InlineData(PackedDtype.BFloat16)]
    public void ExtremeValues(PackedDtype dtype)
    {
        Random random = new(2);
        for (int round = 0; round < 24; round++)
        {
            Check(dtype, round % 2 == 0, random.Next(1, 18), random.Next(1, 70), random.Next(1, 600), Pick(random, 4), random, Extreme).Dispose();
        }
    }

    /// <summary>Values that coded panels list apart, that are stored in two bytes, that only begin so, and that no panel can be coded with.</summary>
    [Fact]
    public void HoweverTheyAreStored()
    {
        (Func<Random, float> Draw, PackedDtype Dtype, bool IsCoded, bool IsBFloat16)[] cases =
        [
            (Ordinary, PackedDtype.Float32, true, false),
            (Ordinary, PackedDtype.BFloat16, true, true),
            (WithTinyOnes, PackedDtype.Float32, true, false),
            (WithTinyOnes, PackedDtype.BFloat16, true, true),
            (Halves, PackedDtype.Float32, true, true),
            (AlmostHalves, PackedDtype.Float32, true, false),
            (OfAnySize, PackedDtype.Float32, false, false),
            (OfAnySize, PackedDtype.BFloat16, false, true),
            (HalvesOfAnySize, PackedDtype.Float32, false, true),
        ];
        Random random = new(3);
        Compute deviating = Compute.Deviating(new Deviation { Products = new DotOrder(DotOrderKind.Chains, ChainTree.Leaf) }, 1);
        foreach ((Func<Random, float> draw, PackedDtype dtype, bool isCoded, bool isBFloat16) in cases)
        {
            for (int round = 0; round < 6; round++)
            {
                int m = round == 0 ? 1 : random.Next(1, 20), n = random.Next(100, 129), k = random.Next(300, 700);
                using PackedWeights weights = Check(dtype, round % 2 == 0, m, n, k, [.. Pick(random, 4), deviating], random, draw);
                Assert.True((dtype, isCoded, isBFloat16) == (weights.Dtype, weights.IsCoded, weights.IsBFloat16), $"{draw.Method.Name}, {dtype}, {m}x{k}x{n}: coded {weights.IsCoded}, bfloat16 {weights.IsBFloat16}");
            }
        }
    }

    /// <summary>Every tile: each number of rows on each path, and as many as take turns, with exceptions in each vector and where pieces, turns and leaves meet.</summary>
    [Theory]
    [InlineData(PackedDtype.Float32, 1026)]
    [InlineData(PackedDtype.Float32, 1027)]
    [InlineData(PackedDtype.BFloat16, 1026)]
    [InlineData(PackedDtype.BFloat16, 1027)]
    public void ExceptionsWhereverTheyAre(PackedDtype dtype, int k)
    {
        const int Columns = 64;
        float[] exceptions = [1e-30f, -0f, 0f, -1e-35f, 3e20f];
        float[] b = new float[k * Columns];
        for (int i = 0; i < b.Length; i++)
        {
            b[i] = MathF.ScaleB(1 + ((i * 37 % 128) / 128f), (i / Columns % 8) * -2) * ((i / (8 * Columns) % 2) == 0 ? 1 : -1); // sixteen upper bytes, equally often
        }

        int[] rows = [0, 1, 62, 63, 64, 255, 256, 257, k - 1];
        for (int i = 0; i < rows.Length; i++)
        {
            int[] columns = i % 2 == 0 ? [0, 22, 40, 63] : [31, 62];
            for (int j = 0; j < columns.Length; j++)
            {
                b[(rows[i] * Columns) + columns[j]] = exceptions[(i + j) % exceptions.Length];
            }
        }

        int at = 0;
        foreach (SimdPath path in SimdPaths.All)
        {
            foreach (int m in path == SimdPath.Vector512 ? [.. Enumerable.Range(1, 19), 24, 61, 62, 63, 64] : Enumerable.Range(1, 16))
            {
                at = 0;
                using PackedWeights weights = Check(dtype, false, m, Columns, k, [new Compute(path, 1 + (m % 2))], new Random(m), Ordinary, _ => b[at++]);
                Assert.True(weights.IsCoded);
            }
        }
    }

    /// <summary>A lookup gives the row that was packed, however it is stored.</summary>
    [Fact]
    public void LookupsGiveWhatWasPacked()
    {
        Random random = new(4);
        foreach ((Func<Random, float> draw, bool isCoded) in new[] { (Ordinary, true), (WithTinyOnes, true), (Halves, true), ((Func<Random, float>)OfAnySize, false), (HalvesOfAnySize, false) })
        {
            float[] table = Draw(180 * 400, random, draw), y = new float[9 * 400];
            using PackedWeights weights = PackedWeights.Pack(Computes[0], PackedDtype.Float32, true, 400, 180, (start, values) => table.AsSpan(start, values.Length).CopyTo(values));
            Assert.Equal(isCoded, weights.IsCoded);
            int[] ids = [179, 0, 31, 32, 63, 64, 127, 128, 150];
            Embedding.Forward(Computes[0], ids, weights, y);
            for (int i = 0; i < ids.Length; i++)
            {
                Assert.Null(Encodings.FindDifference(table.AsSpan(ids[i] * 400, 400), y.AsSpan(i * 400, 400)));
            }
        }
    }

    [Fact]
    public void SizesAndErrorsAreStated()
    {
        Compute compute = new(SimdPath.Scalar, 1);
        using PackedWeights weights = PackedWeights.Pack(compute, PackedDtype.Float32, true, 5, 33, (_, values) => values.Fill(0.1f));
        Assert.Equal((5, 33, PackedDtype.Float32, 64L + (64 * 5 * 7 / 2)), (weights.K, weights.N, weights.Dtype, weights.Bytes));
        using PackedWeights plain = PackedWeights.Pack(compute, PackedDtype.Float32, true, 256, 32, (_, values) => values.Fill(0.1f));
        Assert.Equal(32L * 256 * 4, plain.Bytes);
        using PackedWeights halves = PackedWeights.Pack(compute, PackedDtype.BFloat16, false, 5, 65, (_, values) => values.Clear());
        Assert.Equal(3L * 32 * 5 * 2, halves.Bytes);
        ArgumentException error = Assert.Throws<ArgumentException>(() => PackedWeights.Pack(compute, PackedDtype.Float32, true, 1 << 16, 1 << 16, (_, _) => { }));
        Assert.Contains("k=65536, n=65536", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => PackedWeights.Pack(compute, PackedDtype.Float32, true, 1 << 26, 1, (_, _) => { }));
        Assert.Contains("64 k", error.Message, StringComparison.Ordinal);
        foreach ((PackedDtype dtype, bool transposed) in new[] { (PackedDtype.Float32, true), (PackedDtype.Float32, false), (PackedDtype.BFloat16, true), (PackedDtype.Q8, true) })
        {
            Assert.Throws<NotSupportedException>(() => PackedWeights.Pack(
                new Compute(SimdPath.Scalar, 2), dtype, transposed, 80, 300, (start, _) => FailAfter(1000, start)));
        }

        error = Assert.Throws<ArgumentException>(() => MatMul.Multiply(compute, 2, new float[9], 5, weights, [], new float[66], 33));
        Assert.Contains("a is stored as [2,5] with row stride 5 and needs 10 values; it has 9", error.Message, StringComparison.Ordinal);
        weights.Dispose();
        Assert.Throws<ObjectDisposedException>(() => MatMul.Multiply(compute, 1, new float[5], 5, weights, [], new float[33], 33));
    }

    private static PackedWeights Check(
        PackedDtype dtype, bool transposed, int m, int n, int k, IEnumerable<Compute> computes, Random random, Func<Random, float> draw, Func<Random, float>? weight = null)
    {
        int stride = transposed ? k : n, ldc = n + Padding;
        float[] a = Draw(m * (k + Padding), random, draw), bias = random.Next(2) == 0 ? [] : Draw(n, random, draw);
        float[] b = Draw((transposed ? n : k) * stride, random, weight ?? draw);
        PackedWeights weights = PackedWeights.Pack(
            computes.First(), dtype, transposed, k, n, (start, values) => b.AsSpan(start, values.Length).CopyTo(values));
        if (dtype == PackedDtype.BFloat16)
        {
            b = [.. b.Select(value => HalfPrecision.WidenBFloat16(HalfPrecision.NarrowBFloat16(value)))];
        }

        float[] expected = Filled(m * ldc);
        MatMul.Reference(false, transposed, m, n, k, a, k + Padding, b, stride, bias, expected, ldc);
        foreach (Compute compute in computes)
        {
            float[] actual = Filled(m * ldc);
            MatMul.Multiply(compute, m, a, k + Padding, weights, bias, actual, ldc);
            if (Encodings.FindDifference(expected, actual) is { } difference)
            {
                Assert.Fail($"{dtype}, transposed {transposed}, {m}x{k}x{n}, {compute.Path.Name()}, {compute.Threads} threads: {difference}");
            }
        }

        return weights;
    }

    private static void FailAfter(int last, int start)
    {
        if (start > last)
        {
            throw new NotSupportedException();
        }
    }

    private static Compute[] Pick(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Computes[random.Next(Computes.Length)])];

    private static float[] Draw(int length, Random random, Func<Random, float> draw)
    {
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan())
        {
            value = draw(random);
        }

        return values;
    }

    private static float[] Filled(int length)
    {
        float[] values = new float[length];
        Array.Fill(values, -7f);
        return values;
    }

    private static float Ordinary(Random random) => (random.NextSingle() * 2f) - 1f;

    // One in eight thousand is of some other size: too few for a name.
    private static float WithTinyOnes(Random random) => random.Next(8000) == 0 ? MathF.ScaleB(random.NextSingle(), random.Next(-90, -40)) : Ordinary(random);

    private static float Halves(Random random) => HalfPrecision.WidenBFloat16(HalfPrecision.NarrowBFloat16(Ordinary(random)));

    private static float AlmostHalves(Random random) => random.Next(2000) == 0 ? Ordinary(random) : Halves(random);

    private static float HalvesOfAnySize(Random random) => HalfPrecision.WidenBFloat16(HalfPrecision.NarrowBFloat16(OfAnySize(random)));

    private static float OfAnySize(Random random) => MathF.ScaleB(Ordinary(random), random.Next(-50, 10));

    private static float Extreme(Random random) => random.Next(300) switch
    {
        < 20 => 0f,
        < 40 => -0f,
        < 50 => BitConverter.UInt32BitsToSingle((uint)random.Next(1, 1 << 23)),
        < 60 => -BitConverter.UInt32BitsToSingle((uint)random.Next(1, 1 << 23)),
        60 => float.PositiveInfinity,
        61 => float.NegativeInfinity,
        62 => float.NaN,
        63 => float.MaxValue,
        _ => Ordinary(random),
    };
}
