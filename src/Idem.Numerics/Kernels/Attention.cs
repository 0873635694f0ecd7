// Scaled dot-product attention: checks shapes and hands independent heads to threads. Attention.Reference.cs defines the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Attention with causal and windowed presence of keys. Order: <c>arithmetic.md#attention</c>.</summary>
public static unsafe partial class Attention
{
    /// <summary>The largest head: three leaves, joined from left to right.</summary>
    public const int HeadSizeMax = 3 * ChainTree.Leaf;

    /// <summary>Queries for which it is worth packing the keys and values again.</summary>
    private const int QueriesPerRunMin = 64;

    /// <summary>
    /// y_i = the chain-tree over present keys j of p_ij*v_j, p = softmax of the scaled scores over present keys.
    /// </summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="shape">Heads, positions, strides.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="y">The result.</param>
    /// <param name="max">For each (sequence, head, query) the largest score, for the gradient; or empty.</param>
    /// <param name="sum">For each (sequence, head, query) the softmax denominator; empty if max is.</param>
    public static void Forward(
        Compute compute,
        in AttentionShape shape,
        ReadOnlySpan<float> q,
        ReadOnlySpan<float> k,
        ReadOnlySpan<float> v,
        Span<float> y,
        Span<float> max,
        Span<float> sum)
    {
        const string Operation = "Attention.Forward";
        CheckOperands(Operation, shape, q.Length, k.Length, v.Length, y.Length);
        if (!max.IsEmpty || !sum.IsEmpty)
        {
            CheckStatistics(Operation, shape, max.Length, sum.Length);
        }

        fixed (float* pq = q, pk = k, pv = v, py = y, pm = max, ps = sum)
        {
            KeyRows keys = new(pk, shape.KeyRowStride, shape.KeyBatchStride), values = new(pv, shape.ValueRowStride, shape.ValueBatchStride);
            Run(compute, shape, pq, keys, values, py, pm, ps);
        }
    }

    /// <summary>The same from keys and values held in bfloat16: the bits of their exact float32 values.</summary>
    /// <inheritdoc cref="Forward(Compute, in AttentionShape, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, Span{float})"/>
    public static void Forward(
        Compute compute, in AttentionShape shape, ReadOnlySpan<float> q, ReadOnlySpan<ushort> k, ReadOnlySpan<ushort> v, Span<float> y)
    {
        CheckOperands("Attention.Forward", shape, q.Length, k.Length, v.Length, y.Length);
        fixed (float* pq = q, py = y)
        fixed (ushort* pk = k, pv = v)
        {
            KeyRows keys = new(pk, shape.KeyRowStride, shape.KeyBatchStride), values = new(pv, shape.ValueRowStride, shape.ValueBatchStride);
            Run(compute, shape, pq, keys, values, py, null, null);
        }
    }

    /// <summary>The same of one sequence whose keys and values lie in pages: the bits of the same rows side by side.</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="shape">One sequence; the distances between rows of k and v are those within a page.</param>
    /// <param name="q">Queries.</param>
    /// <param name="pages">The pages of the sequence's positions.</param>
    /// <param name="keys">Where a page's keys begin, in elements.</param>
    /// <param name="values">Where a page's values begin, in elements.</param>
    /// <param name="isBFloat16">Whether an element is bfloat16, not float32.</param>
    /// <param name="y">The result.</param>
    public static void Forward(
        Compute compute, in AttentionShape shape, ReadOnlySpan<float> q, KeyPageTable pages, int keys, int values, bool isBFloat16, Span<float> y)
    {
        const string Operation = "Attention.Forward";
        shape.Check(Operation);
        ArgumentNullException.ThrowIfNull(pages);
        Check.That(shape.Batch == 1, Operation, $"pages are of one sequence, not of {shape.Batch}");
        Check.That(pages.Rows >= shape.KeyCount, Operation, $"{pages.Count} pages of {pages.Length} rows do not hold {shape.KeyCount} keys");
        int elements = pages[0].Floats * (isBFloat16 ? 2 : 1);
        CheckPage(Operation, nameof(keys), elements, keys, pages.Length, shape.KeyHeads * shape.HeadSize, shape.KeyRowStride);
        CheckPage(Operation, nameof(values), elements, values, pages.Length, shape.KeyHeads * shape.HeadSize, shape.ValueRowStride);
        AttentionShape.CheckOperand(Operation, nameof(q), q.Length, 1, shape.QueryHeads, shape.QueryCount, shape.HeadSize, shape.QueryBatchStride, shape.QueryRowStride);
        AttentionShape.CheckOperand(Operation, nameof(y), y.Length, 1, shape.QueryHeads, shape.QueryCount, shape.HeadSize, shape.OutputBatchStride, shape.OutputRowStride);
        fixed (float* pq = q, py = y)
        fixed (nint* addresses = pages.Addresses)
        {
            KeyRows k = new(addresses, pages.Length, keys, shape.KeyRowStride, isBFloat16), v = new(addresses, pages.Length, values, shape.ValueRowStride, isBFloat16);
            Run(compute, shape, pq, k, v, py, null, null);
        }

        GC.KeepAlive(pages);
    }

    private static void CheckPage(string operation, string name, int elements, int first, int rows, int width, int rowStride)
    {
        Check.That(rowStride >= width, operation, $"rows of {name} overlap: {width} elements {rowStride} apart");
        Check.That(
            first >= 0 && first + ((rows - 1L) * rowStride) + width <= elements, operation, $"{name} from {first} on, {rows} rows of {width} elements, exceed a page of {elements}");
    }

    private static void Run(Compute compute, in AttentionShape shape, float* q, KeyRows k, KeyRows v, float* y, float* max, float* sum)
    {
        if (shape.QueryCount == 0)
        {
            return;
        }

        if (HasFewQueries(shape, compute.Path))
        {
            RunFewQueries(compute, new FewQueriesKernel { Shape = shape, Q = q, K = k, V = v, Y = y, Max = max, Sum = sum });
            return;
        }

        // Few heads are cut into runs of tiles, so that every thread has something to do.
        int heads = shape.Batch * shape.KeyHeads, chunks = heads == 0 || compute.Threads == 1 ? 1 : ((4 * compute.Threads) + heads - 1) / heads;
        chunks = Math.Min(chunks, ((shape.QueryCount - 1) / QueriesPerRunMin) + 1);
        ForwardKernel kernel = new() { Shape = shape, Chunks = chunks, Q = q, K = k, V = v, Y = y, Max = max, Sum = sum };
        KernelLoop.Run(compute, heads * chunks, Cost(shape) / chunks, kernel);
    }

    /// <summary>
    /// Gradients of q, k and v from that of y, with the max and sum of the forward pass. dq, dk and dv are laid out as q, k
    /// and v, dy as y; rows of dk and dv that no query sees are +0.
    /// </summary>
    public static void Backward(
        Compute compute,
        in AttentionShape shape,
        ReadOnlySpan<float> q,
        ReadOnlySpan<float> k,
        ReadOnlySpan<float> v,
        ReadOnlySpan<float> max,
        ReadOnlySpan<float> sum,
        ReadOnlySpan<float> dy,
        Span<float> dq,
        Span<float> dk,
        Span<float> dv)
    {
        const string Operation = "Attention.Backward";
        CheckOperands(Operation, shape, q.Length, k.Length, v.Length, dy.Length);
        CheckOperands(Operation, shape, dq.Length, dk.Length, dv.Length, dy.Length);
        CheckStatistics(Operation, shape, max.Length, sum.Length);
        fixed (float* pq = q, pk = k, pv = v, pm = max, ps = sum, pdy = dy, pdq = dq, pdk = dk, pdv = dv)
        {
            BackwardKernel kernel = new() { Shape = shape, Q = pq, K = pk, V = pv, Max = pm, Sum = ps, Dy = pdy, Dq = pdq, Dk = pdk, Dv = pdv };
            RunBackward(compute, kernel);
        }
    }

    /// <summary>Work of one key head's forward pass, in elements touched.</summary>
    private static long Cost(in AttentionShape shape) =>
        (long)shape.Group * shape.QueryCount * (shape.Window == 0 ? shape.KeyCount : Math.Min(shape.Window, shape.KeyCount)) * (8 + (shape.HeadSize / 8));

    private static void CheckOperands(string operation, in AttentionShape s, int q, int k, int v, int y)
    {
        s.Check(operation);
        AttentionShape.CheckOperand(operation, nameof(q), q, s.Batch, s.QueryHeads, s.QueryCount, s.HeadSize, s.QueryBatchStride, s.QueryRowStride);
        AttentionShape.CheckOperand(operation, nameof(k), k, s.Batch, s.KeyHeads, s.KeyCount, s.HeadSize, s.KeyBatchStride, s.KeyRowStride);
        AttentionShape.CheckOperand(operation, nameof(v), v, s.Batch, s.KeyHeads, s.KeyCount, s.HeadSize, s.ValueBatchStride, s.ValueRowStride);
        AttentionShape.CheckOperand(operation, nameof(y), y, s.Batch, s.QueryHeads, s.QueryCount, s.HeadSize, s.OutputBatchStride, s.OutputRowStride);
    }

    private static void CheckStatistics(string operation, in AttentionShape shape, int max, int sum)
    {
        LazyText text = $"[{shape.Batch},{shape.QueryHeads},{shape.QueryCount}]";
        long expected = (long)shape.Batch * shape.QueryHeads * shape.QueryCount;
        Check.Length(operation, nameof(max), max, text, expected);
        Check.Length(operation, nameof(sum), sum, text, expected);
    }
}
