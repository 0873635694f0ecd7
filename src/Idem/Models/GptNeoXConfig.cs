// GPT-NeoX's config.json: Hugging Face's names, among them two generations of the rotary fields, which must agree.

using System.Text.Json;
using System.Text.Json.Serialization;
using Idem.Numerics.Kernels;

namespace Idem.Models;

/// <summary>config.json of model_type <c>gpt_neox</c>; absent fields have the defaults of Transformers' GPTNeoXConfig.</summary>
public sealed record GptNeoXConfig : IModelConfig
{
    /// <summary>Always "gpt_neox".</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; set; } = "gpt_neox";

    /// <summary>What Transformers instantiates; written, and not read.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string> Architectures { get; set; } = ["GPTNeoXForCausalLM"];

    /// <summary>Token ids, V.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabSize { get; set; } = 50432;

    /// <summary>Width of the residual stream, C.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; set; } = 6144;

    /// <summary>Width inside the feed-forward part.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; set; } = 24576;

    /// <summary>Blocks.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int NumHiddenLayers { get; set; } = 44;

    /// <summary>Attention heads, H.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int NumAttentionHeads { get; set; } = 64;

    /// <summary>Activation of the feed-forward part.</summary>
    [JsonPropertyName("hidden_act")]
    public string HiddenAct { get; set; } = "gelu";

    /// <summary>The longest sequence.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositionEmbeddings { get; set; } = 2048;

    /// <summary>Share of each head that is rotated; 0.25 if neither this nor <see cref="PartialRotaryFactor"/> is given.</summary>
    [JsonPropertyName("rotary_pct")]
    public double? RotaryPct { get; set; }

    /// <summary>The newer name of <see cref="RotaryPct"/>.</summary>
    [JsonPropertyName("partial_rotary_factor")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PartialRotaryFactor { get; set; }

    /// <summary>The base of the rotary frequencies; 10000 if neither this nor <see cref="RopeTheta"/> is given.</summary>
    [JsonPropertyName("rotary_emb_base")]
    public double? RotaryEmbBase { get; set; }

    /// <summary>The newer name of <see cref="RotaryEmbBase"/>.</summary>
    [JsonPropertyName("rope_theta")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RopeTheta { get; set; }

    /// <summary>How the frequencies are stretched, or null.</summary>
    [JsonPropertyName("rope_scaling")]
    public RopeConfig? RopeScaling { get; set; }

    /// <summary>Attention and feed-forward part side by side.</summary>
    [JsonPropertyName("use_parallel_residual")]
    public bool UseParallelResidual { get; set; } = true;

    /// <summary>Biases of the attention's projections.</summary>
    [JsonPropertyName("attention_bias")]
    public bool AttentionBias { get; set; } = true;

    /// <summary>Dropout on attention weights.</summary>
    [JsonPropertyName("attention_dropout")]
    public double AttentionDropout { get; set; }

    /// <summary>Dropout on embeddings and on what enters the residual stream.</summary>
    [JsonPropertyName("hidden_dropout")]
    public double HiddenDropout { get; set; }

    /// <summary>Added to the variance in layer norms.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double LayerNormEps { get; set; } = 1e-5;

    /// <summary>Standard deviation of initial weights.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; set; } = 0.02;

    /// <summary>The output head is the token embedding.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; set; }

    /// <summary>The id that begins a text.</summary>
    [JsonPropertyName("bos_token_id")]
    public int? BosTokenId { get; set; } = 0;

    /// <summary>The ids that end a text.</summary>
    [JsonPropertyName("eos_token_id")]
    [JsonConverter(typeof(TokenIdsConverter))]
    public IReadOnlyList<int> EosTokenIds { get; set; } = [2];

    /// <summary>Element type of the weights that are written.</summary>
    [JsonPropertyName("torch_dtype")]
    public string TorchDtype => "float32";

    /// <summary>All other fields of the file that was read.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Other { get; set; }

    int IModelConfig.ContextLength => RopeConfig.Context(RopeScaling, MaxPositionEmbeddings);

    int IModelConfig.Width => HiddenSize;

    int IModelConfig.Layers => NumHiddenLayers;

    UInt128 IModelConfig.ElementsMin => IModelConfig.Elements(
        VocabSize, HiddenSize, NumHiddenLayers, (UInt128)HiddenSize * (((UInt128)HiddenSize * 4) + ((UInt128)IntermediateSize * 2)));

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static GptNeoXConfig Parse(ReadOnlySpan<byte> json)
    {
        GptNeoXConfig config = ConfigFields.Deserialize(json, GptNeoXConfigJson.Default.GptNeoXConfig);
        config.Check();
        return config;
    }

    /// <summary>The bytes of config.json.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GptNeoXConfigJson.Default.GptNeoXConfig);

    /// <summary>Throws unless the fields fit together.</summary>
    /// <exception cref="ModelConfigException">They do not; the message names the field.</exception>
    public void Check()
    {
        ConfigFields.Require(ModelType == "gpt_neox", "model_type", $"is '{ModelType}', not 'gpt_neox'");
        ConfigFields.Require(VocabSize > 0, "vocab_size", $"is {VocabSize}");
        ConfigFields.Require(IntermediateSize > 0, "intermediate_size", $"is {IntermediateSize}");
        ConfigFields.Require(NumHiddenLayers > 0, "num_hidden_layers", $"is {NumHiddenLayers}");
        ConfigFields.Require(MaxPositionEmbeddings > 0, "max_position_embeddings", $"is {MaxPositionEmbeddings}");
        ConfigFields.Require(
            NumAttentionHeads > 0 && HiddenSize > 0 && HiddenSize % NumAttentionHeads == 0, "hidden_size",
            $"is {HiddenSize}, which does not divide among num_attention_heads = {NumAttentionHeads}");
        ConfigFields.Require(LayerNormEps is > 0 and < 1, "layer_norm_eps", $"is {LayerNormEps}");
        ConfigFields.Require(InitializerRange is >= 0 and < 1000, "initializer_range", $"is {InitializerRange}");
        ConfigFields.Require(AttentionDropout is >= 0 and < 1, "attention_dropout", $"is {AttentionDropout}, not in [0, 1)");
        ConfigFields.Require(HiddenDropout is >= 0 and < 1, "hidden_dropout", $"is {HiddenDropout}, not in [0, 1)");
        ConfigFields.Require(
            RotaryPct is null || PartialRotaryFactor is null || RotaryPct == PartialRotaryFactor, "rotary_pct", $"is {RotaryPct}, but partial_rotary_factor is {PartialRotaryFactor}");
        ConfigFields.Require(
            RotaryEmbBase is null || RopeTheta is null || RotaryEmbBase == RopeTheta, "rotary_emb_base", $"is {RotaryEmbBase}, but rope_theta is {RopeTheta}");
        ConfigFields.Require(RotaryShare is > 0 and <= 1, "rotary_pct", $"is {RotaryShare}, not in (0, 1]");
        _ = Activation();
        _ = Rotary();
        ConfigFields.CheckOther(Other, (name, value) => name is "is_decoder" or "chunk_size_feed_forward");
    }

    /// <summary>The activation.</summary>
    internal UnaryOp Activation() => ActivationName.Parse("hidden_act", HiddenAct);

    /// <summary>The angles: of int(head size * share) elements.</summary>
    internal RotaryParameters Rotary() =>
        RopeConfig.Parameters(RopeScaling, RopeTheta ?? RotaryEmbBase ?? 10_000, (int)(HiddenSize / NumAttentionHeads * RotaryShare), MaxPositionEmbeddings);

    private double RotaryShare => PartialRotaryFactor ?? RotaryPct ?? 0.25;
}

[JsonSourceGenerationOptions(WriteIndented = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(GptNeoXConfig))]
internal sealed partial class GptNeoXConfigJson : JsonSerializerContext;
