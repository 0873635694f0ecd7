// GPT-2 (Radford et al. 2019) as Hugging Face's GPT2LMHeadModel lays it out: config, layers, model; parameter names are the keys of
// its safetensors. Rows are positions: activations are [B*T, C], sequences one after another.
//   B sequences, T positions, V vocabulary, C width, H heads, D = C/H

using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tensors;
using Dropout = Idem.Nn.Dropout;
using LayerNorm = Idem.Nn.LayerNorm;

namespace Idem.Models;

/// <summary>A GPT-2 language model.</summary>
public sealed class Gpt2 : DecoderModel
{
    private readonly Gpt2Transformer _transformer;

    /// <summary>A model whose parameters are to be drawn (<see cref="Module.Initialize"/>) or loaded.</summary>
    public Gpt2(Gpt2Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        _transformer = Add("transformer", new Gpt2Transformer(config));
        OutputTable = config.TieWordEmbeddings
            ? _transformer.TokenTable
            : Add("lm_head", new Gpt2Head(config)).Weight;
    }

    /// <inheritdoc/>
    public override Gpt2Config Config { get; }

    private protected override int KeyWidth => Config.NEmbd;

    private protected override Parameter OutputTable { get; }

    /// <inheritdoc/>
    /// <remarks>A model without biases writes them as zeros, so that the file is complete for Transformers.</remarks>
    public override IReadOnlyList<KeyValuePair<string, Tensor>> StateDict() => Gpt2Names.Complete(base.StateDict(), Config);

    // A tied head that is stored must equal the token table, and the biases of a model without biases must be zero.
    internal override IStateSource Renamed(IStateSource source) => Gpt2Names.Canonical(source, Config);

    private protected override Tensor Transform(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows) =>
        _transformer.Forward(ids, positions, rows);
}

/// <summary>Embeddings, blocks and the final norm.</summary>
internal sealed class Gpt2Transformer : Module
{
    private readonly Gpt2Table _wte; // [V, C]
    private readonly Gpt2Table _wpe; // [n_positions, C]
    private readonly Dropout _drop;
    private readonly ModuleList<Gpt2Block> _h;
    private readonly LayerNorm _lnF;

    public Gpt2Transformer(Gpt2Config config)
    {
        _wte = Add("wte", new Gpt2Table(config.VocabSize, config));
        _wpe = Add("wpe", new Gpt2Table(config.NPositions, config));
        _drop = Add("drop", new Dropout(config.EmbdPdrop));
        _h = Add("h", new ModuleList<Gpt2Block>());
        for (int i = 0; i < config.NLayer; i++)
        {
            _h.Append(new Gpt2Block(config, i));
        }

        _lnF = Add("ln_f", new LayerNorm(config.NEmbd, config.LayerNormEpsilon, config.Bias));
    }

    public Parameter TokenTable => _wte.Weight;

    // What a block adds to the residual stream is added with the norm that follows, in one pass.
    public Tensor Forward(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        using ModuleScope scope = Enter();
        Tensor x = _wte.Forward(ids) + _wpe.Forward(positions); // [rows, C]
        x = rows.Caches is null ? _drop.Forward(x, rows.Context) : x;
        Tensor? addend = null;
        for (int i = 0; i < _h.Count; i++)
        {
            addend = _h[i].Forward(ref x, addend, rows);
        }

        return addend is null ? _lnF.Forward(x) : _lnF.Forward(x, addend, out _);
    }
}

/// <summary>x + attn(ln_1(x)), then x + mlp(ln_2(x)); the last sum is left to what follows.</summary>
internal sealed class Gpt2Block : Module
{
    private readonly LayerNorm _ln1;
    private readonly Gpt2Attention _attn;
    private readonly LayerNorm _ln2;
    private readonly Gpt2Mlp _mlp;

    public Gpt2Block(Gpt2Config config, int layer)
    {
        _ln1 = Add("ln_1", new LayerNorm(config.NEmbd, config.LayerNormEpsilon, config.Bias));
        _attn = Add("attn", new Gpt2Attention(config, layer));
        _ln2 = Add("ln_2", new LayerNorm(config.NEmbd, config.LayerNormEpsilon, config.Bias));
        _mlp = Add("mlp", new Gpt2Mlp(config));
    }

    /// <param name="x">The residual stream before this block, less the addend; left as it is before the MLP.</param>
    /// <param name="addend">What the block before adds to it, or null.</param>
    /// <param name="sequences">What the rows belong to.</param>
    /// <returns>What this block's MLP adds to x.</returns>
    public Tensor Forward(ref Tensor x, Tensor? addend, SequenceRows sequences)
    {
        Tensor normed = addend is null ? _ln1.Forward(x) : _ln1.Forward(x, addend, out x);
        normed = _ln2.Forward(x, _attn.Forward(normed, sequences), out x);
        return _mlp.Forward(normed, sequences);
    }
}

internal sealed class Gpt2Attention : Module
{
    private readonly int _layer;
    private readonly Gpt2Conv1D _cAttn; // [C, 3C]
    private readonly Gpt2Conv1D _cProj; // [C, C]
    private readonly CausalSelfAttention _attention;
    private readonly Dropout _residDropout;

    public Gpt2Attention(Gpt2Config config, int layer)
    {
        _layer = layer;
        float scale = config.ScaleAttnWeights ? AttentionScale.Of(config.HeadSize) : 1f;
        _cAttn = Add("c_attn", new Gpt2Conv1D(config.NEmbd, 3 * config.NEmbd, config, isResidual: false));
        scale = config.ScaleAttnByInverseLayerIdx ? AttentionScale.OfLayer(scale, layer) : scale;
        _attention = Add("attn_dropout", new CausalSelfAttention(config.NHead, config.NEmbd, scale, config.AttnPdrop));
        _cProj = Add("c_proj", new Gpt2Conv1D(config.NEmbd, config.NEmbd, config, isResidual: true));
        _residDropout = Add("resid_dropout", new Dropout(config.ResidPdrop));
    }

    public Tensor Forward(Tensor x, SequenceRows sequences)
    {
        Tensor packed = _cAttn.Forward(x); // [B*T, 3C]: q, k, v
        Tensor y = _cProj.Forward(_attention.Forward(packed, sequences, _layer)); // [B*T, C]
        return sequences.Caches is null ? _residDropout.Forward(y, sequences.Context) : y;
    }
}

internal sealed class Gpt2Mlp : Module
{
    private readonly Gpt2Conv1D _cFc; // [C, inner]
    private readonly Activation _act;
    private readonly Gpt2Conv1D _cProj; // [inner, C]
    private readonly Dropout _dropout;

    public Gpt2Mlp(Gpt2Config config)
    {
        _cFc = Add("c_fc", new Gpt2Conv1D(config.NEmbd, config.InnerSize, config, isResidual: false));
        _act = Add("act", new Activation(config.ActivationFunction switch
        {
            "gelu" => UnaryOp.Gelu,
            "relu" => UnaryOp.Relu,
            "silu" or "swish" => UnaryOp.Silu,
            "tanh" => UnaryOp.Tanh,
            _ => UnaryOp.GeluTanh, // gelu_new, gelu_pytorch_tanh
        }));
        _cProj = Add("c_proj", new Gpt2Conv1D(config.InnerSize, config.NEmbd, config, isResidual: true));
        _dropout = Add("dropout", new Dropout(config.ResidPdrop));
    }

    public Tensor Forward(Tensor x, SequenceRows sequences)
    {
        Tensor y = _cProj.Forward(_act.Forward(_cFc.Forward(x)));
        return sequences.Caches is null ? _dropout.Forward(y, sequences.Context) : y;
    }
}

/// <summary>y = x W + b with W stored [in, out], as GPT-2's files have it.</summary>
internal sealed class Gpt2Conv1D : Layer
{
    private readonly Gpt2Config _config;
    private readonly bool _isResidual;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    public Gpt2Conv1D(int inFeatures, int outFeatures, Gpt2Config config, bool isResidual)
    {
        _config = config;
        _isResidual = isResidual;
        _weight = Add("weight", new Parameter([inFeatures, outFeatures]) { Use = ParameterUse.InputsByOutputs });
        _bias = config.Bias ? Add("bias", new Parameter([outFeatures])) : null;
    }

    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return Ops.MatMul(input, _weight, bias: _bias);
    }

    /// <summary>Weights from N(0, initializer_range), divided by sqrt(2 * n_layer) before a residual sum; biases +0.</summary>
    protected override void InitializeOwn(ulong seed)
    {
        if (_isResidual)
        {
            ParameterInit.ResidualNormal(seed, _weight.Name!, _weight.Data, _config.InitializerRange, _config.NLayer);
        }
        else
        {
            ParameterInit.Normal(seed, _weight.Name!, _weight.Data, _config.InitializerRange);
        }

        _bias?.Data.Clear();
    }
}

/// <summary>An embedding table [count, C], drawn from N(0, initializer_range).</summary>
internal sealed class Gpt2Table : Module
{
    private readonly double _std;

    public Gpt2Table(int count, Gpt2Config config)
    {
        _std = config.InitializerRange;
        Weight = Add("weight", new Parameter([count, config.NEmbd]) { Use = ParameterUse.OutputsByInputs });
    }

    public Parameter Weight { get; }

    public Tensor Forward(ReadOnlySpan<int> ids)
    {
        using ModuleScope scope = Enter();
        return Ops.Embedding(Weight, ids);
    }

    protected override void InitializeOwn(ulong seed) => ParameterInit.Normal(seed, Weight.Name!, Weight.Data, _std);
}

/// <summary>An output head [V, C] of its own.</summary>
internal sealed class Gpt2Head : Module
{
    private readonly double _std;

    public Gpt2Head(Gpt2Config config)
    {
        _std = config.InitializerRange;
        Weight = Add("weight", new Parameter([config.VocabSize, config.NEmbd]) { Use = ParameterUse.OutputsByInputs });
    }

    public Parameter Weight { get; }

    protected override void InitializeOwn(ulong seed) => ParameterInit.Normal(seed, Weight.Name!, Weight.Data, _std);
}
