// Causal self-attention with rotary positions and separate projections, as Llama and its descendants have it.
// B*T rows; H query heads and G key heads of D elements: q [B*T, H*D], k and v [B*T, G*D].

using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>The choices of a <see cref="RotaryAttention"/>.</summary>
internal sealed record RotaryAttentionShape
{
    public required int Width { get; init; }

    public required int Heads { get; init; }

    public required int KeyHeads { get; init; }

    public required int HeadSize { get; init; }

    /// <summary>Biases of q, k and v.</summary>
    public bool InputBias { get; init; }

    /// <summary>A bias of the output.</summary>
    public bool OutputBias { get; init; }

    /// <summary>A norm of each head of q and of k before they are rotated; its eps, or null for none.</summary>
    public double? HeadNormEps { get; init; }

    /// <summary>Keys that a query sees at most; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Probability to drop an attention weight in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Standard deviation of initial weights.</summary>
    public double Std { get; init; }
}

internal sealed class RotaryAttention : Module
{
    private readonly HeadLayout _layout;
    private readonly RotaryEmbedding _rotary;
    private readonly int _layer;
    private readonly Linear _q, _k, _v, _o;
    private readonly RmsNorm? _qNorm, _kNorm;
    private readonly CausalSelfAttention _attention;

    public RotaryAttention(RotaryAttentionShape shape, RotaryEmbedding rotary, int layer)
    {
        int queries = shape.Heads * shape.HeadSize, keys = shape.KeyHeads * shape.HeadSize;
        _layout = new HeadLayout
        {
            QueryHeads = shape.Heads, KeyHeads = shape.KeyHeads, HeadSize = shape.HeadSize, RotaryDimensions = rotary.Parameters.Dimensions,
        };
        _rotary = rotary;
        _layer = layer;
        _q = Add("q_proj", new Linear(shape.Width, queries, shape.InputBias, std: shape.Std));
        _k = Add("k_proj", new Linear(shape.Width, keys, shape.InputBias, std: shape.Std));
        _v = Add("v_proj", new Linear(shape.Width, keys, shape.InputBias, std: shape.Std));
        _o = Add("o_proj", new Linear(queries, shape.Width, shape.OutputBias, std: shape.Std));
        if (shape.HeadNormEps is { } eps)
        {
            _qNorm = Add("q_norm", new RmsNorm(shape.HeadSize, eps));
            _kNorm = Add("k_norm", new RmsNorm(shape.HeadSize, eps));
        }

        _attention = Add("attn_dropout", new CausalSelfAttention(shape.Heads, queries, null, shape.Dropout, shape.KeyHeads, shape.Window));
    }

    /// <param name="x">[rows, width].</param>
    /// <param name="positions">The position of each row.</param>
    /// <param name="rows">What the rows belong to.</param>
    /// <returns>[rows, width].</returns>
    public Tensor Forward(Tensor x, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        using ModuleScope scope = Enter();
        Tensor q = NormHeads(_qNorm, _q.Forward(x)), k = NormHeads(_kNorm, _k.Forward(x)), v = _v.Forward(x);
        Tensor packed = Ops.PackHeads(_layout, positions, _rotary.Table(rows.PositionsEnd), q, k, v);
        return _o.Forward(_attention.Forward(packed, rows, _layer));
    }

    private Tensor NormHeads(RmsNorm? norm, Tensor x) => norm is null
        ? x
        : Ops.Reshape(norm.Forward(Ops.Reshape(x, [-1, _layout.HeadSize])), [x.Shape[0], x.Shape[1]]);
}
