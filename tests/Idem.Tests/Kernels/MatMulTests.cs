using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>The fast path returns the reference's encodings: around every cut, in every layout, on every path and thread count.</summary>
public class MatMulTests
{
    private static readonly Compute[] Computes =
        [.. SimdPaths.All.SelectMany(path => new[] { 1, 2, 3, 7 }.Select(threads => new Compute(path, threads)))];

    /// <summary>Rows around the tile heights and the switch to the tile for few rows; columns around the panel widths.</summary>
    [Fact]
    public void ShapesAroundTileBoundaries()
    {
        int[] rows = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 18, 23, 24, 25, 37];
        int[] columns = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 97, 129];
        Random random = new(1);
        foreach (int m in rows)
        {
            foreach (int n in columns)
            {
                Check(new(Coin(random), Coin(random), m, n, random.Next(0, 30), Coin(random)), Pick(random, 3), random);
            }
        }
    }

    /// <summary>Depths around the leaves, where the tree takes over from the chain.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void DepthsAroundLeafBoundaries(bool transposeA, bool transposeB)
    {
        int[] depths = [0, 1, 2, 3, 5, 8, 127, 128, 255, 256, 257, 511, 512, 513, 767, 768, 769, 1023, 1024, 1025, 1281, 1537, 1793, 2049];
        (int M, int N)[] shapes = [(1, 70), (3, 40), (7, 33), (29, 19)];
        Random random = new(2);
        foreach (int k in depths)
        {
            foreach ((int m, int n) in shapes)
            {
                Check(new(transposeA, transposeB, m, n, k, Coin(random)), Pick(random, 2), random);
            }
        }
    }

    /// <summary>Large enough for several row blocks, groups and threads, and for the cut that bounds partial sums.</summary>
    [Theory]
    [InlineData(400, 70, 260)]
    [InlineData(97, 530, 300)]
    [InlineData(800, 40, 64)]
    [InlineData(385, 200, 520)]
    public void ShapesOfManyTasks(int m, int n, int k)
    {
        Random random = new(m);
        MatMulCase layout = new(Coin(random), Coin(random), m, n, k, Bias: true);
        Check(layout, [new(SimdPath.Vector512, 2), new(SimdPath.Vector256, 3), new(SimdPath.Vector128, 7), new(SimdPath.Scalar, 2)], random);
    }

    /// <summary>Reductions of several runs of leaves, over b packed by the first tile, beforehand, and by each of several blocks of rows; panels at edges.</summary>
    [Theory]
    [InlineData(40, 100, 1300)]
    [InlineData(26, 161, 2600)]
    [InlineData(600, 70, 1100)]
    [InlineData(300, 33, 1281)]
    public void SeveralRunsOfLeaves(int m, int n, int k)
    {
        Random random = new(k);
        foreach ((bool transposeA, bool transposeB) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            Check(new(transposeA, transposeB, m, n, k, Coin(random)), [new(SimdPath.Vector512, 2), new(SimdPath.Vector256, 3), new(SimdPath.Vector128, 1)], random);
        }
    }

    /// <summary>A transposed b of more rows than c: computed as the transpose, whose results are stored 48 rows at a time, with and without edges.</summary>
    [Theory]
    [InlineData(31, 70, 300)]
    [InlineData(32, 47, 100)]
    [InlineData(62, 531, 40)]
    [InlineData(64, 97, 1300)]
    [InlineData(95, 385, 513)]
    [InlineData(96, 1000, 30)]
    [InlineData(256, 300, 0)]
    [InlineData(256, 257, 770)]
    public void AProductComputedAsItsTranspose(int m, int n, int k)
    {
        Random random = new(n);
        foreach (bool bias in new[] { false, true })
        {
            Check(new(false, true, m, n, k, bias), [.. SimdPaths.All.Select((path, i) => new Compute(path, 1 + i))], random);
        }
    }

    /// <summary>Zeros of both signs, subnormals, huge and tiny magnitudes, infinities and NaN in some places.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ExtremeValues(bool special)
    {
        Random random = new(3);
        for (int round = 0; round < 24; round++)
        {
            MatMulCase layout = new(Coin(random), Coin(random), random.Next(1, 20), random.Next(1, 70), random.Next(1, 600), Coin(random));
            Check(layout, Pick(random, 4), () => Extreme(random, special));
        }
    }

    /// <summary>The result of a row does not depend on the rows beside it.</summary>
    [Fact]
    public void ARowOfABatchEqualsTheRowAlone()
    {
        const int M = 29, N = 71, K = 530;
        Random random = new(4);
        float[] a = Values(random, M * K), b = Values(random, K * N), all = new float[M * N], alone = new float[N];
        foreach (Compute compute in Computes)
        {
            MatMul.Multiply(compute, false, false, M, N, K, a, K, b, N, [], all, N);
            for (int i = 0; i < M; i += 7)
            {
                MatMul.Multiply(compute, false, false, 1, N, K, a.AsSpan(i * K, K), K, b, N, [], alone, N);
                Assert.Null(Encodings.FindDifference(all.AsSpan(i * N, N), alone));
            }
        }
    }

    [Fact]
    public void ErrorsNameTheShapes()
    {
        Compute compute = new(SimdPath.Scalar, 1);
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            MatMul.Multiply(compute, false, true, 2, 3, 4, new float[8], 4, new float[11], 4, [], new float[6], 3));
        Assert.Contains("[2,4] x [4,3]: b is stored as [3,4] with row stride 4 and needs 12 values; it has 11", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() =>
            MatMul.Multiply(compute, false, false, 2, 3, 4, new float[8], 4, new float[12], 3, new float[2], new float[6], 3));
        Assert.Contains("bias has 2 values", error.Message, StringComparison.Ordinal);
    }

    /// <summary>After the first call of a shape nothing is allocated.</summary>
    [Fact]
    public void NothingIsAllocatedAfterWarmUp()
    {
        Compute compute = new(SimdPaths.Widest, 1);
        float[] a = new float[64 * 300], b = new float[300 * 64], c = new float[64 * 64];
        void Run() => MatMul.Multiply(compute, false, true, 64, 64, 300, a, 300, b, 300, [], c, 64);
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(MatMulCase layout, IEnumerable<Compute> computes, Random random) =>
        Check(layout, computes, () => (random.NextSingle() * 2f) - 1f);

    private static void Check(MatMulCase layout, IEnumerable<Compute> computes, Func<float> draw)
    {
        if (layout.FindDifference(computes, draw) is { } difference)
        {
            Assert.Fail(difference);
        }
    }

    private static bool Coin(Random random) => random.Next(2) == 0;

    private static Compute[] Pick(Random random, int count) =>
        Enumerable.Range(0, count).Select(_ => Computes[random.Next(Computes.Length)]).ToArray();

    private static float[] Values(Random random, int length)
    {
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan())
        {
            value = (random.NextSingle() * 2f) - 1f;
        }

        return values;
    }

    private static float Extreme(Random random, bool special) => random.Next(special ? 400 : 14) switch
    {
        0 or 1 => 0f,
        2 or 3 => -0f,
        4 => float.Epsilon * random.Next(1, 1 << 22),
        5 => -float.Epsilon * random.Next(1, 1 << 22),
        6 => MathF.ScaleB(1f + random.NextSingle(), random.Next(-126, 64)),
        7 => -MathF.ScaleB(1f + random.NextSingle(), random.Next(-126, 64)),
        14 => float.PositiveInfinity,
        15 => float.NegativeInfinity,
        16 => float.NaN,
        17 => float.MaxValue,
        _ => (random.NextSingle() * 2f) - 1f,
    };
}
