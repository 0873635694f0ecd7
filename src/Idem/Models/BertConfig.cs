// BERT's config.json: Hugging Face's names, read and written without reflection; what is not known is refused by name.

using System.Text.Json;
using System.Text.Json.Serialization;
using Idem.Numerics.Kernels;

namespace Idem.Models;

/// <summary>config.json of model_type <c>bert</c>; absent fields have the defaults of Transformers' BertConfig.</summary>
public sealed record BertConfig : IModelConfig
{
    /// <summary>Always "bert".</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; set; } = "bert";

    /// <summary>What Transformers instantiates; written, and not read: the weights say which heads there are.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string> Architectures { get; set; } = ["BertForMaskedLM"];

    /// <summary>Token ids, V.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabSize { get; set; } = 30522;

    /// <summary>Width, C.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; set; } = 768;

    /// <summary>Blocks.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int NumHiddenLayers { get; set; } = 12;

    /// <summary>Attention heads, H.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int NumAttentionHeads { get; set; } = 12;

    /// <summary>Width inside the feed-forward part.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; set; } = 3072;

    /// <summary>Activation of the feed-forward part and of the masked-LM head.</summary>
    [JsonPropertyName("hidden_act")]
    public string HiddenAct { get; set; } = "gelu";

    /// <summary>Dropout on embeddings and on what enters a residual sum.</summary>
    [JsonPropertyName("hidden_dropout_prob")]
    public double HiddenDropoutProb { get; set; } = 0.1;

    /// <summary>Dropout on attention weights.</summary>
    [JsonPropertyName("attention_probs_dropout_prob")]
    public double AttentionProbsDropoutProb { get; set; } = 0.1;

    /// <summary>The longest sequence.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositionEmbeddings { get; set; } = 512;

    /// <summary>Token types: segments of a pair.</summary>
    [JsonPropertyName("type_vocab_size")]
    public int TypeVocabSize { get; set; } = 2;

    /// <summary>Standard deviation of initial weights.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; set; } = 0.02;

    /// <summary>Added to the variance in layer norms.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double LayerNormEps { get; set; } = 1e-12;

    /// <summary>absolute; the others are not supported.</summary>
    [JsonPropertyName("position_embedding_type")]
    public string PositionEmbeddingType { get; set; } = "absolute";

    /// <summary>The output head is the token embedding.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; set; } = true;

    /// <summary>The id that fills batches; no part in a result.</summary>
    [JsonPropertyName("pad_token_id")]
    public int? PadTokenId { get; set; } = 0;

    /// <summary>Element type of the weights that are written.</summary>
    [JsonPropertyName("torch_dtype")]
    public string TorchDtype => "float32";

    /// <summary>All other fields of the file that was read.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Other { get; set; }

    int IModelConfig.ContextLength => MaxPositionEmbeddings;

    int IModelConfig.Width => HiddenSize;

    int IModelConfig.Layers => NumHiddenLayers;

    UInt128 IModelConfig.ElementsMin => IModelConfig.Elements(
        VocabSize, HiddenSize, NumHiddenLayers, (UInt128)HiddenSize * (((UInt128)HiddenSize * 4) + ((UInt128)IntermediateSize * 2)))
        + (((UInt128)MaxPositionEmbeddings + (UInt128)TypeVocabSize) * (UInt128)HiddenSize);

    IReadOnlyList<int> IModelConfig.EosTokenIds => [];

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static BertConfig Parse(ReadOnlySpan<byte> json)
    {
        BertConfig config = ConfigFields.Deserialize(json, BertConfigJson.Default.BertConfig);
        config.Check();
        return config;
    }

    /// <summary>The bytes of config.json.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, BertConfigJson.Default.BertConfig);

    /// <summary>Throws unless the fields fit together.</summary>
    /// <exception cref="ModelConfigException">They do not; the message names the field.</exception>
    public void Check()
    {
        ConfigFields.Require(ModelType == "bert", "model_type", $"is '{ModelType}', not 'bert'");
        ConfigFields.Require(VocabSize > 0, "vocab_size", $"is {VocabSize}");
        ConfigFields.Require(TypeVocabSize > 0, "type_vocab_size", $"is {TypeVocabSize}");
        ConfigFields.Require(IntermediateSize > 0, "intermediate_size", $"is {IntermediateSize}");
        ConfigFields.Require(NumHiddenLayers > 0, "num_hidden_layers", $"is {NumHiddenLayers}");
        ConfigFields.Require(MaxPositionEmbeddings > 0, "max_position_embeddings", $"is {MaxPositionEmbeddings}");
        ConfigFields.Require(
            NumAttentionHeads > 0 && HiddenSize > 0 && HiddenSize % NumAttentionHeads == 0, "hidden_size",
            $"is {HiddenSize}, which does not divide among num_attention_heads = {NumAttentionHeads}");
        ConfigFields.Require(LayerNormEps is > 0 and < 1, "layer_norm_eps", $"is {LayerNormEps}");
        ConfigFields.Require(InitializerRange is >= 0 and < 1000, "initializer_range", $"is {InitializerRange}");
        ConfigFields.Require(HiddenDropoutProb is >= 0 and < 1, "hidden_dropout_prob", $"is {HiddenDropoutProb}, not in [0, 1)");
        ConfigFields.Require(AttentionProbsDropoutProb is >= 0 and < 1, "attention_probs_dropout_prob", $"is {AttentionProbsDropoutProb}, not in [0, 1)");
        ConfigFields.Require(
            PositionEmbeddingType == "absolute", "position_embedding_type", $"is '{PositionEmbeddingType}'; only absolute positions are supported");
        _ = Activation();
        ConfigFields.CheckOther(Other, (name, value) => name switch
        {
            "is_decoder" or "add_cross_attention" => value.ValueKind == JsonValueKind.False,
            "pruned_heads" => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(),
            _ => name is "directionality" or "chunk_size_feed_forward" || name.StartsWith("pooler_", StringComparison.Ordinal), // left by the first converter
        });
    }

    /// <summary>The activation.</summary>
    internal UnaryOp Activation() => ActivationName.Parse("hidden_act", HiddenAct);
}

[JsonSourceGenerationOptions(WriteIndented = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BertConfig))]
internal sealed partial class BertConfigJson : JsonSerializerContext;
