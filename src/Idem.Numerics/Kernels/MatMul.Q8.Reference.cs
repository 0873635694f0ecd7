// DEFINES the bits of products of the q8 profile: one output at a time.

using Idem.Numerics.Functions;
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
        sbyte[] codes = new sbyte[k * n];
        ushort[] scales = new ushort[blocks * n];
        for (int j = 0; j < n; j++)
        {
            for (int block = 0; block < blocks; block++)
            {
                int first = block * Q8Block.Length, end = Math.Min(first + Q8Block.Length, k);
                float max = 0f;
                for (int l = first; l < end; l++)
                {
                    max = MathF.Max(max, MathF.Abs(b[transposed ? (j * k) + l : (l * n) + j]));
                }

                float scale = Q8Block.Scale(max, true); // a binary16 number
                scales[transposed ? (j * blocks) + block : (block * n) + j] = HalfPrecision.NarrowFloat16(scale);
                for (int l = first; l < end; l++)
                {
                    int at = transposed ? (j * k) + l : (l * n) + j;
                    codes[at] = (sbyte)Q8Block.Code(b[at], scale);
                }
            }
        }

        ReferenceQ8(transposed, m, n, k, a, codes, scales, bias, c);
    }

    /// <summary>The same of a matrix b that is stored as codes, with binary16 scales [n, blocks] if <paramref name="transposed"/>, else [blocks, n].</summary>
    public static void ReferenceQ8(
        bool transposed, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<sbyte> codes, ReadOnlySpan<ushort> scales, ReadOnlySpan<float> bias, Span<float> c)
    {
        int blocks = Q8Block.Count(k);
        float[] products = new float[blocks], dots = new float[blocks];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int block = 0; block < blocks; block++)
                {
                    int first = block * Q8Block.Length, end = Math.Min(first + Q8Block.Length, k), dot = 0;
                    float max = 0f;
                    for (int l = first; l < end; l++)
                    {
                        max = MathF.Max(max, MathF.Abs(a[(i * k) + l]));
                    }

                    float scale = Q8Block.Scale(max, false);
                    for (int l = first; l < end; l++)
                    {
                        dot += Q8Block.Code(a[(i * k) + l], scale) * codes[transposed ? (j * k) + l : (l * n) + j];
                    }

                    products[block] = scale * HalfPrecision.WidenFloat16(scales[transposed ? (j * blocks) + block : (block * n) + j]);
                    dots[block] = dot;
                }

                float sum = ChainTree.Dot(blocks, products, 1, dots, 1);
                c[(i * n) + j] = bias.IsEmpty ? sum : sum + bias[j];
            }
        }
    }
}
