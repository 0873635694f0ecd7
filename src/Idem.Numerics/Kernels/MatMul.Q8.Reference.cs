// DEFINES the bits of products of the q8 profile: one output at a time.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class MatMul
{
    /// <summary>
    /// c[i, j] = the chain-tree over blocks of (scale of a's block * scale of b's block) * their codes' integer dot, then the bias: by the
    /// definition, for tests and self-checks. Operands are dense; b is [n, k] if <paramref name="transposed"/>, else [k, n].
    /// </summary>
    public static void ReferenceQ8(
        bool transposed, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> bias, Span<float> c)
    {
        int blocks = Q8Block.Count(k);
        float[] scales = new float[blocks], dots = new float[blocks];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int block = 0; block < blocks; block++)
                {
                    int first = block * Q8Block.Length, end = Math.Min(first + Q8Block.Length, k), dot = 0;
                    float maxA = 0f, maxB = 0f;
                    for (int l = first; l < end; l++)
                    {
                        maxA = MathF.Max(maxA, MathF.Abs(a[(i * k) + l]));
                        maxB = MathF.Max(maxB, MathF.Abs(b[transposed ? (j * k) + l : (l * n) + j]));
                    }

                    float scaleA = Q8Block.Scale(maxA, false), scaleB = Q8Block.Scale(maxB, true);
                    for (int l = first; l < end; l++)
                    {
                        dot += Q8Block.Code(a[(i * k) + l], scaleA) * Q8Block.Code(b[transposed ? (j * k) + l : (l * n) + j], scaleB);
                    }

                    scales[block] = scaleA * scaleB;
                    dots[block] = dot;
                }

                float sum = ChainTree.Dot(blocks, scales, 1, dots, 1);
                c[(i * n) + j] = bias.IsEmpty ? sum : sum + bias[j];
            }
        }
    }
}
