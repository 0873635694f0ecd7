// Attention from short to long contexts, forward and backward, beside the FMA peak of the same minute; then decoding, in bytes of
// keys and values read a second. A product counts present keys only, exponentials not at all: forward 2 products, backward 5.

using System.Globalization;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Bench;

internal static class AttentionBenchmark
{
    private static readonly (int Batch, int Heads, int Length, int HeadSize)[] s_training =
    [
        (16, 4, 64, 32), (4, 12, 64, 64), (2, 12, 256, 32), (1, 12, 256, 64), (1, 6, 256, 128), (1, 4, 1024, 32), (1, 4, 1024, 64), (1, 2, 1024, 128),
        (1, 2, 4096, 64), (1, 1, 256, 64), (1, 3, 256, 64), (1, 1, 1024, 64),
    ];

    private static readonly (int QueryHeads, int KeyHeads, int Queries, int Length, int HeadSize)[] s_decoding =
    [
        (12, 12, 1, 256, 64), (12, 12, 1, 1024, 64), (32, 32, 1, 4096, 128), (32, 8, 1, 4096, 128), (32, 8, 4, 4096, 128), (12, 12, 16, 1024, 64), (4, 1, 1, 16384, 128),
    ];

    public static void Report(Options options)
    {
        foreach (SimdPath path in options.Paths)
        {
            Compute compute = new(path, options.Threads);
            Console.WriteLine($"attention, path {path.Name()}, {options.Threads} threads, FMA peak {FmaPeak.Measure(path, options.Threads):F0} GFLOP/s");
            foreach ((int batch, int heads, int length, int headSize) in s_training)
            {
                Train(options, compute, AttentionShape.CausalPacked(batch, heads, heads, length, headSize, 0.125f));
            }

            foreach ((int queryHeads, int keyHeads, int queries, int length, int headSize) in s_decoding)
            {
                Decode(options, compute, Cached(queryHeads, keyHeads, queries, length, headSize));
            }
        }
    }

    private static void Train(Options options, Compute compute, AttentionShape shape)
    {
        string name = $"B{shape.Batch} H{shape.QueryHeads} T{shape.KeyCount} d{shape.HeadSize}";
        if (!$"forward {name}, backward {name}".Contains(options.Only, StringComparison.Ordinal))
        {
            return;
        }

        int width = shape.QueryHeads * shape.HeadSize;
        double product = (double)shape.Batch * shape.QueryHeads * shape.KeyCount * (shape.KeyCount + 1) * shape.HeadSize;
        float[] qkv = Values(6, shape.Batch * shape.KeyCount * 3 * width), dqkv = new float[qkv.Length];
        float[] y = new float[shape.Batch * shape.KeyCount * width], dy = Values(7, y.Length);
        float[] max = new float[shape.Batch * shape.QueryHeads * shape.KeyCount], sum = new float[max.Length];
        Attention.Forward(compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), y, max, sum);
        Line(options, "forward", name, "GFLOP/s", 2 * product, () =>
            Attention.Forward(compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), y, max, sum));
        Line(options, "backward", name, "GFLOP/s", 5 * product, () =>
            Attention.Backward(compute, shape, qkv, qkv.AsSpan(width), qkv.AsSpan(2 * width), max, sum, dy, dqkv, dqkv.AsSpan(width), dqkv.AsSpan(2 * width)));
    }

    private static void Decode(Options options, Compute compute, AttentionShape shape)
    {
        string name = $"H{shape.QueryHeads}/{shape.KeyHeads} queries {shape.QueryCount} T{shape.KeyCount} d{shape.HeadSize}";
        if (!$"decode {name}".Contains(options.Only, StringComparison.Ordinal))
        {
            return;
        }

        float[] q = Values(8, shape.QueryBatchStride), k = Values(9, shape.KeyBatchStride), v = Values(10, shape.ValueBatchStride), y = new float[q.Length];
        Line(options, "decode", name, "GB/s", 2.0 * sizeof(float) * k.Length, () => Attention.Forward(compute, shape, q, k, v, y, [], []));
    }

    /// <summary>The last queries of a cached sequence.</summary>
    private static AttentionShape Cached(int queryHeads, int keyHeads, int queries, int length, int headSize)
    {
        int queryRow = queryHeads * headSize, keyRow = keyHeads * headSize;
        return new AttentionShape
        {
            Batch = 1,
            QueryHeads = queryHeads,
            KeyHeads = keyHeads,
            QueryCount = queries,
            KeyCount = length,
            HeadSize = headSize,
            Scale = 0.125f,
            Causal = true,
            QueryOffset = length - queries,
            QueryRowStride = queryRow,
            QueryBatchStride = queries * queryRow,
            KeyRowStride = keyRow,
            KeyBatchStride = length * keyRow,
            ValueRowStride = keyRow,
            ValueBatchStride = length * keyRow,
            OutputRowStride = queryRow,
            OutputBatchStride = queries * queryRow,
        };
    }

    private static void Line(Options options, string pass, string name, string unit, double work, Action action)
    {
        if ($"{pass} {name}".Contains(options.Only, StringComparison.Ordinal))
        {
            (double nanoseconds, _, bool disturbed) = Measurement.Median(options.Threads, action);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{pass,-9} {name,-34} {work / nanoseconds,8:F1} {unit,-8} {nanoseconds / 1000,10:F1} us{(disturbed ? " (disturbed)" : "")}"));
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
