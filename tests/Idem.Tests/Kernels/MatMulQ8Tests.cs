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

    /// <summary>Any codes and scales that a file may hold, -128 and negative scales among them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stored_blocks_are_taken_as_they_are(bool transposed)
    {
        foreach ((int m, int n, int k) in new[] { (1, 1, 1), (2, 33, 70), (3, 64, 320), (1, 40, 8225), (2, 3, 0) })
        {
            Random random = new(n + k);
            sbyte[] codes = new sbyte[k * n];
            ushort[] scales = new ushort[(k + 31) / 32 * n];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(codes.AsSpan()));
            for (int i = 0; i < scales.Length; i++)
            {
                scales[i] = (ushort)random.Next(0x10000); // infinities and NaN too
            }

            float[] a = KernelTesting.Moderate(k, m * k), expected = new float[m * n];
            MatMul.ReferenceQ8(transposed, m, n, k, a, codes, scales, [], expected);
            using PackedWeights weights = PackedWeights.PackStored(
                new Compute(SimdPath.Scalar, 2), transposed, k, n,
                (start, part) => codes.AsSpan(start, part.Length).CopyTo(part), (start, part) => scales.AsSpan(start, part.Length).CopyTo(part));
            foreach (Compute compute in KernelTesting.For((long)m * n * k))
            {
                Guarded c = new(m * n);
                MatMul.Multiply(compute, m, a, k, weights, [], c.Span, n);
                KernelTesting.SameBits(expected, c.Span, $"{compute.Name()}, transposed {transposed}, {m}x{k}x{n}");
            }
        }
    }

    /// <summary>Quantising to stored blocks and packing those is packing the values; as numbers, blocks are scale * code.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Storing_and_packing_is_packing(bool transposed)
    {
        const int M = 2, N = 45, K = 70, Blocks = 3;
        float[] b = KernelTesting.Awkward(1, N * K), a = KernelTesting.Moderate(2, M * K), numbers = new float[N * K];
        sbyte[] codes = new sbyte[N * K];
        ushort[] scales = new ushort[N * Blocks];
        for (int i = 0; i < (transposed ? N : Blocks); i++)
        {
            if (transposed)
            {
                Q8Storage.QuantizeRow(b.AsSpan(i * K, K), codes.AsSpan(i * K, K), scales.AsSpan(i * Blocks, Blocks));
                Q8Storage.DequantizeRow(0, codes.AsSpan(i * K, 40), scales.AsSpan(i * Blocks, 2), numbers.AsSpan(i * K, 40));
                Q8Storage.DequantizeRow(40, codes.AsSpan((i * K) + 40, 30), scales.AsSpan((i * Blocks) + 1, 2), numbers.AsSpan((i * K) + 40, 30));
            }
            else
            {
                int first = i * 32 * N, count = Math.Min(32, K - (i * 32)) * N;
                Q8Storage.QuantizeColumns(b.AsSpan(first, count), N, codes.AsSpan(first, count), scales.AsSpan(i * N, N));
                for (int row = first; row < first + count; row += N)
                {
                    Q8Storage.DequantizeColumns(codes.AsSpan(row, N), scales.AsSpan(i * N, N), numbers.AsSpan(row, N));
                }
            }
        }

        float[] expected = new float[M * N], actual = new float[M * N];
        MatMul.ReferenceQ8(transposed, M, N, K, a, b, [], expected);
        MatMul.ReferenceQ8(transposed, M, N, K, a, codes, scales, [], actual);
        KernelTesting.SameBits(expected, actual, "stored");
        using PackedWeights weights = Pack(transposed, N, K, b);
        float[] table = new float[N * K];
        Embedding.Forward(KernelTesting.Computes[0], [.. Enumerable.Range(0, N)], weights, table);
        KernelTesting.SameBits(table, transposed ? numbers : [.. Enumerable.Range(0, N * K).Select(i => numbers[(i % K * N) + (i / K)])], "numbers");
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
