// BERT (Devlin et al. 2018) as Hugging Face's BertForPreTraining lays it out: encoder, pooler, heads for masked tokens and next
// sentences, as far as the weights have them. Parameter names are the keys of its safetensors. Rows are present tokens.

using System.Text.RegularExpressions;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Embedding = Idem.Nn.Embedding;

namespace Idem.Models;

/// <summary>The parts of a BERT beside its encoder.</summary>
[Flags]
public enum BertParts
{
    /// <summary>None: it gives hidden states only.</summary>
    None = 0,

    /// <summary>A dense layer over the first token.</summary>
    Pooler = 1,

    /// <summary>Logits of masked tokens.</summary>
    MaskedLanguageHead = 2,

    /// <summary>Logits of whether the second segment follows the first.</summary>
    NextSentenceHead = 4,

    /// <summary>All.</summary>
    All = Pooler | MaskedLanguageHead | NextSentenceHead,
}

/// <summary>A BERT encoder with its heads.</summary>
public sealed partial class Bert : LanguageModel
{
    private static readonly CrossEntropyLoss MeanLoss = new(), SummedLoss = new(reduction: Reduction.Sum), SingleLosses = new(reduction: Reduction.None);

    private readonly BertModel _bert;
    private readonly BertHeads? _heads;

    /// <summary>A model whose parameters are to be drawn (<see cref="Module.Initialize"/>) or loaded.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="parts">What it has beside the encoder.</param>
    public Bert(BertConfig config, BertParts parts = BertParts.All)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        Parts = parts;
        _bert = Add("bert", new BertModel(config, parts));
        _heads = (parts & ~BertParts.Pooler) == 0 ? null : Add("cls", new BertHeads(config, parts, _bert.Embeddings.TokenTable));
    }

    /// <inheritdoc/>
    public override BertConfig Config { get; }

    /// <summary>What it has beside the encoder.</summary>
    public BertParts Parts { get; }

    /// <summary>The parts that stored tensors are of.</summary>
    public static BertParts PartsOf(IEnumerable<string> names)
    {
        BertParts parts = BertParts.None;
        foreach (string name in names)
        {
            string canonical = Canonical(name) ?? "";
            parts |= canonical.StartsWith("bert.pooler.", StringComparison.Ordinal) ? BertParts.Pooler
                : canonical.StartsWith("cls.predictions.", StringComparison.Ordinal) ? BertParts.MaskedLanguageHead
                : canonical.StartsWith("cls.seq_relationship.", StringComparison.Ordinal) ? BertParts.NextSentenceHead
                : BertParts.None;
        }

        return parts;
    }

    /// <summary>Whether the loss of masked tokens depends on a parameter; that of the pooler and of next sentences it does not see.</summary>
    internal static bool PredictsMaskedTokens(string parameter) =>
        !parameter.StartsWith("bert.pooler.", StringComparison.Ordinal) && !parameter.StartsWith("cls.seq_relationship.", StringComparison.Ordinal);

    /// <summary>The last hidden states of a batch.</summary>
    /// <param name="ids">B*T token ids, sequence after sequence.</param>
    /// <param name="sequences">B.</param>
    /// <param name="tokenTypes">The segment of each token; empty for all 0.</param>
    /// <param name="attentionMask">0 where a token is absent: it has no row and no part in others; empty for none.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    public BertStates Encode(
        ReadOnlySpan<int> ids, int sequences, ReadOnlySpan<int> tokenTypes = default, ReadOnlySpan<int> attentionMask = default, ForwardContext? context = null)
    {
        BertBatch batch = BertBatch.Create(ids, sequences, tokenTypes, attentionMask, Config.MaxPositionEmbeddings);
        return new BertStates(_bert.Forward(batch, context), batch.Lengths, batch.Indices);
    }

    /// <summary>tanh of a dense layer over each sequence's first token: [B, C].</summary>
    public Tensor Pool(BertStates states)
    {
        ArgumentNullException.ThrowIfNull(states);
        int[] first = new int[states.Lengths.Count];
        for (int i = 1; i < first.Length; i++)
        {
            first[i] = first[i - 1] + states.Lengths[i - 1];
        }

        return (_bert.Pooler ?? throw Missing("pooler (bert.pooler.*)", "take the hidden state of the first token")).Forward(Ops.Embedding(states.Rows, first));
    }

    /// <summary>Logits of each present token, [present tokens, V].</summary>
    public Tensor MaskedLogits(BertStates states)
    {
        ArgumentNullException.ThrowIfNull(states);
        return (_heads?.Predictions ?? throw Missing("head for masked tokens (cls.predictions.*)", "it can embed, not predict")).Forward(states.Rows);
    }

    /// <summary>Logits of (follows, does not follow) from pooled states, [B, 2].</summary>
    public Tensor NextSentenceLogits(Tensor pooled)
    {
        ArgumentNullException.ThrowIfNull(pooled);
        return (_heads?.SeqRelationship ?? throw Missing("next-sentence head (cls.seq_relationship.*)", "load BertForPreTraining's weights")).Forward(pooled);
    }

    /// <summary>The cross-entropy of masked tokens.</summary>
    /// <param name="ids">B*T token ids.</param>
    /// <param name="labels">B*T original ids; -100 where there is no loss, and where the mask is 0.</param>
    /// <param name="sequences">B.</param>
    /// <param name="tokenTypes">The segment of each token; empty for all 0.</param>
    /// <param name="attentionMask">0 where a token is absent; empty for none.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    /// <param name="reduction">Mean, or none for a shard of a batch: then one loss a present token, +0 where there is no label.</param>
    public Tensor Loss(
        ReadOnlySpan<int> ids, ReadOnlySpan<int> labels, int sequences,
        ReadOnlySpan<int> tokenTypes = default, ReadOnlySpan<int> attentionMask = default, ForwardContext? context = null, Reduction reduction = Reduction.Mean)
    {
        if (labels.Length != ids.Length)
        {
            throw new ArgumentException($"Bert.Loss: {ids.Length} ids take as many labels, not {labels.Length}.", nameof(labels));
        }

        BertStates states = Encode(ids, sequences, tokenTypes, attentionMask, context);
        int[] targets = new int[states.Indices.Count];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = labels[states.Indices[i]];
        }

        CrossEntropyLoss loss = reduction switch { Reduction.None => SingleLosses, Reduction.Sum => SummedLoss, _ => MeanLoss };
        return loss.Forward(MaskedLogits(states), targets);
    }

    /// <inheritdoc/>
    public override Tensor Logits(ReadOnlySpan<int> ids) => MaskedLogits(Encode(ids, 1));

    /// <inheritdoc/>
    public override Tensor HiddenStates(ReadOnlySpan<int> ids) => Encode(ids, 1).Rows;

    // Older names: LayerNorm.gamma and beta, no prefix. Copies of tied tensors must be equal.
    internal override IStateSource Renamed(IStateSource source)
    {
        RenamedSource renamed = new("Bert", source, Canonical);
        if (Config.TieWordEmbeddings)
        {
            renamed.RemoveTied("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight");
        }

        renamed.RemoveTied("cls.predictions.decoder.bias", "cls.predictions.bias");
        return renamed;
    }

    private static string? Canonical(string name)
    {
        if (name.EndsWith("embeddings.position_ids", StringComparison.Ordinal) || name.EndsWith("embeddings.token_type_ids", StringComparison.Ordinal))
        {
            return null;
        }

        name = OldNorm().Replace(name, match => match.Groups[1].Value == "gamma" ? ".LayerNorm.weight" : ".LayerNorm.bias");
        return WithoutPrefix().IsMatch(name) ? "bert." + name : name;
    }

    private static StateDictException Missing(string part, string remedy) => new($"Bert: this model has no {part}: {remedy}.");

    [GeneratedRegex(@"\.LayerNorm\.(gamma|beta)$")]
    private static partial Regex OldNorm();

    [GeneratedRegex(@"^(embeddings|encoder|pooler)\.")]
    private static partial Regex WithoutPrefix();
}

/// <summary>Embeddings, blocks, and the pooler if there is one.</summary>
internal sealed class BertModel : Module
{
    private readonly ModuleList<BertLayer> _layers;

    public BertModel(BertConfig config, BertParts parts)
    {
        Embeddings = Add("embeddings", new BertEmbeddings(config));
        _layers = Add("encoder", new BertEncoder(config)).Layers;
        Pooler = parts.HasFlag(BertParts.Pooler) ? Add("pooler", new BertPooler(config)) : null;
    }

    public BertEmbeddings Embeddings { get; }

    public BertPooler? Pooler { get; }

    public Tensor Forward(BertBatch batch, ForwardContext? context)
    {
        Tensor x = Embeddings.Forward(batch, context); // [present tokens, C]
        for (int i = 0; i < _layers.Count; i++)
        {
            x = _layers[i].Forward(x, batch, context);
        }

        return x;
    }
}

/// <summary>LayerNorm((word + token type) + position).</summary>
internal sealed class BertEmbeddings : Module
{
    private readonly Embedding _words, _positions, _types;
    private readonly Nn.LayerNorm _norm;
    private readonly BertDropout _dropout;

    public BertEmbeddings(BertConfig config)
    {
        _words = Add("word_embeddings", new Embedding(config.VocabSize, config.HiddenSize, std: config.InitializerRange));
        _positions = Add("position_embeddings", new Embedding(config.MaxPositionEmbeddings, config.HiddenSize, std: config.InitializerRange));
        _types = Add("token_type_embeddings", new Embedding(config.TypeVocabSize, config.HiddenSize, std: config.InitializerRange));
        _norm = Add("LayerNorm", new Nn.LayerNorm(config.HiddenSize, config.LayerNormEps));
        _dropout = Add("dropout", new BertDropout(config));
    }

    public Parameter TokenTable => _words.Weight;

    public Tensor Forward(BertBatch batch, ForwardContext? context)
    {
        using ModuleScope scope = Enter();
        Tensor x = _words.Forward(batch.Ids) + _types.Forward(batch.Types);
        return _dropout.Forward(_norm.Forward(x, _positions.Forward(batch.Positions), out _), batch, context);
    }
}

internal sealed class BertPooler : Module
{
    private readonly Linear _dense;

    public BertPooler(BertConfig config) => _dense = Add("dense", new Linear(config.HiddenSize, config.HiddenSize, std: config.InitializerRange));

    public Tensor Forward(Tensor first)
    {
        using ModuleScope scope = Enter();
        return Ops.Unary(UnaryOp.Tanh, _dense.Forward(first));
    }
}

/// <summary>What stands under the name "cls".</summary>
internal sealed class BertHeads : Module
{
    public BertHeads(BertConfig config, BertParts parts, Parameter tokenTable)
    {
        Predictions = parts.HasFlag(BertParts.MaskedLanguageHead) ? Add("predictions", new BertPredictions(config, tokenTable)) : null;
        SeqRelationship = parts.HasFlag(BertParts.NextSentenceHead) ? Add("seq_relationship", new Linear(config.HiddenSize, 2, std: config.InitializerRange)) : null;
    }

    public BertPredictions? Predictions { get; }

    public Linear? SeqRelationship { get; }
}

/// <summary>decoder(LayerNorm(act(dense(x)))) + bias; the decoder is the token embedding where they are tied.</summary>
internal sealed class BertPredictions : Module
{
    private readonly BertTransform _transform;
    private readonly Parameter _bias; // [V]
    private readonly Parameter _table; // [V, C]

    public BertPredictions(BertConfig config, Parameter tokenTable)
    {
        _bias = Add("bias", new Parameter([config.VocabSize]));
        _transform = Add("transform", new BertTransform(config));
        _table = config.TieWordEmbeddings
            ? tokenTable
            : Add("decoder", new Linear(config.HiddenSize, config.VocabSize, bias: false, std: config.InitializerRange)).Weight;
    }

    public Tensor Forward(Tensor x)
    {
        using ModuleScope scope = Enter();
        return Ops.MatMul(_transform.Forward(x), _table, transposeB: true, bias: _bias);
    }
}

internal sealed class BertTransform : Module
{
    private readonly Linear _dense;
    private readonly UnaryOp _activation;
    private readonly Nn.LayerNorm _norm;

    public BertTransform(BertConfig config)
    {
        _dense = Add("dense", new Linear(config.HiddenSize, config.HiddenSize, std: config.InitializerRange));
        _activation = config.Activation();
        _norm = Add("LayerNorm", new Nn.LayerNorm(config.HiddenSize, config.LayerNormEps));
    }

    public Tensor Forward(Tensor x)
    {
        using ModuleScope scope = Enter();
        return _norm.Forward(Ops.Unary(_activation, _dense.Forward(x)));
    }
}
