using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>One product to check: shape, layout, strides wider than the rows, and memory that must not be read or written.</summary>
internal sealed record MatMulCase(bool TransposeA, bool TransposeB, int M, int N, int K, bool Bias)
{
    private const int Padding = 3;
    private static readonly int Poison = BitConverter.SingleToInt32Bits(float.NaN) | 0x1234;

    private int Lda => (TransposeA ? M : K) + Padding;

    private int Ldb => (TransposeB ? K : N) + Padding;

    private int Ldc => N + Padding;

    /// <summary>Null when every path and thread count gives the reference's encodings, else what differs first.</summary>
    public string? FindDifference(IEnumerable<Compute> computes, Func<float> draw)
    {
        float[] a = Matrix(TransposeA ? K : M, TransposeA ? M : K, Lda, draw);
        float[] b = Matrix(TransposeB ? N : K, TransposeB ? K : N, Ldb, draw);
        float[] bias = Bias ? Matrix(1, N, N, draw) : [];
        float[] expected = Poisoned(M * Ldc);
        MatMul.Reference(TransposeA, TransposeB, M, N, K, a, Lda, b, Ldb, bias, expected, Ldc);
        foreach (Compute compute in computes)
        {
            float[] actual = Poisoned(M * Ldc);
            MatMul.Multiply(compute, TransposeA, TransposeB, M, N, K, a, Lda, b, Ldb, bias, actual, Ldc);
            if (Encodings.FindDifference(expected, actual) is { } difference)
            {
                return $"{this}, {compute.Path.Name()}, {compute.Threads} threads, row stride {Ldc}: {difference}";
            }
        }

        return null;
    }

    /// <summary>Rows of drawn values; NaN in what lies between them.</summary>
    private static float[] Matrix(int rows, int columns, int stride, Func<float> draw)
    {
        float[] values = Poisoned(rows * stride);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                values[(row * stride) + column] = draw();
            }
        }

        return values;
    }

    private static float[] Poisoned(int length)
    {
        float[] values = new float[length];
        Array.Fill(values, BitConverter.Int32BitsToSingle(Poison));
        return values;
    }
}
