// The skeleton of Llama (Touvron et al. 2023) and its descendants: pre-norm blocks of rotary attention and a gated feed-forward
// part, RMSNorm, no absolute positions. What the model types change is said by their configurations. Parameter names are the keys
// of Hugging Face's safetensors.

using System.Text.RegularExpressions;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Embedding = Idem.Nn.Embedding;
using RmsNorm = Idem.Nn.RmsNorm;

namespace Idem.Models;

/// <summary>A model of Llama's kind.</summary>
public abstract partial class GatedDecoder : DecoderModel
{
    private const string Head = "lm_head.weight";
    private const string Table = "model.embed_tokens.weight";

    private readonly GatedDecoderConfig _config;
    private readonly GatedTransformer _transformer;

    private protected GatedDecoder(GatedDecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        _config = config;
        _transformer = Add("model", new GatedTransformer(config));
        OutputTable = config.TieWordEmbeddings
            ? _transformer.TokenTable
            : Add("lm_head", new Linear(config.HiddenSize, config.VocabSize, bias: false, std: config.InitializerRange)).Weight;
    }

    private protected override int KeyWidth => _config.KeyHeads * _config.HeadSize;

    private protected override Parameter OutputTable { get; }

    // Stored frequencies are left out; a tied head that is stored must equal the token table.
    internal override IStateSource Renamed(IStateSource source)
    {
        RenamedSource renamed = new(GetType().Name, source, Canonical);
        if (_config.TieWordEmbeddings)
        {
            renamed.RemoveTied(Head, Table);
        }

        return renamed;
    }

    private protected override Tensor Transform(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows) =>
        _transformer.Forward(ids, positions, rows);

    // Files saved from the model without its head lack the prefix; early ones store the rotary frequencies.
    private static string? Canonical(string name) => Frequencies().IsMatch(name) ? null : WithoutPrefix().IsMatch(name) ? "model." + name : name;

    [GeneratedRegex(@"\.rotary_emb\.(inv_freq|cos_cached|sin_cached)$")]
    private static partial Regex Frequencies();

    [GeneratedRegex(@"^(embed_tokens|layers|norm)\.")]
    private static partial Regex WithoutPrefix();
}

/// <summary>Embedding, blocks and the final norm.</summary>
internal sealed class GatedTransformer : Module
{
    private readonly Embedding _embed; // [V, C]
    private readonly ModuleList<GatedBlock> _layers;
    private readonly RmsNorm _norm;
    private readonly float? _embeddingScale;

    public GatedTransformer(GatedDecoderConfig config)
    {
        RotaryEmbedding rotary = new(config.Rotary());
        _embed = Add("embed_tokens", new Embedding(config.VocabSize, config.HiddenSize, std: config.InitializerRange));
        _layers = Add("layers", new ModuleList<GatedBlock>());
        for (int i = 0; i < config.NumHiddenLayers; i++)
        {
            _layers.Append(new GatedBlock(config, rotary, i));
        }

        _norm = Add("norm", new RmsNorm(config.HiddenSize, config.RmsNormEps, config.NormsAddOne));
        _embeddingScale = config.ScalesEmbeddings ? EmbeddingScale.Of(config.HiddenSize) : null;
    }

    public Parameter TokenTable => _embed.Weight;

    // What a block adds to the residual stream is added with the norm that follows, in one pass.
    public Tensor Forward(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        using ModuleScope scope = Enter();
        Tensor x = _embed.Forward(ids); // [rows, C]
        x = _embeddingScale is { } scale ? Ops.MultiplyScalar(x, scale) : x;
        Tensor? addend = null;
        for (int i = 0; i < _layers.Count; i++)
        {
            addend = _layers[i].Forward(ref x, addend, positions, rows);
        }

        return _norm.Forward(x, addend!, out _);
    }
}

/// <summary>x + self_attn(input_layernorm(x)), then x + mlp(post_attention_layernorm(x)); the last sum is left to what follows.</summary>
internal sealed class GatedBlock : Module
{
    private readonly RmsNorm _inputNorm;
    private readonly RotaryAttention _attention;
    private readonly RmsNorm _postNorm;
    private readonly GatedMlp _mlp;

    public GatedBlock(GatedDecoderConfig config, RotaryEmbedding rotary, int layer)
    {
        RotaryAttentionShape shape = new()
        {
            Width = config.HiddenSize,
            Heads = config.NumAttentionHeads,
            KeyHeads = config.KeyHeads,
            HeadSize = config.HeadSize,
            InputBias = config.HasInputBias,
            OutputBias = config.HasOutputBias,
            HeadNormEps = config.HasHeadNorms ? config.RmsNormEps : null,
            Window = config.WindowOf(layer),
            Dropout = config.AttentionDropout,
            Std = config.InitializerRange,
        };
        _inputNorm = Add("input_layernorm", new RmsNorm(config.HiddenSize, config.RmsNormEps, config.NormsAddOne));
        _attention = Add("self_attn", new RotaryAttention(shape, rotary, layer));
        _postNorm = Add("post_attention_layernorm", new RmsNorm(config.HiddenSize, config.RmsNormEps, config.NormsAddOne));
        _mlp = Add("mlp", new GatedMlp(config.HiddenSize, config.IntermediateSize, config.Activation(), config.HasMlpBias, config.InitializerRange));
    }

    /// <param name="x">The residual stream before this block, less the addend; left as it is before the MLP.</param>
    /// <param name="addend">What the block before adds to it, or null.</param>
    /// <param name="positions">The position of each row.</param>
    /// <param name="rows">What the rows belong to.</param>
    /// <returns>What this block's MLP adds to x.</returns>
    public Tensor Forward(ref Tensor x, Tensor? addend, ReadOnlySpan<int> positions, SequenceRows rows)
    {
        Tensor normed = addend is null ? _inputNorm.Forward(x) : _inputNorm.Forward(x, addend, out x);
        normed = _postNorm.Forward(x, _attention.Forward(normed, positions, rows), out x);
        return _mlp.Forward(normed);
    }
}
