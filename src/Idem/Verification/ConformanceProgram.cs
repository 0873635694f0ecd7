// The small fixed computation whose digest `idem doctor` compares: every elementwise function on inputs from the whole range of
// encodings, and one call of each kernel that training and inference use, on fixed pseudo-random operands. Named parts, so that a
// difference is named. What may never change without a new arithmetic version: any of it.

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Idem.Audit;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Verification;

/// <summary>Computes the parts of the conformance digest.</summary>
internal static class ConformanceProgram
{
    private const uint EncodingStride = 65521; // prime: visits every exponent with ever other significands

    /// <summary>Name and digest of each part, on a path and thread count.</summary>
    public static IReadOnlyList<(string Name, Digest Digest)> Run(Compute compute) =>
        [.. Functions(compute), .. Products(compute), .. Rows(compute), Attention(compute), Optimizer(compute)];

    /// <summary>The digest of all parts.</summary>
    public static Digest Combine(IEnumerable<(string Name, Digest Digest)> parts)
    {
        StringBuilder text = new("idem-conformance-1\n" + ArithmeticVersion.Name + "\n");
        foreach ((string name, Digest digest) in parts)
        {
            text.Append(name).Append(' ').Append(digest.ToString()).Append('\n');
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static IEnumerable<(string Name, Digest Digest)> Functions(Compute compute)
    {
        uint[] encodings = new uint[(int)(uint.MaxValue / EncodingStride) + 1];
        for (int i = 0; i < encodings.Length; i++)
        {
            encodings[i] = (uint)i * EncodingStride;
        }

        float[] x = MemoryMarshal.Cast<uint, float>(encodings).ToArray(), y = new float[x.Length];
        foreach (UnaryOp op in Enum.GetValues<UnaryOp>())
        {
            Elementwise.Unary(compute, op, x, y);
            yield return (op.ToString(), DigestOf(y));
        }
    }

    private static IEnumerable<(string Name, Digest Digest)> Products(Compute compute)
    {
        const int M = 37, N = 45, K = 1041; // five leaves, and no dimension a multiple of a tile
        float[] a = Normal("a", M * K), b = Normal("b", K * N), bias = Normal("bias", N), c = new float[M * N];
        foreach ((bool transposeA, bool transposeB) in new[] { (false, false), (true, false), (false, true) })
        {
            MatMul.Multiply(compute, transposeA, transposeB, M, N, K, a, transposeA ? M : K, b, transposeB ? K : N, bias, c, N);
            yield return ($"MatMul{(transposeA ? "T" : "N")}{(transposeB ? "T" : "N")}", DigestOf(c));
        }

        MatMul.Multiply(compute, false, false, 1, N, K, a, K, b, N, bias, c.AsSpan(0, N), N);
        yield return ("MatMulRow", DigestOf(c.AsSpan(0, N)));
    }

    private static IEnumerable<(string Name, Digest Digest)> Rows(Compute compute)
    {
        const int Count = 19, Columns = 333;
        float[] x = Normal("x", Count * Columns), dy = Normal("dy", Count * Columns), y = new float[x.Length], dx = new float[x.Length];
        Softmax.Forward(compute, Count, Columns, x, y);
        Softmax.Backward(compute, Count, Columns, y, dy, dx);
        yield return ("Softmax", DigestOf(y, dx));

        float[] weight = Normal("weight", Columns), bias = Normal("bias", Columns), mean = new float[Count], rstd = new float[Count];
        float[] dweight = new float[Columns], dbias = new float[Columns];
        LayerNorm.Forward(compute, Count, Columns, x, weight, bias, 1e-5f, y, mean, rstd);
        LayerNorm.Backward(compute, Count, Columns, x, weight, mean, rstd, dy, dx, dweight, dbias);
        yield return ("LayerNorm", DigestOf(y, dx, dweight, dbias));

        RmsNorm.Forward(compute, Count, Columns, x, weight, 1e-6f, y, rstd);
        RmsNorm.Backward(compute, Count, Columns, x, weight, rstd, dy, dx, dweight);
        yield return ("RmsNorm", DigestOf(y, dx, dweight));

        int[] targets = [.. Enumerable.Range(0, Count).Select(row => row * 17 % Columns)];
        float[] losses = new float[Count], max = new float[Count], sum = new float[Count];
        CrossEntropy.Forward(compute, Count, Columns, x, targets, -100, losses, max, sum);
        CrossEntropy.Backward(compute, Count, Columns, x, targets, -100, max, sum, weight.AsSpan(0, Count), dx);
        yield return ("CrossEntropy", DigestOf(losses, dx));

        int[] ids = [.. Enumerable.Range(0, Count).Select(row => row * row % 7)];
        float[] table = new float[7 * Columns];
        Embedding.Backward(compute, ids, 7, Columns, dy, table);
        yield return ("Embedding", DigestOf(table));
    }

    private static (string Name, Digest Digest) Attention(Compute compute)
    {
        const int Batch = 2, Heads = 3, Length = 71, Size = 20, Width = Heads * Size;
        AttentionShape shape = new()
        {
            Batch = Batch, QueryHeads = Heads, KeyHeads = Heads, QueryCount = Length, KeyCount = Length, HeadSize = Size, Scale = 0.25f, Causal = true,
            QueryRowStride = 3 * Width, KeyRowStride = 3 * Width, ValueRowStride = 3 * Width, OutputRowStride = Width,
            QueryBatchStride = 3 * Width * Length, KeyBatchStride = 3 * Width * Length, ValueBatchStride = 3 * Width * Length, OutputBatchStride = Width * Length,
        };
        float[] qkv = Normal("qkv", Batch * Length * 3 * Width), dy = Normal("dy", Batch * Length * Width), dqkv = new float[qkv.Length];
        float[] y = new float[dy.Length], max = new float[Batch * Heads * Length], sum = new float[max.Length];
        Numerics.Kernels.Attention.Forward(compute, shape, qkv, qkv.AsSpan(Width), qkv.AsSpan(2 * Width), y, max, sum);
        Numerics.Kernels.Attention.Backward(
            compute, shape, qkv, qkv.AsSpan(Width), qkv.AsSpan(2 * Width), max, sum, dy, dqkv, dqkv.AsSpan(Width), dqkv.AsSpan(2 * Width));
        return ("Attention", DigestOf(y, dqkv));
    }

    private static (string Name, Digest Digest) Optimizer(Compute compute)
    {
        const int Count = 1003;
        float[] parameter = Normal("parameter", Count), m = new float[Count], v = new float[Count];
        AdamSettings settings = new(1e-3, 0.9, 0.99, 1e-8, 0.1, Decoupled: true, AmsGrad: false, Maximize: false);
        for (int step = 1; step <= 3; step++)
        {
            OptimizerKernels.Adam(compute, settings, step, parameter, Normal($"gradient-{step}", Count), m, v, default);
        }

        return ("AdamW", DigestOf(parameter, m, v));
    }

    private static float[] Normal(string name, int count)
    {
        float[] values = new float[count];
        new RandomStream(1, "doctor", name).FillNormal(values, 0f, 1f);
        return values;
    }

    private static Digest DigestOf(params ReadOnlySpan<float[]> arrays)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] array in arrays)
        {
            Append(hash, array);
        }

        return new Digest(hash.GetHashAndReset());
    }

    private static Digest DigestOf(ReadOnlySpan<float> values)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, values);
        return new Digest(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        uint[] bits = MemoryMarshal.Cast<float, uint>(values).ToArray();
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = (bits[i] & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC00000 : bits[i];
        }

        hash.AppendData(MemoryMarshal.AsBytes(bits.AsSpan()));
    }
}
