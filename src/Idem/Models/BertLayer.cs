// BERT's blocks: attention over all present tokens of a sequence, norms after the residual sums.

using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Dropout = Idem.Nn.Dropout;

namespace Idem.Models;

internal sealed class BertEncoder : Module
{
    public BertEncoder(BertConfig config)
    {
        Layers = Add("layer", new ModuleList<BertLayer>());
        for (int i = 0; i < config.NumHiddenLayers; i++)
        {
            Layers.Append(new BertLayer(config));
        }
    }

    public ModuleList<BertLayer> Layers { get; }
}

/// <summary>a = LayerNorm(attention(x) + x); LayerNorm(mlp(a) + a).</summary>
internal sealed class BertLayer : Module
{
    private readonly BertAttention _attention;
    private readonly BertIntermediate _intermediate;
    private readonly BertOutput _output;

    public BertLayer(BertConfig config)
    {
        _attention = Add("attention", new BertAttention(config));
        _intermediate = Add("intermediate", new BertIntermediate(config));
        _output = Add("output", new BertOutput(config.IntermediateSize, config));
    }

    public Tensor Forward(Tensor x, BertBatch batch, ForwardContext? context)
    {
        Tensor a = _attention.Forward(x, batch, context);
        return _output.Forward(_intermediate.Forward(a), a, batch, context);
    }
}

internal sealed class BertAttention : Module
{
    private readonly BertSelfAttention _self;
    private readonly BertOutput _output;

    public BertAttention(BertConfig config)
    {
        _self = Add("self", new BertSelfAttention(config));
        _output = Add("output", new BertOutput(config.HiddenSize, config));
    }

    public Tensor Forward(Tensor x, BertBatch batch, ForwardContext? context) => _output.Forward(_self.Forward(x, batch, context), x, batch, context);
}

internal sealed class BertSelfAttention : Module
{
    private readonly Linear _query, _key, _value;
    private readonly HeadLayout _layout;
    private readonly double _dropout;
    private readonly SiteStream _stream = new();

    public BertSelfAttention(BertConfig config)
    {
        int width = config.HiddenSize;
        _query = Add("query", new Linear(width, width, std: config.InitializerRange));
        _key = Add("key", new Linear(width, width, std: config.InitializerRange));
        _value = Add("value", new Linear(width, width, std: config.InitializerRange));
        _layout = new HeadLayout { QueryHeads = config.NumAttentionHeads, KeyHeads = config.NumAttentionHeads, HeadSize = width / config.NumAttentionHeads };
        _dropout = config.AttentionProbsDropoutProb;
    }

    public Tensor Forward(Tensor x, BertBatch batch, ForwardContext? context)
    {
        using ModuleScope scope = Enter();
        Tensor packed = Ops.PackHeads(_layout, batch.Positions, null, _query.Forward(x), _key.Forward(x), _value.Forward(x));
        int heads = _layout.QueryHeads;
        AttentionShape shape = AttentionShape.CausalPacked(
            batch.Lengths.Length, heads, heads, batch.Lengths[0], _layout.HeadSize, AttentionScale.Of(_layout.HeadSize)) with { Causal = false };
        if (!batch.IsEven)
        {
            BertDropout.RequireNone(this, Training ? _dropout : 0);
            return Ops.RaggedAttention(packed, shape with { Batch = 1 }, batch.Lengths);
        }

        return Ops.Attention(packed, Training && _dropout > 0
            ? shape with { Dropout = ForwardContext.Require(context, this).SiteOf(this, _stream, _dropout) }
            : shape);
    }
}

internal sealed class BertIntermediate : Module
{
    private readonly Linear _dense;
    private readonly UnaryOp _activation;

    public BertIntermediate(BertConfig config)
    {
        _dense = Add("dense", new Linear(config.HiddenSize, config.IntermediateSize, std: config.InitializerRange));
        _activation = config.Activation();
    }

    public Tensor Forward(Tensor x)
    {
        using ModuleScope scope = Enter();
        return Ops.Unary(_activation, _dense.Forward(x));
    }
}

/// <summary>LayerNorm(dense(x) + residual).</summary>
internal sealed class BertOutput : Module
{
    private readonly Linear _dense;
    private readonly Nn.LayerNorm _norm;
    private readonly BertDropout _dropout;

    public BertOutput(int inFeatures, BertConfig config)
    {
        _dense = Add("dense", new Linear(inFeatures, config.HiddenSize, std: config.InitializerRange));
        _norm = Add("LayerNorm", new Nn.LayerNorm(config.HiddenSize, config.LayerNormEps));
        _dropout = Add("dropout", new BertDropout(config));
    }

    public Tensor Forward(Tensor x, Tensor residual, BertBatch batch, ForwardContext? context) =>
        _norm.Forward(_dropout.Forward(_dense.Forward(x), batch, context), residual, out _);
}

/// <summary>Dropout of hidden states. Its masks are addressed by sequence and element, so it takes sequences of one length.</summary>
internal sealed class BertDropout : Module
{
    private readonly Dropout _dropout;

    public BertDropout(BertConfig config) => _dropout = Add("mask", new Dropout(config.HiddenDropoutProb));

    public Tensor Forward(Tensor x, BertBatch batch, ForwardContext? context)
    {
        if (!batch.IsEven)
        {
            RequireNone(this, Training ? _dropout.Probability : 0);
        }

        return _dropout.Forward(x, context);
    }

    public static void RequireNone(Module module, double probability)
    {
        if (probability > 0)
        {
            throw new InvalidOperationException($"'{module.Path}' is training with dropout, which takes sequences of one length: group them by length, or set dropout to 0.");
        }
    }
}
