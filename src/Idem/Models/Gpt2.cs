// GPT-2 (Radford et al. 2019) as Hugging Face's GPT2LMHeadModel lays it out: config, layers, model; parameter names are the keys of
// its safetensors. Rows are positions: activations are [B*T, C], sequences one after another.
//   B sequences, T positions, V vocabulary, C width, H heads, D = C/H
// What may never change: which operations make a result. Training, prefill, chunks and single tokens run the same lines.

using System.Buffers;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tensors;
using Dropout = Idem.Nn.Dropout;
using LayerNorm = Idem.Nn.LayerNorm;

namespace Idem.Models;

/// <summary>A GPT-2 language model.</summary>
public sealed class Gpt2 : Module
{
    private static readonly CrossEntropyLoss MeanLoss = new(), SummedLoss = new(reduction: Reduction.Sum), SingleLosses = new(reduction: Reduction.None);

    private readonly Gpt2Transformer _transformer;
    private readonly Parameter _head; // [V, C]

    /// <summary>A model whose parameters are to be drawn (<see cref="Module.Initialize"/>) or loaded.</summary>
    public Gpt2(Gpt2Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        _transformer = Add("transformer", new Gpt2Transformer(config));
        _head = config.TieWordEmbeddings
            ? _transformer.TokenTable
            : Add("lm_head", new Gpt2Head(config)).Weight;
    }

    /// <summary>The configuration.</summary>
    public Gpt2Config Config { get; }

    /// <summary>Logits of sequences.</summary>
    /// <param name="ids">B*T token ids, sequence after sequence.</param>
    /// <param name="sequences">B.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    /// <returns>[B, T, V].</returns>
    public Tensor Forward(ReadOnlySpan<int> ids, int sequences, ForwardContext? context = null)
    {
        Tensor logits = Logits(ids, sequences, context); // [B*T, V]
        return logits.Reshape(sequences, ids.Length / sequences, Config.VocabSize);
    }

    /// <summary>Cross-entropy of each position's logits against a target.</summary>
    /// <param name="ids">B*T token ids, sequence after sequence.</param>
    /// <param name="targets">B*T target ids, usually the ids that follow; -100 for positions without a loss.</param>
    /// <param name="sequences">B.</param>
    /// <param name="reduction">Mean, or none for a shard of a batch.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    public Tensor Loss(ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, int sequences, Reduction reduction = Reduction.Mean, ForwardContext? context = null)
    {
        using ResultScope scope = Tape.OwnResults();
        Tensor x = _transformer.Forward(ids, sequences, context); // [B*T, C]
        return scope.Keep(LossOf(reduction).Forward(x, _head, targets));
    }

    /// <summary>An empty cache for one sequence.</summary>
    /// <param name="capacity">Positions; <c>n_positions</c> by default.</param>
    public KvCache NewCache(int? capacity = null) => new(Config.NLayer, capacity ?? Config.NPositions, Config.NEmbd);

    /// <summary>
    /// Continues sequences by as many ids each, without gradients: the logits have the bits of <see cref="Forward(ReadOnlySpan{int}, int, ForwardContext?)"/>
    /// over the whole sequences, however they are cut.
    /// </summary>
    /// <param name="ids">n ids for each cache, in order.</param>
    /// <param name="caches">One for each sequence; advanced by n.</param>
    /// <param name="logits">Receives [caches, V]: those of each sequence's last position; or [caches * n, V], of all.</param>
    /// <exception cref="ArgumentException">The ids do not divide among the caches, exceed them, or the logits have another size.</exception>
    public void Forward(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, Span<float> logits)
    {
        ArgumentNullException.ThrowIfNull(caches);
        int count = CheckContinuation(ids.Length, caches);
        bool all = logits.Length == ids.Length * (long)Config.VocabSize;
        if (!all && logits.Length != caches.Count * (long)Config.VocabSize)
        {
            throw new ArgumentException(
                $"Gpt2.Forward: logits have {logits.Length} elements, but the last position of {caches.Count} sequences takes {caches.Count} * {Config.VocabSize}, all positions {ids.Length} * that.", nameof(logits));
        }

        using ResultScope scope = Tape.OwnResultsNoGrad();
        Tensor x = _transformer.Continue(ids, caches); // [caches * n, C]
        Tensor rows = all || count == 1 ? x : LastRows(x, caches.Count);
        Head(rows).Data.CopyTo(logits);
        for (int i = 0; i < caches.Count; i++) // enumerating an interface allocates
        {
            caches[i].Advance(count);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A model without biases writes them as zeros, so that the file is complete for Transformers.</remarks>
    public override IReadOnlyList<KeyValuePair<string, Tensor>> StateDict() => Gpt2Names.Complete(base.StateDict(), Config);

    /// <inheritdoc/>
    /// <remarks>
    /// Also reads files with the older names. A tied head that is stored must equal the token table, and the biases of a model
    /// without biases must be zero.
    /// </remarks>
    public override void LoadStateDict(IStateSource source) => base.LoadStateDict(Gpt2Names.Canonical(source, Config));

    private Tensor Logits(ReadOnlySpan<int> ids, int sequences, ForwardContext? context)
    {
        using ResultScope scope = Tape.OwnResults();
        return scope.Keep(Head(_transformer.Forward(ids, sequences, context)));
    }

    private static CrossEntropyLoss LossOf(Reduction reduction) => reduction switch
    {
        Reduction.None => SingleLosses,
        Reduction.Sum => SummedLoss,
        _ => MeanLoss,
    };

    // [B*T, C] to [B*T, V]
    private Tensor Head(Tensor x) => Ops.MatMul(x, _head, transposeB: true);

    private int CheckContinuation(int length, IReadOnlyList<KvCache> caches)
    {
        if (caches.Count == 0 || length == 0 || length % caches.Count != 0)
        {
            throw new ArgumentException($"Gpt2.Forward: {length} ids do not divide among {caches.Count} caches; each sequence continues by as many.");
        }

        int count = length / caches.Count;
        for (int i = 0; i < caches.Count; i++)
        {
            KvCache cache = caches[i];
            cache.Require(count);
            if (cache.Layers != Config.NLayer || cache.Width != Config.NEmbd)
            {
                throw new ArgumentException($"Gpt2.Forward: a cache of {cache.Layers} layers of width {cache.Width} is not of this model; use NewCache().");
            }

            if (cache.Length + count > Config.NPositions)
            {
                throw new ArgumentException($"Gpt2.Forward: {count} positions after {cache.Length} exceed n_positions = {Config.NPositions}.");
            }
        }

        return count;
    }

    private static Tensor LastRows(Tensor x, int sequences)
    {
        int width = x.Shape[1], count = x.Shape[0] / sequences;
        Tensor y = Tape.NewResult([sequences, width]);
        Ops.CopyRows(x.Data[((count - 1) * width)..], count * width, y.Data, width, width, sequences);
        return y;
    }
}

/// <summary>Embeddings, blocks and the final norm.</summary>
internal sealed class Gpt2Transformer : Module
{
    private readonly Gpt2Config _config;
    private readonly Gpt2Table _wte; // [V, C]
    private readonly Gpt2Table _wpe; // [n_positions, C]
    private readonly Dropout _drop;
    private readonly ModuleList<Gpt2Block> _h;
    private readonly LayerNorm _lnF;

    public Gpt2Transformer(Gpt2Config config)
    {
        _config = config;
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

    public Tensor Forward(ReadOnlySpan<int> ids, int sequences, ForwardContext? context)
    {
        if (sequences <= 0 || ids.Length == 0 || ids.Length % sequences != 0 || ids.Length / sequences > _config.NPositions)
        {
            throw new ArgumentException(
                $"Gpt2.Forward: {ids.Length} ids in {sequences} sequences: each takes as many, at least 1 and at most n_positions = {_config.NPositions}.", nameof(ids));
        }

        int length = ids.Length / sequences;
        int[] positions = ArrayPool<int>.Shared.Rent(ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            positions[i] = i % length;
        }

        Tensor x = _wte.Forward(ids) + _wpe.Forward(positions.AsSpan(0, ids.Length)); // [B*T, C]
        ArrayPool<int>.Shared.Return(positions);
        return Blocks(_drop.Forward(x, context), new Gpt2Sequences(sequences, context, null));
    }

    public Tensor Continue(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches)
    {
        int count = ids.Length / caches.Count;
        int[] positions = ArrayPool<int>.Shared.Rent(ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            positions[i] = caches[i / count].Length + (i % count);
        }

        Tensor x = _wte.Forward(ids) + _wpe.Forward(positions.AsSpan(0, ids.Length)); // [caches * n, C]
        ArrayPool<int>.Shared.Return(positions);
        return Blocks(x, new Gpt2Sequences(caches.Count, null, caches));
    }

    // All blocks and the final norm. What a block adds to the residual stream is added with the norm that follows, in one pass.
    private Tensor Blocks(Tensor x, Gpt2Sequences sequences)
    {
        Tensor? addend = null;
        for (int i = 0; i < _h.Count; i++)
        {
            addend = _h[i].Forward(ref x, addend, sequences);
        }

        return addend is null ? _lnF.Forward(x) : _lnF.Forward(x, addend, out _);
    }
}

/// <summary>What the rows of an activation belong to.</summary>
internal readonly record struct Gpt2Sequences(int Count, ForwardContext? Context, IReadOnlyList<KvCache>? Caches);

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
    public Tensor Forward(ref Tensor x, Tensor? addend, Gpt2Sequences sequences)
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

    public Tensor Forward(Tensor x, Gpt2Sequences sequences)
    {
        Tensor packed = _cAttn.Forward(x); // [B*T, 3C]: q, k, v
        Tensor y = sequences.Caches is { } caches
            ? _attention.Forward(packed, caches, _layer)
            : _attention.Forward(packed, sequences.Count, sequences.Context); // [B*T, C]
        y = _cProj.Forward(y);
        return sequences.Caches is null ? _residDropout.Forward(y, sequences.Context) : y;
    }
}

internal sealed class Gpt2Mlp : Module
{
    private readonly Gpt2Conv1D _cFc; // [C, inner]
    private readonly UnaryOp _act;
    private readonly Gpt2Conv1D _cProj; // [inner, C]
    private readonly Dropout _dropout;

    public Gpt2Mlp(Gpt2Config config)
    {
        _cFc = Add("c_fc", new Gpt2Conv1D(config.NEmbd, config.InnerSize, config, isResidual: false));
        _act = config.ActivationFunction switch
        {
            "gelu" => UnaryOp.Gelu,
            "relu" => UnaryOp.Relu,
            "silu" or "swish" => UnaryOp.Silu,
            "tanh" => UnaryOp.Tanh,
            _ => UnaryOp.GeluTanh, // gelu_new, gelu_pytorch_tanh
        };
        _cProj = Add("c_proj", new Gpt2Conv1D(config.InnerSize, config.NEmbd, config, isResidual: true));
        _dropout = Add("dropout", new Dropout(config.ResidPdrop));
    }

    public Tensor Forward(Tensor x, Gpt2Sequences sequences)
    {
        Tensor y = _cProj.Forward(Ops.Unary(_act, _cFc.Forward(x)));
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
        _weight = Add("weight", new Parameter([inFeatures, outFeatures]));
        _bias = config.Bias ? Add("bias", new Parameter([outFeatures])) : null;
    }

    public override Tensor Forward(Tensor input, ForwardContext? context = null) => Ops.MatMul(input, _weight, bias: _bias);

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
        Weight = Add("weight", new Parameter([count, config.NEmbd]));
    }

    public Parameter Weight { get; }

    public Tensor Forward(ReadOnlySpan<int> ids) => Ops.Embedding(Weight, ids);

    protected override void InitializeOwn(ulong seed) => ParameterInit.Normal(seed, Weight.Name!, Weight.Data, _std);
}

/// <summary>An output head [V, C] of its own.</summary>
internal sealed class Gpt2Head : Module
{
    private readonly double _std;

    public Gpt2Head(Gpt2Config config)
    {
        _std = config.InitializerRange;
        Weight = Add("weight", new Parameter([config.VocabSize, config.NEmbd]));
    }

    public Parameter Weight { get; }

    protected override void InitializeOwn(ulong seed) => ParameterInit.Normal(seed, Weight.Name!, Weight.Data, _std);
}
