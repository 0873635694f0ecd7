// The kernels that a model's time goes to, at the shapes of GPT-2 124M and of decoding.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Benchmarks;

/// <param name="Group">Group of the table.</param>
/// <param name="Name">Name in it.</param>
/// <param name="Unit">A rate, or a time an item.</param>
/// <param name="Work">What a call does: billions of the unit's numerator times 1e-9 (flop, bytes), or the items of a call.</param>
/// <param name="CountsFlops">Whether the work is floating-point operations, to be compared with the peak.</param>
/// <param name="Prepare">Makes the operands and returns the call.</param>
internal sealed record KernelCase(string Group, string Name, string Unit, double Work, bool CountsFlops, Func<Compute, Action> Prepare)
{
    private const int Elements = 1 << 22;

    /// <summary>All cases, in the order of the table.</summary>
    public static IEnumerable<KernelCase> All =>
    [
        MatMul("A.B", 512, 512, 512),
        MatMul("A.B", 1024, 1024, 1024),
        MatMul("A.B", 256, 768, 768),
        MatMul("A.B", 256, 768, 3072),
        MatMul("A.B", 256, 3072, 768),
        MatMul("A.Bt", 256, 3072, 768),
        MatMul("At.B", 768, 256, 3072),
        MatMul("A.Bt", 256, 768, 50257),
        MatMul("A.Bt", 1, 4096, 4096),
        MatMul("A.Bt", 8, 4096, 4096),
        Attention(4, 12, 64, 64),
        Attention(1, 12, 256, 64),
        Attention(1, 4, 1024, 64),
        Attention(1, 1, 4096, 64),
        LayerNormRows(256, 768),
        Softmax(),
        Unary("exp", UnaryOp.Exp),
        Unary("tanh", UnaryOp.Tanh),
        Unary("gelu (erf)", UnaryOp.Gelu),
        Unary("gelu (tanh)", UnaryOp.GeluTanh),
        Unary("silu", UnaryOp.Silu),
    ];

    /// <summary>A product; few rows are read at the speed of memory, so that the bytes of b count there.</summary>
    public static KernelCase MatMul(string layout, int m, int k, int n)
    {
        bool isGemv = m <= 8, transposeA = layout == "At.B", transposeB = layout == "A.Bt";
        double work = isGemv ? 4.0 * k * n : 2.0 * m * k * n;
        return new("matmul", $"{layout} {m}x{k}x{n}", isGemv ? "GB/s" : "GFLOP/s", work, !isGemv, compute =>
        {
            Memory<float> a = Values(1, m * k), b = Values(2, k * n), c = AlignedArray.Zeros(m * n);
            return () => Numerics.Kernels.MatMul.Multiply(
                compute, transposeA, transposeB, m, n, k, a.Span, transposeA ? m : k, b.Span, transposeB ? k : n, [], c.Span, n);
        });
    }

    /// <summary>Causal attention; operations of scores and values over the keys that each query sees.</summary>
    public static KernelCase Attention(int batch, int heads, int length, int headSize) =>
        new("attention", $"B={batch} H={heads} T={length} d={headSize}", "GFLOP/s", 2.0 * batch * heads * length * (length + 1) * headSize, true, compute =>
        {
            AttentionShape shape = AttentionShape.CausalPacked(batch, heads, heads, length, headSize, AttentionScale.Of(headSize));
            int width = heads * headSize;
            Memory<float> qkv = Values(3, batch * length * 3 * width), y = AlignedArray.Zeros(batch * length * width);
            return () => Numerics.Kernels.Attention.Forward(compute, shape, qkv.Span, qkv.Span[width..], qkv.Span[(2 * width)..], y.Span, [], []);
        });

    public static KernelCase LayerNormRows(int rows, int columns) =>
        new("functions", $"layernorm {rows}x{columns}", "ns/row", rows, false, compute =>
        {
            Memory<float> x = Values(4, rows * columns), y = AlignedArray.Zeros(x.Length), weight = Values(5, columns), bias = Values(6, columns);
            float[] mean = new float[rows], rstd = new float[rows];
            return () => LayerNorm.Forward(compute, rows, columns, x.Span, weight.Span, bias.Span, 1e-5f, y.Span, mean, rstd);
        });

    private static KernelCase Softmax()
    {
        const int Columns = 1024;
        return new("functions", $"softmax {Elements / Columns}x{Columns}", "GB/s", 8.0 * Elements, false, compute =>
        {
            Memory<float> x = Values(7, Elements), y = AlignedArray.Zeros(Elements);
            return () => Numerics.Kernels.Softmax.Forward(compute, Elements / Columns, Columns, x.Span, y.Span);
        });
    }

    private static KernelCase Unary(string name, UnaryOp op) =>
        new("functions", $"{name} 4M", "GB/s", 8.0 * Elements, false, compute =>
        {
            Memory<float> x = Values(8, Elements), y = AlignedArray.Zeros(Elements);
            return () => Elementwise.Unary(compute, op, x.Span, y.Span);
        });

    /// <summary>Everyday values in [-4, 4), aligned as tensors are.</summary>
    internal static Memory<float> Values(ulong seed, int count)
    {
        Memory<float> values = AlignedArray.Zeros(count);
        new RandomStream(seed, "bench", "values").FillUniform(values.Span, -4, 4);
        return values;
    }
}
