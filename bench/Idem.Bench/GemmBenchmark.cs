// Matrix multiplication at the shapes that matter: square ones, a transformer's forward and backward products, decoding.

using System.Runtime.InteropServices;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Bench;

internal static class GemmBenchmark
{
    private static readonly (string Layout, int M, int K, int N)[] Cases =
    [
        ("A.B", 512, 512, 512),
        ("A.B", 1024, 1024, 1024),
        ("A.B", 256, 768, 768),
        ("A.B", 256, 768, 3072),
        ("A.Bt", 256, 768, 3072),
        ("A.B", 256, 3072, 768),
        ("A.Bt", 256, 3072, 768),
        ("At.B", 768, 256, 3072),
        ("A.Bt", 256, 768, 50257),
        ("A.B", 256, 50257, 768),
        ("At.B", 50257, 256, 768),
        ("A.B", 1024, 768, 3072),
        ("A.Bt", 1024, 768, 3072),
        ("A.B", 1024, 3072, 768),
        ("A.Bt", 1024, 3072, 768),
        ("At.B", 768, 1024, 3072),
        ("At.B", 3072, 1024, 768),
        ("A.B", 192, 128, 384),
        ("A.Bt", 192, 128, 384),
        ("A.Bt", 768, 128, 128),
        ("A.Bt", 768, 128, 512),
        ("A.B", 768, 512, 128),
        ("At.B", 128, 768, 512),
        ("At.B", 512, 768, 128),
        ("A.B", 64, 64, 64),
        ("A.B", 16, 768, 768),
        ("A.B", 1, 4096, 4096),
        ("A.Bt", 1, 4096, 4096),
        ("A.B", 8, 4096, 4096),
        ("A.Bt", 8, 4096, 4096),
        ("A.Bt", 1, 768, 768),
    ];

    /// <summary>Rows times weights that are packed once: decoding.</summary>
    private static readonly (int M, int K, int N)[] PackedCases =
    [
        (1, 4096, 4096),
        (2, 4096, 4096),
        (4, 4096, 4096),
        (8, 4096, 4096),
        (16, 4096, 4096),
        (1, 768, 3072),
        (8, 768, 3072),
        (256, 768, 3072),
    ];

    public static void Report(Options options)
    {
        foreach (SimdPath path in options.Paths)
        {
            Compute compute = new(path, options.Threads);
            Console.WriteLine($"GEMM, {path.Name()}, {options.Threads} thread(s), GFLOP/s (medians)");
            Console.WriteLine($"| {"MxKxN",-18} | GFLOP/s |  peak |  % | best | GB/s of B |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
            foreach ((string layout, int m, int k, int n) in Cases)
            {
                string name = $"{layout} {m}x{k}x{n}";
                if (name.Contains(options.Only, StringComparison.Ordinal))
                {
                    Measurement measured = Measure(compute, layout, m, k, n);
                    double speed = 2.0 * m * k * n / measured.Nanoseconds;
                    double bandwidth = 4.0 * k * n / measured.Nanoseconds;
                    string mark = measured.Disturbed ? " (disturbed)" : "";
                    Console.WriteLine($"| {name,-18} | {speed,7:F1} | {measured.Peak,5:F0} | {100 * speed / measured.Peak,2:F0} | {speed * measured.Nanoseconds / measured.Best,4:F0} | {bandwidth,5:F1} |{mark}");
                }
            }

            Console.WriteLine($"Packed weights, {path.Name()}, {options.Threads} thread(s)");
            Console.WriteLine($"| {"MxKxN dtype",-18} | GFLOP/s | GB/s of weights | a read loop over them |");
            Console.WriteLine("| --- | --- | --- | --- |");
            foreach ((int m, int k, int n) in PackedCases)
            {
                foreach (PackedDtype dtype in new[] { PackedDtype.Float32, PackedDtype.BFloat16 })
                {
                    string name = $"packed {m}x{k}x{n} {(dtype == PackedDtype.Float32 ? "f32" : "bf16")}";
                    if (name.Contains(options.Only, StringComparison.Ordinal))
                    {
                        ReportPacked(compute, name, m, k, n, dtype);
                    }
                }
            }
        }
    }

    private static void ReportPacked(Compute compute, string name, int m, int k, int n, PackedDtype dtype)
    {
        using Matrix a = new(m, k), b = new(k, n), c = new(m, n);
        using PackedWeights weights = PackedWeights.Pack(compute, dtype, false, k, n, (start, values) => b.Values.Slice(start, values.Length).CopyTo(values));
        long bytes = (long)k * n * (dtype == PackedDtype.Float32 ? sizeof(float) : sizeof(ushort)); // of the matrix: what panels leave out is gained
        Measurement read = ReadSpeed.Take(compute, bytes);
        Measurement measured = Measurement.Take(compute, () => MatMul.Multiply(compute, m, a.Values, k, weights, [], c.Values, n));
        double speed = 2.0 * m * k * n / measured.Nanoseconds;
        double bandwidth = bytes / measured.Nanoseconds, plain = bytes / read.Nanoseconds;
        string mark = measured.Disturbed || read.Disturbed ? " (disturbed)" : "";
        Console.WriteLine($"| {name,-24} | {speed,7:F1} | {bandwidth,5:F1} | {plain,5:F1} | {bandwidth / plain:F2} |{mark}");
    }

    private static unsafe Measurement Measure(Compute compute, string layout, int m, int k, int n)
    {
        bool transposeA = layout.StartsWith("At", StringComparison.Ordinal), transposeB = layout.EndsWith("Bt", StringComparison.Ordinal);
        using Matrix a = new(m, k), b = new(k, n), c = new(m, n);
        return Measurement.Take(compute, () => MatMul.Multiply(
            compute, transposeA, transposeB, m, n, k, a.Values, transposeA ? m : k, b.Values, transposeB ? k : n, [], c.Values, n));
    }

    /// <summary>Aligned memory with values in [-1, 1).</summary>
    private sealed unsafe class Matrix : IDisposable
    {
        private readonly float* _memory;
        private readonly int _length;

        public Matrix(int rows, int columns)
        {
            _length = rows * columns;
            _memory = (float*)NativeMemory.AlignedAlloc((nuint)_length * sizeof(float), 64);
            Random random = new(rows + columns);
            foreach (ref float value in Values)
            {
                value = (random.NextSingle() * 2f) - 1f;
            }
        }

        public Span<float> Values => new(_memory, _length);

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }
}
