using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Products of the q8 profile have the bits of their definition on every path and thread count, packed from either layout.</summary>
public class MatMulQ8Tests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EqualsTheReference(bool transposed)
    {
        (int M, int N, int K)[] shapes = [(1, 1, 1), (1, 33, 31), (2, 32, 32), (3, 65, 33), (5, 31, 100), (1, 500, 640), (1, 40, 8192), (2, 34, 8193), (3, 5, 25000), (1, 3, 0)];
        for (int i = 0; i < shapes.Length; i++)
        {
            (int m, int n, int k) = shapes[i];
            Check(transposed, m, n, k, KernelTesting.Moderate(i, m * k), KernelTesting.Moderate(i + 50, n * k, 0.03f), i % 2 == 0 ? [] : KernelTesting.Moderate(i, n));
        }
    }

    /// <summary>Subnormal scales, blocks of zeros, infinities and NaN.</summary>
    [Fact]
    public void AwkwardValues()
    {
        for (int seed = 0; seed < 6; seed++)
        {
            Check(seed % 2 == 0, 3, 37, 150, KernelTesting.Awkward(seed, 3 * 150), KernelTesting.Awkward(seed + 100, 37 * 150), []);
            Check(seed % 2 == 0, 2, 33, 70, KernelTesting.Anything(seed, 2 * 70), KernelTesting.Moderate(seed, 33 * 70), []);
        }
    }

    /// <summary>By hand: scales 1 and 1/2 (of binary16), codes at ties to even, their dot.</summary>
    [Fact]
    public void A_block_by_hand()
    {
        float[] a = [127f, 2.5f, -3.5f, 0.4f], b = [63.5f, 1f, -0.75f, 2f]; // codes 127 2 -4 0 and 127 2 -2 4
        using PackedWeights weights = Pack(true, 1, 4, b);
        float[] c = new float[1], row = new float[4];
        MatMul.Multiply(KernelTesting.Computes[0], 1, a, 4, weights, [], c, 1);
        Assert.Equal(0.5f * ((127 * 127) + (2 * 2) + (-4 * -2)), c[0]);
        Embedding.Forward(KernelTesting.Computes[0], [0], weights, row);
        Assert.Equal([63.5f, 1f, -1f, 2f], row);
        Assert.Equal(32L * 36, weights.Bytes);
    }

    private static void Check(bool transposed, int m, int n, int k, float[] a, float[] b, float[] bias)
    {
        float[] expected = new float[m * n];
        MatMul.ReferenceQ8(transposed, m, n, k, a, b, bias, expected);
        using PackedWeights weights = Pack(transposed, n, k, b);
        foreach (Compute compute in KernelTesting.For((long)m * n * k))
        {
            Guarded c = new(m * n);
            MatMul.Multiply(compute, m, a, k, weights, bias, c.Span, n);
            KernelTesting.SameBits(expected, c.Span, $"{compute.Name()}, transposed {transposed}, {m}x{k}x{n}");
            c.CheckWalls(compute.Name());
        }
    }

    private static PackedWeights Pack(bool transposed, int n, int k, float[] b) =>
        PackedWeights.Pack(new Compute(SimdPath.Scalar, 2), PackedDtype.Q8, transposed, k, n, (start, values) => b.AsSpan(start, values.Length).CopyTo(values));
}
