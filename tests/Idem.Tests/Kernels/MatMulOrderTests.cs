using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>The order of summation, recovered by probing, is the chain-tree; and implementations that stray are caught.</summary>
public class MatMulOrderTests
{
    public static TheoryData<SimdPath> Paths => [.. SimdPaths.All];

    [Theory]
    [MemberData(nameof(Paths))]
    public void TheOrderIsTheChainTree(SimdPath path)
    {
        int[] counts = [1, 2, 255, 256, 257, 700, 1025, 2000];
        foreach (int count in Fma.IsHardware ? counts : counts[..5]) // emulation is a hundred times slower
        {
            foreach ((int rows, int columns, bool transposeB) in new[] { (1, 17, true), (5, 33, false), (40, 7, true) })
            {
                SummationTree.Summation product = Product(new Compute(path, 2), count, columns, transposeB);
                Assert.Null(SummationTree.FindDeviation(product, count, rows));
            }
        }
    }

    [Fact]
    public void TheDefinitionIsTheChainTree()
    {
        float[] ones = [.. Enumerable.Repeat(1f, 2000)];
        foreach (int count in new[] { 1, 255, 256, 257, 700, 1025, 2000 })
        {
            Assert.Null(SummationTree.FindDeviation(Each(terms => ChainTree.Dot(terms.Length, terms, 1, ones, 1)), count, 1));
        }
    }

    /// <summary>Negative controls of the certificate: each strays from the chain-tree in one place.</summary>
    [Theory]
    [InlineData("one long chain", 600)]
    [InlineData("leaves of 128", 300)]
    [InlineData("leaf boundary one late", 300)]
    [InlineData("two additions swapped", 300)]
    [InlineData("last leaves joined first", 769)]
    [InlineData("leaves joined left to right", 1025)]
    public void TheCertificateCatches(string stray, int count)
    {
        SummationTree.Summation summation = Each(terms => stray switch
        {
            "one long chain" => Chain(terms),
            "leaves of 128" => Joined(terms, 128, (leaves) => leaves.Aggregate((x, y) => x + y)),
            "leaf boundary one late" => Chain(terms[..257]) + Chain(terms[257..]),
            "two additions swapped" => Swapped(terms),
            "last leaves joined first" => Joined(terms, 256, leaves => leaves[0] + (leaves[1] + (leaves[2] + leaves[3]))),
            _ => Joined(terms, 256, leaves => leaves.Aggregate((x, y) => x + y)),
        });
        Assert.NotNull(SummationTree.FindDeviation(summation, count, 1));
    }

    /// <summary>Negative controls of the comparison by encoding: random operands tell these apart from the definition.</summary>
    [Theory]
    [InlineData("product rounded before the addition")]
    [InlineData("last addition fused into the bias")]
    [InlineData("one long chain")]
    [InlineData("first step a multiplication")]
    public void TheComparisonCatches(string stray)
    {
        Random random = new(5);
        bool caught = false;
        for (int round = 0; round < 20; round++)
        {
            float[] a = Draw(random, 600), b = Draw(random, 600);
            if (stray == "first step a multiplication")
            {
                Array.Clear(a);
                b[0] = -1f;
                a = a[..1];
            }

            float expected = ChainTree.Dot(a.Length, a, 1, b, 1), strayed = 0f;
            switch (stray)
            {
                case "product rounded before the addition":
                    strayed = Joined(Products(a, b), 256, leaves => leaves.Aggregate((x, y) => x + y));
                    break;
                case "last addition fused into the bias":
                    expected += b[0];
                    strayed = Fma.Single(a[^1], b[^1], b[0]) + ChainTree.Dot(a.Length - 1, a, 1, b, 1);
                    break;
                case "one long chain":
                    for (int k = 0; k < a.Length; k++)
                    {
                        strayed = Fma.Single(a[k], b[k], strayed);
                    }

                    break;
                default:
                    strayed = a[0] * b[0];
                    break;
            }

            caught |= !Encodings.Same(expected, strayed);
        }

        Assert.True(caught);
    }

    /// <summary>Rows of terms times ones, in a matrix product; all columns must agree.</summary>
    private static SummationTree.Summation Product(Compute compute, int count, int columns, bool transposeB)
    {
        float[] ones = [.. Enumerable.Repeat(1f, count * columns)];
        return (terms, sums) =>
        {
            float[] products = new float[sums.Length * columns];
            MatMul.Multiply(
                compute, false, transposeB, sums.Length, columns, count, terms, count, ones, transposeB ? count : columns, [], products, columns);
            for (int row = 0; row < sums.Length; row++)
            {
                sums[row] = products[row * columns];
                for (int column = 1; column < columns; column++)
                {
                    sums[row] = products[(row * columns) + column] == sums[row] ? sums[row] : float.NaN;
                }
            }
        };
    }

    private delegate float SumOfRow(ReadOnlySpan<float> terms);

    private static SummationTree.Summation Each(SumOfRow sum) => (terms, sums) =>
    {
        int count = terms.Length / sums.Length;
        for (int row = 0; row < sums.Length; row++)
        {
            sums[row] = sum(terms.Slice(row * count, count));
        }
    };

    private static float Chain(ReadOnlySpan<float> terms)
    {
        float sum = 0f;
        foreach (float term in terms)
        {
            sum += term;
        }

        return sum;
    }

    private static float Swapped(ReadOnlySpan<float> terms)
    {
        float[] order = terms.ToArray();
        (order[100], order[101]) = (order[101], order[100]);
        return Chain(order.AsSpan(0, 256)) + Chain(order.AsSpan(256));
    }

    private static float Joined(ReadOnlySpan<float> terms, int leaf, Func<float[], float> join)
    {
        List<float> leaves = [];
        for (int i = 0; i < terms.Length; i += leaf)
        {
            leaves.Add(Chain(terms.Slice(i, Math.Min(leaf, terms.Length - i))));
        }

        return join([.. leaves]);
    }

    private static float[] Products(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x * y)];

    private static float[] Draw(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2f) - 1f)];
}
