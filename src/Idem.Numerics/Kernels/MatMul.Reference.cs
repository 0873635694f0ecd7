// DEFINES the bits of matrix multiplication: one output at a time, one chain-tree each, nothing blocked, packed, tiled,
// vectorised or threaded. MatMul.Multiply must equal it by encoding on every path, thread count and layout.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class MatMul
{
    /// <summary>As <see cref="Multiply(Compute, bool, bool, int, int, int, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, ReadOnlySpan{float}, Span{float}, int)"/>, by the definition: for tests and self-checks, slow.</summary>
    public static void Reference(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        ReadOnlySpan<float> bias,
        Span<float> c,
        int ldc)
    {
        CheckShapes(transposeA, transposeB, m, n, k, a, lda, b, ldb, bias, c, ldc);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                ReadOnlySpan<float> row = k == 0 ? [] : a[(transposeA ? i : i * lda)..];
                ReadOnlySpan<float> column = k == 0 ? [] : b[(transposeB ? j * ldb : j)..];
                float sum = ChainTree.Dot(k, row, transposeA ? lda : 1, column, transposeB ? 1 : ldb);
                c[(i * ldc) + j] = bias.IsEmpty ? sum : sum + bias[j];
            }
        }
    }
}
