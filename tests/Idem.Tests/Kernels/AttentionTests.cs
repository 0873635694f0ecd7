using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class AttentionTests
{
        private static readonly DropoutSite s_dropout = new(new RandomStream(1, "dropout", "attention"), 0.2, 3, 5);

    private static readonly DropoutSite s_heavyDropout = new(new RandomStream(1, "dropout", "attention"), 0.996, 3, 5);

    private static readonly Dictionary<string, AttentionShape> s_shapes = new()
    {
        ["one position"] = AttentionShape.CausalPacked(1, 1, 1, 1, 1, 1f),
        ["tiny model"] = AttentionShape.CausalPacked(2, 2, 2, 33, 16, 0.25f),
        ["shared keys"] = AttentionShape.CausalPacked(1, 6, 2, 17, 20, 0.3f),
        ["odd head"] = AttentionShape.CausalPacked(1, 2, 1, 31, 7, 0.4f),
        ["two leaves of keys"] = AttentionShape.CausalPacked(1, 1, 1, 261, 3, 0.7f),
        ["head of two leaves"] = AttentionShape.CausalPacked(1, 1, 1, 5, 259, 0.1f),
        ["head of three leaves"] = AttentionShape.CausalPacked(1, 1, 1, 2, 515, 0.1f),
        ["many leaves"] = AttentionShape.CausalPacked(1, 1, 1, 1100, 1, 1f),
        ["window"] = AttentionShape.CausalPacked(1, 2, 1, 70, 9, 0.4f) with { Window = 5 },
        ["window of one"] = AttentionShape.CausalPacked(1, 1, 1, 19, 4, 0.4f) with { Window = 1 },
        ["window over leaves"] = AttentionShape.CausalPacked(1, 1, 1, 1100, 1, 0.8f) with { Window = 300 },
        ["every key"] = AttentionShape.CausalPacked(2, 2, 1, 37, 8, 0.4f) with { Causal = false },
        ["cross"] = Separate(2, 4, 2, 13, 41, 8) with { Causal = false },
        ["cached"] = Separate(1, 2, 1, 21, 300, 5) with { QueryOffset = 279 },
        ["decode"] = Separate(2, 6, 2, 1, 300, 20) with { QueryOffset = 299 },
        ["decode two"] = Separate(1, 2, 2, 2, 100, 9) with { QueryOffset = 98, Window = 70 },
        ["decode wide head"] = Separate(1, 1, 1, 1, 3, 515) with { QueryOffset = 2 },
        ["decode, window over leaves"] = Separate(1, 2, 1, 3, 1100, 4) with { QueryOffset = 1097, Window = 600 },
        ["cached, more keys"] = Separate(1, 2, 1, 6, 300, 5) with { QueryOffset = 250 },
        ["dropout"] = AttentionShape.CausalPacked(2, 4, 2, 37, 8, 0.35f) with { Dropout = s_dropout },
        ["dropout, cached"] = Separate(1, 2, 1, 21, 300, 5) with { QueryOffset = 279, Dropout = s_dropout },
        ["dropout of whole leaves"] = Separate(1, 2, 1, 530, 1100, 1) with { QueryOffset = 570, Window = 530, Dropout = s_heavyDropout },
        ["wide columns"] = AttentionShape.CausalPacked(1, 1, 1, 71, 97, 0.2f),
        ["decode, rows that share keys"] = Separate(1, 14, 1, 1, 530, 36) with { QueryOffset = 529 },
        ["threads"] = AttentionShape.CausalPacked(3, 4, 2, 130, 8, 0.35f),
        ["threads, one head over leaves"] = AttentionShape.CausalPacked(1, 2, 1, 290, 5, 0.35f),
        ["threads, window"] = Separate(1, 1, 1, 200, 530, 6) with { QueryOffset = 330, Window = 270 },
        ["threads, dropout"] = AttentionShape.CausalPacked(1, 1, 1, 270, 4, 0.35f) with { Dropout = s_dropout },
        ["threads, decode"] = Separate(1, 3, 1, 2, 1500, 6) with { QueryOffset = 1498, Window = 1400 },
        ["threads, decode two sequences"] = Separate(3, 1, 1, 1, 1300, 5) with { QueryOffset = 1299 },
    };

    public static TheoryData<string> Shapes => [.. s_shapes.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsTheReference(string name)
    {
        AttentionShape shape = s_shapes[name];
        Operands o = new(shape, 1);
        float[] y = new float[o.Y], max = new float[o.Rows], sum = new float[o.Rows], dq = o.Dq(), dk = o.Dk(), dv = o.Dv();
        Attention.Reference.Forward(shape, o.Q, o.K, o.V, y, max, sum);
        Attention.Reference.Backward(shape, o.Q, o.K, o.V, max, sum, o.Gradient, dq, dk, dv);
        foreach (Compute compute in name.StartsWith("threads", StringComparison.Ordinal) ? KernelTesting.Computes : KernelTesting.SingleThreaded)
        {
            string where = $"{name}, {compute.Name()}";
            Guarded gy = new(new float[o.Y]), gm = new(o.Rows), gs = new(o.Rows), gdq = new(o.Dq()), gdk = new(o.Dk()), gdv = new(o.Dv());
            Attention.Forward(compute, shape, new Guarded(o.Q).Span, new Guarded(o.K).Span, new Guarded(o.V).Span, gy.Span, gm.Span, gs.Span);
            KernelTesting.SameBits(y, gy.Span, $"{where}: y");
            KernelTesting.SameBits(max, gm.Span, $"{where}: max");
            KernelTesting.SameBits(sum, gs.Span, $"{where}: sum");
            gy.CheckWalls(where);
            Attention.Backward(compute, shape, new Guarded(o.Q).Span, new Guarded(o.K).Span, new Guarded(o.V).Span, max, sum, new Guarded(o.Gradient).Span, gdq.Span, gdk.Span, gdv.Span);
            KernelTesting.SameBits(dq, gdq.Span, $"{where}: dq");
            KernelTesting.SameBits(dk, gdk.Span, $"{where}: dk");
            KernelTesting.SameBits(dv, gdv.Span, $"{where}: dv");
            gdq.CheckWalls(where);
            gdk.CheckWalls(where);
            gdv.CheckWalls(where);
        }
    }

    /// <summary>
    /// Threads that share a head by ranges of keys write only their own scores, wherever a window begins. Which of them is first is left
    /// to chance, so this asks many times.
    /// </summary>
    [Fact]
    public void ThreadsThatShareAHeadDoNotWriteOverEachOther()
    {
        foreach (int window in new[] { 1400, 1431, 1111, 1291 })
        {
            AttentionShape shape = Separate(1, 3, 1, 2, 1500, 6) with { QueryOffset = 1498, Window = window };
            Operands o = new(shape, 1);
            float[] expected = new float[o.Y], actual = new float[o.Y];
            Attention.Reference.Forward(shape, o.Q, o.K, o.V, expected, new float[o.Rows], new float[o.Rows]);
            foreach (SimdPath path in SimdPaths.All)
            {
                foreach (int threads in new[] { 2, 4, 7 })
                {
                    Compute compute = new(path, threads);
                    for (int time = 0; time < (path == SimdPath.Scalar ? 5 : 100); time++)
                    {
                        Attention.Forward(compute, shape, o.Q, o.K, o.V, actual, default, default);
                        KernelTesting.SameBits(expected, actual, $"window {window}, {compute.Name()}, time {time}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void PagesGiveTheBitsOfTheSameRowsSideBySide(string name)
    {
        AttentionShape shape = s_shapes[name] with { Batch = 1 };
        Operands o = new(shape, 2);
        int width = shape.KeyHeads * shape.HeadSize;
        foreach (int length in new[] { 1, 7, 16, 64, 300 })
        {
            foreach (bool isBFloat16 in new[] { false, true })
            {
                (float[] k, float[] v) = isBFloat16 ? (o.K.Select(Round).ToArray(), o.V.Select(Round).ToArray()) : (o.K, o.V);
                float[] expected = new float[o.Y], actual = new float[o.Y];
                Compute compute = KernelTesting.Computes[length % KernelTesting.Computes.Count];
                Attention.Forward(compute, shape, o.Q, k, v, expected, default, default);
                KeyPageTable pages = Pages(shape, k, v, length, isBFloat16);
                AttentionShape paged = shape with { KeyRowStride = width + 3, ValueRowStride = width };
                Attention.Forward(compute, paged, o.Q, pages, 5, 5 + (length * (width + 3)), isBFloat16, actual);
                KernelTesting.SameBits(expected, actual, $"{name}, pages of {length}, {compute.Name()}");
            }
        }
    }

    // Keys from element 5 of a page on, three elements between rows, then values; what is not a row is NaN.
    private static KeyPageTable Pages(AttentionShape shape, float[] k, float[] v, int length, bool isBFloat16)
    {
        int width = shape.KeyHeads * shape.HeadSize, floats = 5 + (length * ((2 * width) + 3));
        KeyPageTable pages = new(length);
        for (int j = 0; j < shape.KeyCount; j++)
        {
            if (j % length == 0)
            {
                pages.Add(new KeyPage(floats));
                pages[pages.Count - 1].Span.Fill(float.NaN);
            }

            Span<float> page = pages[pages.Count - 1].Span;
            Put(k.AsSpan(j * shape.KeyRowStride, width), page, 5 + (j % length * (width + 3)));
            Put(v.AsSpan(j * shape.ValueRowStride, width), page, 5 + (length * (width + 3)) + (j % length * width));
        }

        return pages;

        void Put(ReadOnlySpan<float> row, Span<float> page, int element)
        {
            if (isBFloat16)
            {
                HalfPrecision.NarrowBFloat16(row, System.Runtime.InteropServices.MemoryMarshal.Cast<float, ushort>(page).Slice(element, row.Length));
            }
            else
            {
                row.CopyTo(page[element..]);
            }
        }
    }

    private static float Round(float x)
    {
        Span<ushort> narrow = stackalloc ushort[1];
        HalfPrecision.NarrowBFloat16([x], narrow);
        return BitConverter.UInt32BitsToSingle((uint)narrow[0] << 16);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void KeysAndValuesInBFloat16GiveTheBitsOfTheirFloat32Values(string name)
    {
        AttentionShape shape = s_shapes[name];
        Operands o = new(shape, 2);
        ushort[] k = new ushort[o.K.Length], v = new ushort[o.V.Length];
        HalfPrecision.NarrowBFloat16(o.K, k);
        HalfPrecision.NarrowBFloat16(o.V, v);
        float[] wideK = new float[k.Length], wideV = new float[v.Length], y = new float[o.Y], max = new float[o.Rows], sum = new float[o.Rows];
        HalfPrecision.WidenBFloat16(k, wideK);
        HalfPrecision.WidenBFloat16(v, wideV);
        Attention.Reference.Forward(shape, o.Q, wideK, wideV, y, max, sum);
        foreach (Compute compute in name.StartsWith("threads", StringComparison.Ordinal) ? KernelTesting.Computes : KernelTesting.SingleThreaded)
        {
            string where = $"{name}, {compute.Name()}";
            Guarded gy = new(new float[o.Y]);
            Attention.Forward(compute, shape, new Guarded(o.Q).Span, k, v, gy.Span);
            KernelTesting.SameBits(y, gy.Span, where);
            gy.CheckWalls(where);
        }
    }

    /// <summary>Prefill, prefill in chunks and decoding token by token are the same bits, windowed or not.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(0, 3)]
    [InlineData(0, 7)]
    [InlineData(0, 64)]
    [InlineData(0, 257)]
    [InlineData(50, 1)]
    [InlineData(50, 7)]
    public void ChunksAreTheWhole(int window, int chunk)
    {
        const int Length = 270;
        AttentionShape whole = Separate(1, 4, 2, Length, Length, 8) with { Window = window };
        Operands o = new(whole, 2);
        float[] y = new float[o.Y];
        Attention.Forward(new Compute(SimdPath.Scalar, 1), whole, o.Q, o.K, o.V, y, [], []);
        foreach (Compute compute in KernelTesting.SingleThreaded)
        {
            float[] parts = new float[o.Y];
            for (int at = 0; at < Length; at += chunk)
            {
                int count = Math.Min(chunk, Length - at);
                AttentionShape part = whole with { QueryOffset = at, QueryCount = count, KeyCount = at + count };
                Attention.Forward(
                    compute, part, o.Q.AsSpan(at * whole.QueryRowStride), o.K, o.V, parts.AsSpan(at * whole.OutputRowStride), [], []);
            }

            KernelTesting.SameBits(y, parts, $"chunks of {chunk}, window {window}, {compute.Name()}");
        }
    }

    /// <summary>A sequence's result does not depend on what else is in the batch, nor on what an absent key holds.</summary>
    [Fact]
    public void AbsentKeysAndOtherSequencesCannotMatter()
    {
        AttentionShape batch = Separate(3, 2, 1, 40, 40, 8), alone = batch with { Batch = 1 };
        Operands o = new(batch, 3);
        float[] y = new float[o.Y];
        foreach (Compute compute in KernelTesting.SingleThreaded)
        {
            Attention.Forward(compute, batch, o.Q, o.K, o.V, y, [], []);
            for (int b = 0; b < 3; b++)
            {
                float[] one = new float[batch.OutputBatchStride];
                Attention.Forward(compute, alone, o.Q.AsSpan(b * batch.QueryBatchStride), o.K.AsSpan(b * batch.KeyBatchStride), o.V.AsSpan(b * batch.ValueBatchStride), one, [], []);
                KernelTesting.SameBits(one, y.AsSpan(b * batch.OutputBatchStride, batch.OutputBatchStride), $"sequence {b}, {compute.Name()}");
            }

            // The last half of the keys is poisoned: the first half of the queries must not notice.
            float[] k = [.. o.K], v = [.. o.V], poisoned = new float[o.Y];
            k.AsSpan(20 * batch.KeyRowStride, 20 * batch.KeyRowStride).Fill(float.NaN);
            v.AsSpan(20 * batch.ValueRowStride, 20 * batch.ValueRowStride).Fill(float.PositiveInfinity);
            Attention.Forward(compute, alone, o.Q, k, v, poisoned, [], []);
            KernelTesting.SameBits(y.AsSpan(0, 20 * batch.OutputRowStride), poisoned.AsSpan(0, 20 * batch.OutputRowStride), $"poisoned, {compute.Name()}");
        }
    }

    /// <summary>The backward pass is the derivative: it agrees with a difference quotient of a weighted sum of outputs.</summary>
    [Fact]
    public void BackwardIsTheDerivative()
    {
        AttentionShape shape = Separate(1, 4, 2, 6, 6, 4) with { Window = 4 };
        Operands o = new(shape, 4);
        Compute compute = KernelTesting.Computes[0];
        float[] y = new float[o.Y], max = new float[o.Rows], sum = new float[o.Rows], dq = o.Dq(), dk = o.Dk(), dv = o.Dv();
        Attention.Forward(compute, shape, o.Q, o.K, o.V, y, max, sum);
        Attention.Backward(compute, shape, o.Q, o.K, o.V, max, sum, o.Gradient, dq, dk, dv);
        foreach ((float[] input, float[] gradient) in new[] { (o.Q, dq), (o.K, dk), (o.V, dv) })
        {
            for (int i = 0; i < input.Length; i++)
            {
                const float Step = 1f / 64;
                float old = input[i];
                double Loss(float value)
                {
                    input[i] = value;
                    Attention.Forward(compute, shape, o.Q, o.K, o.V, y, [], []);
                    return y.Zip(o.Gradient, (a, b) => (double)a * b).Sum();
                }

                double quotient = (Loss(old + Step) - Loss(old - Step)) / (2 * Step);
                input[i] = old;
                Assert.Equal(quotient, gradient[i], 2e-3);
            }
        }
    }

    /// <summary>Negative control: a value chain without its leaf boundary is caught.</summary>
    [Fact]
    public void ASkippedLeafBoundaryWouldBeSeen()
    {
        AttentionShape shape = Separate(1, 1, 1, 1, 600, 16) with { QueryOffset = 599 };
        Operands o = new(shape, 5);
        float[] y = new float[16], max = new float[1], sum = new float[1], chains = new float[16];
        Attention.Forward(KernelTesting.Computes[0], shape, o.Q, o.K, o.V, y, max, sum);
        for (int j = 0; j < 600; j++)
        {
            float score = Idem.Numerics.Reduction.ChainTree.Dot(16, o.Q, 1, o.K.AsSpan(16 * j), 1) * shape.Scale;
            float p = Idem.Numerics.Functions.Float32.Exp(score - max[0]) / sum[0];
            for (int c = 0; c < 16; c++)
            {
                chains[c] = Fma.Single(p, o.V[(16 * j) + c], chains[c]);
            }
        }

        Assert.All(y.Zip(chains), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Contains(y.Zip(chains), pair => pair.First != pair.Second);
    }

    /// <summary>Gradients of no query at all are +0, wherever the queries would begin.</summary>
    [Fact]
    public void NoQueriesHaveNoGradient()
    {
        AttentionShape shape = Separate(1, 2, 1, 0, 60, 4) with { QueryOffset = 50 };
        foreach (Compute compute in KernelTesting.SingleThreaded)
        {
            float[] dk = new float[240], dv = new float[240];
            dk.AsSpan().Fill(1f);
            dv.AsSpan().Fill(1f);
            Attention.Backward(compute, shape, [], new float[240], new float[240], [], [], [], [], dk, dv);
            KernelTesting.SameBits(new float[240], dk, compute.Name());
            KernelTesting.SameBits(new float[240], dv, compute.Name());
        }
    }

    /// <summary>Training and decoding call attention thousands of times a second: a call allocates nothing.</summary>
    [Theory]
    [InlineData("tiny model")]
    [InlineData("threads")]
    [InlineData("threads, one head over leaves")]
    [InlineData("threads, decode")]
    [InlineData("dropout")]
    public void ACallAllocatesNothing(string name)
    {
        AttentionShape shape = s_shapes[name];
        Operands o = new(shape, 6);
        float[] y = new float[o.Y], max = new float[o.Rows], sum = new float[o.Rows], dq = o.Dq(), dk = o.Dk(), dv = o.Dv();
        foreach (int threads in new[] { 1, 2 })
        {
            Compute compute = new(SimdPaths.Widest, threads);
            long allocated = 0;
            for (int call = 0; call < 3; call++)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
                Attention.Forward(compute, shape, o.Q, o.K, o.V, y, max, sum);
                Attention.Backward(compute, shape, o.Q, o.K, o.V, max, sum, o.Gradient, dq, dk, dv);
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            }

            Assert.Equal(0, allocated);
        }
    }

    [Fact]
    public void ShapesThatDoNotFitAreNamed()
    {
        AttentionShape shape = Separate(1, 3, 2, 4, 4, 4);
        ArgumentException error = Assert.Throws<ArgumentException>(() => Attention.Forward(KernelTesting.Computes[0], shape, [], [], [], [], [], []));
        Assert.Contains("3 query heads cannot share 2 key heads", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => Attention.Forward(KernelTesting.Computes[0], shape with { QueryHeads = 2 }, new float[5], [], [], [], [], []));
        Assert.Contains("q has 5 elements", error.Message, StringComparison.Ordinal);
    }

    private static AttentionShape Separate(int batch, int queryHeads, int keyHeads, int queries, int keys, int headSize) => new()
    {
        Batch = batch,
        QueryHeads = queryHeads,
        KeyHeads = keyHeads,
        QueryCount = queries,
        KeyCount = keys,
        HeadSize = headSize,
        Scale = 0.37f,
        Causal = true,
        QueryRowStride = queryHeads * headSize,
        QueryBatchStride = queries * queryHeads * headSize,
        KeyRowStride = keyHeads * headSize,
        KeyBatchStride = keys * keyHeads * headSize,
        ValueRowStride = keyHeads * headSize,
        ValueBatchStride = keys * keyHeads * headSize,
        OutputRowStride = queryHeads * headSize,
        OutputBatchStride = queries * queryHeads * headSize,
    };

    /// <summary>Operands of a shape; in packed shapes q, k and v are slices of one buffer, given from each one's start.</summary>
    private sealed class Operands
    {
        public Operands(AttentionShape shape, int seed)
        {
            int Size(int heads, int rows, int batchStride, int rowStride) => ((shape.Batch - 1) * batchStride) + ((rows - 1) * rowStride) + (heads * shape.HeadSize);
            Q = KernelTesting.Moderate(seed, Size(shape.QueryHeads, shape.QueryCount, shape.QueryBatchStride, shape.QueryRowStride));
            K = KernelTesting.Moderate(seed + 10, Size(shape.KeyHeads, shape.KeyCount, shape.KeyBatchStride, shape.KeyRowStride));
            V = KernelTesting.Moderate(seed + 20, Size(shape.KeyHeads, shape.KeyCount, shape.ValueBatchStride, shape.ValueRowStride));
            Y = Size(shape.QueryHeads, shape.QueryCount, shape.OutputBatchStride, shape.OutputRowStride);
            Gradient = KernelTesting.Moderate(seed + 30, Y);
            Rows = shape.Batch * shape.QueryHeads * shape.QueryCount;
        }

        public float[] Q { get; }

        public float[] K { get; }

        public float[] V { get; }

        public float[] Gradient { get; }

        public int Y { get; }

        public int Rows { get; }

        public float[] Dq() => new float[Q.Length];

        public float[] Dk() => new float[K.Length];

        public float[] Dv() => new float[V.Length];
    }
}
