// The core of causal self-attention, without its projections: one fused kernel over packed q, k, v.

using System.Buffers;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>
/// y = softmax(scale * q k^T over the keys not after the query) v, head by head; the same bits whether the keys come from the
/// input or from a cache.
/// </summary>
/// <param name="heads">Heads; each takes an equal slice of the width.</param>
/// <param name="width">Size of q in a row, all heads together.</param>
/// <param name="scale">Factor of the scores; 1/sqrt(head size) by default.</param>
/// <param name="dropout">Probability to drop an attention weight in training.</param>
/// <param name="keyHeads">Heads of k and v, each shared by as many query heads; 0 for as many as query heads.</param>
/// <param name="window">Keys that a query sees at most, its own among them; 0 for all before it.</param>
public sealed class CausalSelfAttention(int heads, int width, float? scale = null, double dropout = 0, int keyHeads = 0, int window = 0) : Module
{
    /// <summary>Rows of a sequence from which on its heads and tiles occupy all threads by themselves.</summary>
    private const int ManyRows = 16;

    private readonly int _keyHeads = keyHeads == 0 || (keyHeads > 0 && heads % keyHeads == 0)
        ? (keyHeads == 0 ? heads : keyHeads)
        : throw new ArgumentException($"CausalSelfAttention: {heads} query heads cannot share {keyHeads} key heads evenly.", nameof(keyHeads));

    private readonly int _headSize = heads > 0 && width % heads == 0
        ? width / heads
        : throw new ArgumentException($"CausalSelfAttention: a width of {width} does not divide among {heads} heads.", nameof(heads));

    private readonly SiteStream _stream = new();
    private readonly float _scale = scale ?? AttentionScale.Of(heads > 0 ? width / heads : 1);

    private int KeyWidth => _keyHeads * _headSize;

    private int PackedWidth => width + (2 * KeyWidth);

    /// <summary>Attention within sequences, or over their caches.</summary>
    internal Tensor Forward(Tensor packed, SequenceRows rows, int layer) => rows.Caches is { } caches
        ? Forward(packed, caches, rows.Rows.AsSpan(0, rows.Count), layer)
        : Forward(packed, rows.Count, rows.Context);

    /// <summary>Attention within each sequence of packed rows [q k v].</summary>
    /// <param name="packed">[sequences * length, width + 2 * key width].</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    /// <returns>[sequences * length, width].</returns>
    public Tensor Forward(Tensor packed, int sequences, ForwardContext? context = null)
    {
        CheckPacked(packed, sequences);
        using ModuleScope scope = Enter();
        AttentionShape shape = AttentionShape.CausalPacked(sequences, heads, _keyHeads, packed.Shape[0] / sequences, _headSize, _scale) with { Window = window };
        if (Training && dropout > 0)
        {
            shape = shape with { Dropout = ForwardContext.Require(context, this).SiteOf(this, _stream, dropout) };
        }

        return Ops.Attention(packed, shape);
    }

    /// <summary>
    /// Appends the keys and values of packed rows to caches, and attends to everything cached. Not recorded: no gradient.
    /// </summary>
    /// <param name="packed">[sum of counts, width + 2 * key width]: the rows of each cache, in order.</param>
    /// <param name="caches">One for each sequence; their lengths are advanced by the model when all layers are done.</param>
    /// <param name="counts">Rows of each cache, at least one.</param>
    /// <param name="layer">Which layer of the caches.</param>
    public Tensor Forward(Tensor packed, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts, int layer)
    {
        ArgumentNullException.ThrowIfNull(caches);
        CheckPacked(packed, 1);
        CheckCounts(packed, caches.Count, counts);
        Tensor y = Tape.NewResult([packed.Shape[0], width]);
        if (caches.Count == 1)
        {
            Attend(packed, 0, counts[0], caches[0], layer, y);
        }
        else
        {
            AttendAll(packed, caches, counts, layer, y);
        }

        using ModuleScope scope = Enter();
        return Tape.Observe(Op.Attention, y);
    }

    // Sequences are independent. Those with many rows occupy all threads one after another, the others are shared out.
    private void AttendAll(Tensor packed, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts, int layer, Tensor y)
    {
        int row = 0, few = 0;
        (int Sequence, int Row, int Count)[] shared = ArrayPool<(int, int, int)>.Shared.Rent(counts.Length);
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] >= ManyRows)
            {
                Attend(packed, row, counts[i], caches[i], layer, y);
            }
            else
            {
                shared[few++] = (i, row, counts[i]);
            }

            row += counts[i];
        }

        Numerics.Compute.Current.For(few, i => Attend(packed, shared[i].Row, shared[i].Count, caches[shared[i].Sequence], layer, y));
        ArrayPool<(int, int, int)>.Shared.Return(shared);
    }

    // Appends the rows of one sequence to its cache and attends to all that it holds.
    private void Attend(Tensor packed, int row, int count, KvCache cache, int layer, Tensor y)
    {
        int packedWidth = PackedWidth, keyWidth = KeyWidth, past = cache.Length;
        ReadOnlySpan<float> rows = packed.Data.Slice(row * packedWidth, count * packedWidth);
        cache.Write(layer, count, rows[width..], rows[(width + keyWidth)..], packedWidth);
        AttentionShape cached = AttentionShape.CausalPacked(1, heads, _keyHeads, count, _headSize, _scale) with
        {
            Window = window,
            QueryOffset = past,
            KeyCount = past + count,
            KeyRowStride = keyWidth,
            ValueRowStride = keyWidth,
        };
        KvLayout layout = cache.Layout;
        Attention.Forward(
            Numerics.Compute.Current, cached, rows, cache.Pages, layout.Keys(layer), layout.Values(layer), layout.IsBFloat16, y.Data.Slice(row * width, count * width));
    }

    private static void CheckCounts(Tensor packed, int caches, ReadOnlySpan<int> counts)
    {
        long rows = 0;
        foreach (int count in counts)
        {
            rows += count > 0 ? count : int.MaxValue;
        }

        if (counts.Length != caches || rows != packed.Shape[0])
        {
            throw ShapeException.One("CausalSelfAttention", packed.Shape, $"{caches} caches need {caches} counts of at least 1 that add up to the rows");
        }
    }

    private void CheckPacked(Tensor packed, int sequences)
    {
        ArgumentNullException.ThrowIfNull(packed);
        if (packed.Rank != 2 || packed.Shape[1] != PackedWidth || sequences <= 0 || packed.Shape[0] % sequences != 0)
        {
            throw ShapeException.One("CausalSelfAttention", packed.Shape, $"it takes [{sequences} sequences * length, {PackedWidth}]");
        }
    }
}
