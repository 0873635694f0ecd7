// Speed of the kernels other than matrix multiplication: medians.

using System.Globalization;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Bench;

internal static class KernelBenchmark
{
    public static void Report(Options options)
    {
        foreach (SimdPath path in options.Paths)
        {
            Compute compute = new(path, options.Threads);
            Console.WriteLine($"kernels, path {path.Name()}, {options.Threads} threads");
            foreach ((string name, string unit, double scale, Action action) in Cases(compute))
            {
                if (name.Contains(options.Only, StringComparison.Ordinal))
                {
                    (double nanoseconds, _, bool disturbed) = Measurement.Median(options.Threads, action);
                    double value = unit.StartsWith("ns", StringComparison.Ordinal) ? nanoseconds / scale : scale / nanoseconds;
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-44} {value,10:F2} {unit}{(disturbed ? " (disturbed)" : "")}"));
                }
            }
        }
    }

    /// <summary>Scale is the divisor of ns a unit, or else the units of one call in billions a second.</summary>
    private static IEnumerable<(string Name, string Unit, double Scale, Action Action)> Cases(Compute compute)
    {
        const int Count = 1 << 18, Columns = 768, RowCount = 256, Classes = 50257;
        float[] x = Values(1, Count), y = new float[Count], dy = Values(2, Count), dx = new float[Count];
        foreach (UnaryOp op in new[] { UnaryOp.Exp, UnaryOp.Tanh, UnaryOp.Sigmoid, UnaryOp.Silu, UnaryOp.Gelu, UnaryOp.GeluTanh, UnaryOp.Relu })
        {
            yield return ($"{op} 256k", "G elements/s", Count, () => Elementwise.Unary(compute, op, x, y));
        }

        yield return ("Gelu gradient 256k", "G elements/s", Count, () => Elementwise.UnaryGradient(compute, UnaryOp.Gelu, x, y, dy, dx));
        yield return ("GeluTanh gradient 256k", "G elements/s", Count, () => Elementwise.UnaryGradient(compute, UnaryOp.GeluTanh, x, y, dy, dx));
        yield return ("Add 256k", "G elements/s", Count, () => Elementwise.Binary(compute, BinaryOp.Add, x, dy, y));

        int norm = RowCount * Columns;
        float[] weight = Values(3, Columns), bias = Values(4, Columns), mean = new float[RowCount], rstd = new float[RowCount], dw = new float[Columns], db = new float[Columns];
        yield return ("LayerNorm forward 256x768", "ns/row", RowCount, () =>
            LayerNorm.Forward(compute, RowCount, Columns, x.AsSpan(0, norm), weight, bias, 1e-5f, y.AsSpan(0, norm), mean, rstd));
        yield return ("LayerNorm backward 256x768", "ns/row", RowCount, () =>
            LayerNorm.Backward(compute, RowCount, Columns, x.AsSpan(0, norm), weight, mean, rstd, dy.AsSpan(0, norm), dx.AsSpan(0, norm), dw, db));
        yield return ("RmsNorm forward 256x768", "ns/row", RowCount, () =>
            RmsNorm.Forward(compute, RowCount, Columns, x.AsSpan(0, norm), weight, 1e-5f, y.AsSpan(0, norm), rstd));
        yield return ("SumColumns 256x768", "ns/row", RowCount, () => Reduce.SumColumns(compute, RowCount, Columns, x.AsSpan(0, norm), dw));
        yield return ("Softmax forward 256x1024", "G elements/s", Count, () => Softmax.Forward(compute, 256, 1024, x, y));
        yield return ("Softmax backward 256x1024", "G elements/s", Count, () => Softmax.Backward(compute, 256, 1024, y, dy, dx));
        yield return ("SumOfSquares 256k", "G elements/s", Count, () => Reduce.SumOfSquares(compute, x));

        float[] logits = Values(5, 16 * Classes), dlogits = new float[16 * Classes], losses = new float[16], max = new float[16], sum = new float[16], scale = new float[16];
        int[] targets = [.. Enumerable.Range(0, 16).Select(i => i * 3000)];
        yield return ("CrossEntropy forward 16x50257", "G elements/s", logits.Length, () =>
            CrossEntropy.Forward(compute, 16, Classes, logits, targets, -100, losses, max, sum));
        yield return ("CrossEntropy backward 16x50257", "G elements/s", logits.Length, () =>
            CrossEntropy.Backward(compute, 16, Classes, logits, targets, -100, max, sum, scale, dlogits));

        foreach ((int batch, int heads, int length, int headSize) in new[] { (16, 4, 64, 32), (4, 12, 64, 64), (1, 12, 256, 64), (1, 4, 1024, 64) })
        {
            AttentionShape shape = AttentionShape.CausalPacked(batch, heads, heads, length, headSize, 0.125f);
            float[] qkv = Values(6, batch * length * 3 * heads * headSize), dqkv = new float[qkv.Length];
            float[] output = new float[batch * length * heads * headSize], gradient = Values(7, output.Length);
            float[] maxima = new float[batch * heads * length], sums = new float[maxima.Length];
            int width = heads * headSize;
            double flops = 2.0 * batch * heads * length * (length + 1) * headSize; // scores and values over present keys
            Attention.Forward(compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), output, maxima, sums);
            yield return ($"attention forward B{batch} H{heads} T{length} d{headSize}", "GFLOP/s", flops, () =>
                Attention.Forward(compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), output, maxima, sums));
            yield return ($"attention backward B{batch} H{heads} T{length} d{headSize}", "GFLOP/s", 2.5 * flops, () =>
                Attention.Backward(
                    compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), maxima, sums, gradient, dqkv, dqkv.AsSpan(width), dqkv.AsSpan(2 * width)));
            AttentionShape decode = shape with { Batch = 1, QueryCount = 1, QueryOffset = length - 1 };
            yield return ($"attention decode of one token H{heads} T{length} d{headSize}", "ns/head", heads, () =>
                Attention.Forward(compute, decode, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), output, [], []));
        }
    }

    private static float[] Values(int seed, int count)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (4f * random.NextSingle()) - 2f;
        }

        return values;
    }
}
