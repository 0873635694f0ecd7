// GPT-NeoX and Pythia (Black et al. 2022) as Hugging Face's GPTNeoXForCausalLM: rotary positions on a part of each head, attention and
// feed-forward part side by side. Parameter names are the keys of its safetensors. B*T rows, H heads of D elements.

using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Dropout = Idem.Nn.Dropout;
using Embedding = Idem.Nn.Embedding;
using LayerNorm = Idem.Nn.LayerNorm;

namespace Idem.Models;

/// <summary>A GPT-NeoX language model.</summary>
public sealed partial class GptNeoX : DecoderModel
{
    private readonly GptNeoXTransformer _transformer;

    /// <summary>A model whose parameters are to be drawn (<see cref="Module.Initialize"/>) or loaded.</summary>
    public GptNeoX(GptNeoXConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        _transformer = Add("gpt_neox", new GptNeoXTransformer(config));
        OutputTable = config.TieWordEmbeddings
            ? _transformer.TokenTable
            : Add("embed_out", new Linear(config.HiddenSize, config.VocabSize, bias: false, std: config.InitializerRange)).Weight;
    }

    /// <inheritdoc/>
    public override GptNeoXConfig Config { get; }

    private protected override int KeyWidth => Config.HiddenSize;

    private protected override Parameter OutputTable { get; }

    private protected override string HeadName => "embed_out";

    // Stored masks and frequencies are left out; a tied head that is stored must equal the token table.
    internal override IStateSource Renamed(IStateSource source)
    {
        RenamedSource renamed = new("GptNeoX", source, name => Buffer().IsMatch(name) ? null : name);
        if (Config.TieWordEmbeddings)
        {
            renamed.RemoveTied("embed_out.weight", "gpt_neox.embed_in.weight");
        }

        return renamed;
    }

    private protected override Tensor Transform(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows) =>
        _transformer.Forward(ids, positions, rows);

    [GeneratedRegex(@"\.attention\.(bias|masked_bias|rotary_emb\.(inv_freq|cos_cached|sin_cached))$")]
    private static partial Regex Buffer();
}

/// <summary>Embedding, blocks and the final norm.</summary>
internal sealed class GptNeoXTransformer : Module
{
    private readonly Embedding _embed; // [V, C]
    private readonly Dropout _drop;
    private readonly ModuleList<GptNeoXBlock> _layers;
    private readonly LayerNorm _norm;

    public GptNeoXTransformer(GptNeoXConfig config)
    {
        RotaryEmbedding rotary = new(config.Rotary());
        _embed = Add("embed_in", new Embedding(config.VocabSize, config.HiddenSize, std: config.InitializerRange));
        _drop = Add("emb_dropout", new Dropout(config.HiddenDropout));
        _layers = Add("layers", new ModuleList<GptNeoXBlock>());
        for (int i = 0; i < config.NumHiddenLayers; i++)
        {
            _layers.Append(new GptNeoXBlock(config, rotary, i));
        }

        _norm = Add("final_layer_norm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
    }

    public Parameter TokenTable => _embed.Weight;

    public Tensor Forward(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        Tensor x = _embed.Forward(ids); // [rows, C]
        x = rows.Caches is null ? _drop.Forward(x, rows.Context) : x;
        for (int i = 0; i < _layers.Count; i++)
        {
            x = _layers[i].Forward(x, positions, rows);
        }

        return _norm.Forward(x);
    }
}

/// <summary>Parallel: x + (mlp(post_attention_layernorm(x)) + attention(input_layernorm(x))); else one after the other.</summary>
internal sealed class GptNeoXBlock : Module
{
    private readonly bool _isParallel;
    private readonly LayerNorm _inputNorm;
    private readonly LayerNorm _postNorm;
    private readonly GptNeoXAttention _attention;
    private readonly GptNeoXMlp _mlp;
    private readonly Dropout _attentionDropout, _mlpDropout;

    public GptNeoXBlock(GptNeoXConfig config, RotaryEmbedding rotary, int layer)
    {
        _isParallel = config.UseParallelResidual;
        _inputNorm = Add("input_layernorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
        _postNorm = Add("post_attention_layernorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
        _attentionDropout = Add("post_attention_dropout", new Dropout(config.HiddenDropout));
        _mlpDropout = Add("post_mlp_dropout", new Dropout(config.HiddenDropout));
        _attention = Add("attention", new GptNeoXAttention(config, rotary, layer));
        _mlp = Add("mlp", new GptNeoXMlp(config));
    }

    public Tensor Forward(Tensor x, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        using ModuleScope scope = Enter();
        Tensor attention = Drop(_attentionDropout, _attention.Forward(_inputNorm.Forward(x), positions, rows), rows);
        if (_isParallel)
        {
            return Drop(_mlpDropout, _mlp.Forward(_postNorm.Forward(x)), rows) + attention + x;
        }

        Tensor normed = _postNorm.Forward(attention, x, out Tensor sum);
        return Drop(_mlpDropout, _mlp.Forward(normed), rows) + sum;
    }

    private static Tensor Drop(Dropout dropout, Tensor x, SequenceRows rows) => rows.Caches is null ? dropout.Forward(x, rows.Context) : x;
}

internal sealed class GptNeoXAttention : Module
{
    private readonly HeadLayout _layout;
    private readonly RotaryEmbedding _rotary;
    private readonly int _layer;
    private readonly Linear _qkv; // [3C, C]: head after head q, k, v
    private readonly Linear _dense; // [C, C]
    private readonly CausalSelfAttention _core;

    public GptNeoXAttention(GptNeoXConfig config, RotaryEmbedding rotary, int layer)
    {
        int width = config.HiddenSize, heads = config.NumAttentionHeads;
        _layout = new HeadLayout
        {
            QueryHeads = heads, KeyHeads = heads, HeadSize = width / heads, RotaryDimensions = rotary.Parameters.Dimensions, IsInterleaved = true,
        };
        _rotary = rotary;
        _layer = layer;
        _qkv = Add("query_key_value", new Linear(width, 3 * width, config.AttentionBias, std: config.InitializerRange));
        _dense = Add("dense", new Linear(width, width, config.AttentionBias, std: config.InitializerRange));
        _core = Add("attention_dropout", new CausalSelfAttention(heads, width, null, config.AttentionDropout));
    }

    public Tensor Forward(Tensor x, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        using ModuleScope scope = Enter();
        Tensor packed = Ops.PackHeads(_layout, positions, _layout.RotaryDimensions == 0 ? null : _rotary.Table(rows.PositionsEnd), _qkv.Forward(x), null, null);
        return _dense.Forward(_core.Forward(packed, rows, _layer));
    }
}

internal sealed class GptNeoXMlp : Layer
{
    private readonly Linear _in; // [inner, C]
    private readonly Linear _out; // [C, inner]
    private readonly Activation _activation;

    public GptNeoXMlp(GptNeoXConfig config)
    {
        _in = Add("dense_h_to_4h", new Linear(config.HiddenSize, config.IntermediateSize, std: config.InitializerRange));
        _out = Add("dense_4h_to_h", new Linear(config.IntermediateSize, config.HiddenSize, std: config.InitializerRange));
        _activation = Add("act", new Activation(config.Activation()));
    }

    public override Tensor Forward(Tensor input, ForwardContext? context = null) => _out.Forward(_activation.Forward(_in.Forward(input)));
}
