// The core of causal self-attention, without its projections: one fused kernel over packed q, k, v.

using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>
/// y = softmax(scale * q k^T over the keys not after the query) v, head by head; the same bits whether the keys come from the
/// input or from a cache.
/// </summary>
/// <param name="heads">Heads; each takes an equal slice of the width.</param>
/// <param name="width">Size of q, k and v in a row, all heads together.</param>
/// <param name="scale">Factor of the scores; 1/sqrt(head size) by default.</param>
/// <param name="dropout">Probability to drop an attention weight in training.</param>
public sealed class CausalSelfAttention(int heads, int width, float? scale = null, double dropout = 0) : Module
{
    private readonly int _headSize = heads > 0 && width % heads == 0
        ? width / heads
        : throw new ArgumentException($"CausalSelfAttention: a width of {width} does not divide among {heads} heads.", nameof(heads));

    private readonly SiteStream _stream = new();
    private readonly float _scale = scale ?? AttentionScale.Of(heads > 0 ? width / heads : 1);

    /// <summary>Attention within each sequence of packed rows [q k v].</summary>
    /// <param name="packed">[sequences * length, 3 * width].</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    /// <returns>[sequences * length, width].</returns>
    public Tensor Forward(Tensor packed, int sequences, ForwardContext? context = null)
    {
        CheckPacked(packed, sequences);
        AttentionShape shape = AttentionShape.CausalPacked(sequences, heads, heads, packed.Shape[0] / sequences, _headSize, _scale);
        if (Training && dropout > 0)
        {
            shape = shape with { Dropout = ForwardContext.Require(context, this).SiteOf(this, _stream, dropout) };
        }

        return Ops.Attention(packed, shape);
    }

    /// <summary>
    /// Appends the keys and values of packed rows to caches, and attends to everything cached. Not recorded: no gradient.
    /// </summary>
    /// <param name="packed">[caches * count, 3 * width]: count rows for each cache, in order.</param>
    /// <param name="caches">One for each sequence; their lengths are advanced by the model when all layers are done.</param>
    /// <param name="layer">Which layer of the caches.</param>
    public Tensor Forward(Tensor packed, IReadOnlyList<KvCache> caches, int layer)
    {
        ArgumentNullException.ThrowIfNull(caches);
        CheckPacked(packed, caches.Count);
        int count = packed.Shape[0] / caches.Count;
        AttentionShape shape = AttentionShape.CausalPacked(1, heads, heads, count, _headSize, _scale);
        Tensor y = Tape.NewResult([packed.Shape[0], width]);
        for (int i = 0; i < caches.Count; i++)
        {
            ReadOnlySpan<float> rows = packed.Data.Slice(i * count * 3 * width, count * 3 * width);
            Span<float> keys = caches[i].Keys(layer), values = caches[i].Values(layer);
            int past = caches[i].Length;
            Ops.CopyRows(rows[width..], 3 * width, keys[(past * width)..], width, width, count);
            Ops.CopyRows(rows[(2 * width)..], 3 * width, values[(past * width)..], width, width, count);
            AttentionShape cached = shape with
            {
                QueryOffset = past,
                KeyCount = past + count,
                KeyRowStride = width,
                ValueRowStride = width,
                KeyBatchStride = keys.Length,
                ValueBatchStride = values.Length,
            };
            Attention.Forward(Numerics.Compute.Current, cached, rows, keys, values, y.Data.Slice(i * count * width, count * width), default, default);
        }

        return y;
    }

    private void CheckPacked(Tensor packed, int sequences)
    {
        ArgumentNullException.ThrowIfNull(packed);
        if (packed.Rank != 2 || packed.Shape[1] != 3 * width || sequences <= 0 || packed.Shape[0] % sequences != 0)
        {
            throw ShapeException.One("CausalSelfAttention", packed.Shape, $"it takes [{sequences} sequences * length, 3 * {width}]");
        }
    }
}
