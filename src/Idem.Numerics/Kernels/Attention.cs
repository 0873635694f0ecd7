// Scaled dot-product attention: checks shapes and hands independent heads to threads. Attention.Reference.cs defines the bits.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Attention with causal and windowed presence of keys. Order: <c>arithmetic.md#attention</c>.</summary>
public static partial class Attention
{
    /// <summary>The largest head: three leaves, joined from left to right.</summary>
    public const int HeadSizeMax = 3 * ChainTree.Leaf;

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

        Reference.Forward(shape, q.ToArray(), k.ToArray(), v.ToArray(), y, max, sum);
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
        Reference.Backward(shape, q.ToArray(), k.ToArray(), v.ToArray(), max.ToArray(), sum.ToArray(), dy.ToArray(), dq, dk, dv);
    }

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
        string text = $"[{shape.Batch},{shape.QueryHeads},{shape.QueryCount}]";
        long expected = (long)shape.Batch * shape.QueryHeads * shape.QueryCount;
        Check.Length(operation, nameof(max), max, text, expected);
        Check.Length(operation, nameof(sum), sum, text, expected);
    }
}
