// A random sweep over shapes, layouts, paths and thread counts of matrix multiplication, and the certificate of its order at
// many depths; the same products with weights packed in each way. The quick tests sample the same space.

using System.Globalization;
using Idem.Numerics;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;

namespace Idem.Conformance;

internal static class MatMulSweep
{
    private static readonly int[] Threads = [1, 2, 3, 7];

    /// <summary>matmul [cases] [seed]</summary>
    public static int Run(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        Random random = new(seed);
        for (int i = 0; i < cases; i++)
        {
            if ((Equality(random) ?? PackedEquality(random)) is { } difference)
            {
                Console.Error.WriteLine($"case {i} of seed {seed}: {difference}");
                return 1;
            }
        }

        Console.WriteLine($"matmul: {cases} random products, and as many with packed weights, equal the reference on every path");
        foreach (SimdPath path in SimdPaths.All)
        {
            for (int count = 1; count < 3000; count = (count * 5 / 4) + 1)
            {
                if (Certificate(new Compute(path, 2), count, random.Next(1, 60)) is { } deviation)
                {
                    Console.Error.WriteLine($"{path.Name()}: {deviation}");
                    return 1;
                }
            }
        }

        Console.WriteLine("matmul: the order is the chain-tree on every path");
        return 0;
    }

    private static string? Equality(Random random)
    {
        bool transposeA = random.Next(2) == 0, transposeB = random.Next(2) == 0;
        int m = Size(random, 130), n = Size(random, 260), k = Size(random, random.Next(4) == 0 ? 3000 : 400);
        int lda = (transposeA ? m : k) + random.Next(20), ldb = (transposeB ? k : n) + random.Next(20), ldc = n + random.Next(20);
        float[] a = Values(random, (transposeA ? k : m) * lda), b = Values(random, (transposeB ? n : k) * ldb);
        float[] bias = random.Next(2) == 0 ? Values(random, n) : [];
        float[] expected = new float[m * ldc], actual = new float[m * ldc];
        MatMul.Reference(transposeA, transposeB, m, n, k, a, lda, b, ldb, bias, expected, ldc);
        foreach (SimdPath path in SimdPaths.All)
        {
            Compute compute = new(path, Threads[random.Next(Threads.Length)]);
            Array.Clear(actual);
            MatMul.Multiply(compute, transposeA, transposeB, m, n, k, a, lda, b, ldb, bias, actual, ldc);
            if (Difference(expected, actual) is { } difference)
            {
                return $"[{m},{k}] x [{k},{n}], transposed {transposeA} {transposeB}, {path.Name()}, {compute.Threads} threads: {difference}";
            }
        }

        return null;
    }

    /// <summary>Weights packed from float32, of bfloat16 values or not, with a few of other sizes among them, or rounded to bfloat16.</summary>
    private static string? PackedEquality(Random random)
    {
        bool transposed = random.Next(2) == 0;
        PackedDtype dtype = random.Next(2) == 0 ? PackedDtype.Float32 : PackedDtype.BFloat16;
        int m = Size(random, 100), n = Size(random, 400), k = Size(random, random.Next(4) == 0 ? 3000 : 400), lda = k + random.Next(20), ldc = n + random.Next(20);
        float[] a = Values(random, m * lda), b = Values(random, n * k), bias = random.Next(2) == 0 ? Values(random, n) : [];
        int others = random.Next(3) == 0 ? 0 : random.Next(b.Length / 400 + 1); // exceptions of coded panels, too few or too many
        for (int i = 0; i < others; i++)
        {
            b[random.Next(b.Length)] = MathF.ScaleB(random.NextSingle(), random.Next(-100, 30));
        }

        float[] weights = b;
        if (dtype == PackedDtype.BFloat16 || random.Next(3) == 0)
        {
            b = [.. b.Select(value => HalfPrecision.WidenBFloat16(HalfPrecision.NarrowBFloat16(value)))];
            weights = dtype == PackedDtype.BFloat16 ? weights : b;
        }

        int ldb = transposed ? k : n;
        float[] expected = new float[m * ldc], actual = new float[m * ldc];
        MatMul.Reference(false, transposed, m, n, k, a, lda, b, ldb, bias, expected, ldc);
        using PackedWeights packed = PackedWeights.Pack(
            new Compute(SimdPaths.Widest, Threads[random.Next(Threads.Length)]), dtype, transposed, k, n, (start, values) => weights.AsSpan(start, values.Length).CopyTo(values));
        foreach (SimdPath path in SimdPaths.All)
        {
            Compute compute = new(path, Threads[random.Next(Threads.Length)]);
            Array.Clear(actual);
            MatMul.Multiply(compute, m, a, lda, packed, bias, actual, ldc);
            if (Difference(expected, actual) is { } difference)
            {
                return $"[{m},{k}] x [{k},{n}] packed as {dtype}, transposed {transposed}, {path.Name()}, {compute.Threads} threads: {difference}";
            }
        }

        return null;
    }

    private static string? Difference(float[] expected, float[] actual)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(actual[i]) != BitConverter.SingleToInt32Bits(expected[i]))
            {
                return $"value {i} is {actual[i]:R}, not {expected[i]:R}";
            }
        }

        return null;
    }

    private static string? Certificate(Compute compute, int count, int rows)
    {
        float[] ones = new float[count];
        Array.Fill(ones, 1f);
        return SummationTree.FindDeviation(
            (terms, sums) => MatMul.Multiply(compute, false, false, sums.Length, 1, count, terms, count, ones, 1, [], sums, 1), count, rows);
    }

    /// <summary>Small sizes as often as large ones.</summary>
    private static int Size(Random random, int max) => random.Next(1, random.Next(2, max + 1));

    private static float[] Values(Random random, int length)
    {
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan())
        {
            value = MathF.ScaleB((random.NextSingle() * 2f) - 1f, random.Next(-4, 5));
        }

        return values;
    }
}
