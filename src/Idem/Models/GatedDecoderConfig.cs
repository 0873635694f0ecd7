// What the config.json files of Llama and its descendants share, and the choices in which they differ. Properties are settable
// because the source generator would give absent init-only ones 0 instead of their defaults.

using System.Text.Json;
using System.Text.Json.Serialization;
using Idem.Numerics.Kernels;

namespace Idem.Models;

/// <summary>The shape and choices of a model with rotary attention and gated feed-forward parts.</summary>
public abstract record GatedDecoderConfig : IModelConfig
{
    /// <summary>The kind of model.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; set; } = "";

    /// <summary>What Transformers instantiates; written, and not read.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string> Architectures { get; set; } = [];

    /// <summary>Token ids, V.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabSize { get; set; }

    /// <summary>Width of the residual stream, C.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; set; }

    /// <summary>Width inside the feed-forward part.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; set; }

    /// <summary>Blocks.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int NumHiddenLayers { get; set; }

    /// <summary>Query heads, H.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int NumAttentionHeads { get; set; }

    /// <summary>Key heads, each shared by as many query heads; as many as query heads if null.</summary>
    [JsonPropertyName("num_key_value_heads")]
    public int? NumKeyValueHeads { get; set; }

    /// <summary>Elements of a head, D; C/H if null.</summary>
    [JsonPropertyName("head_dim")]
    public int? HeadDim { get; set; }

    /// <summary>Activation of the feed-forward part's gate.</summary>
    [JsonPropertyName("hidden_act")]
    public string HiddenAct { get; set; } = "silu";

    /// <summary>The longest sequence.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositionEmbeddings { get; set; }

    /// <summary>Standard deviation of initial weights.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; set; } = 0.02;

    /// <summary>Added to the mean square in norms.</summary>
    [JsonPropertyName("rms_norm_eps")]
    public double RmsNormEps { get; set; } = 1e-6;

    /// <summary>The base of the rotary frequencies.</summary>
    [JsonPropertyName("rope_theta")]
    public double RopeTheta { get; set; } = 10_000;

    /// <summary>How they are stretched, or null.</summary>
    [JsonPropertyName("rope_scaling")]
    public RopeConfig? RopeScaling { get; set; }

    /// <summary>Newer files' name for base and stretching together; wins where it is given.</summary>
    [JsonPropertyName("rope_parameters")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RopeConfig? RopeParameters { get; set; }

    /// <summary>full_attention or sliding_attention for each layer; null for what the model type says.</summary>
    [JsonPropertyName("layer_types")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? LayerTypes { get; set; }

    /// <summary>Dropout on attention weights.</summary>
    [JsonPropertyName("attention_dropout")]
    public double AttentionDropout { get; set; }

    /// <summary>The output head is the token embedding.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; set; }

    /// <summary>The id that begins a text.</summary>
    [JsonPropertyName("bos_token_id")]
    public int? BosTokenId { get; set; }

    /// <summary>The ids that end a text.</summary>
    [JsonPropertyName("eos_token_id")]
    [JsonConverter(typeof(TokenIdsConverter))]
    public IReadOnlyList<int> EosTokenIds { get; set; } = [];

    /// <summary>The id that fills batches elsewhere; no part in a result.</summary>
    [JsonPropertyName("pad_token_id")]
    public int? PadTokenId { get; set; }

    /// <summary>Element type of the weights that are written.</summary>
    [JsonPropertyName("torch_dtype")]
    public string TorchDtype => "float32";

    /// <summary>All other fields of the file that was read.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Other { get; set; }

    int IModelConfig.ContextLength => RopeConfig.Context(RopeParameters ?? RopeScaling, MaxPositionEmbeddings);

    int IModelConfig.Width => HiddenSize;

    int IModelConfig.Layers => NumHiddenLayers;

    UInt128 IModelConfig.ElementsMin => IModelConfig.Elements(
        VocabSize, HiddenSize, NumHiddenLayers,
        (UInt128)HiddenSize * (((UInt128)HeadSize * 2 * ((UInt128)NumAttentionHeads + (UInt128)KeyHeads)) + ((UInt128)IntermediateSize * 3)));

    /// <summary>Elements of a head.</summary>
    [JsonIgnore]
    public int HeadSize => HeadDim ?? (HiddenSize / NumAttentionHeads);

    /// <summary>Key heads.</summary>
    [JsonIgnore]
    public int KeyHeads => NumKeyValueHeads ?? NumAttentionHeads;

    // ---- the choices in which the model types differ

    /// <summary>The model_type that this record describes.</summary>
    internal abstract string ExpectedType { get; }

    /// <summary>Biases of q, k and v.</summary>
    internal virtual bool HasInputBias => false;

    /// <summary>A bias of the attention's output.</summary>
    internal virtual bool HasOutputBias => false;

    /// <summary>Biases of the feed-forward part.</summary>
    internal virtual bool HasMlpBias => false;

    /// <summary>Norms of each head of q and k.</summary>
    internal virtual bool HasHeadNorms => false;

    /// <summary>Norms multiply by 1 + weight.</summary>
    internal virtual bool NormsAddOne => false;

    /// <summary>Embeddings are multiplied by sqrt(C).</summary>
    internal virtual bool ScalesEmbeddings => false;

    /// <summary>The window of layers that have one; null if none has.</summary>
    internal virtual int? Window => null;

    /// <summary>The activation's name, and the field that says it.</summary>
    internal virtual (string Field, string Name) ActivationField => ("hidden_act", HiddenAct);

    /// <summary>Whether a layer has the window, where layer_types does not say.</summary>
    internal virtual bool Slides(int layer) => true;

    /// <summary>Keys that a query of this layer sees at most; 0 for all.</summary>
    internal int WindowOf(int layer) => Window is { } window && (LayerTypes?[layer] ?? (Slides(layer) ? Sliding : Full)) == Sliding ? window : 0;

    /// <summary>The angles.</summary>
    internal RotaryParameters Rotary() => RopeConfig.Parameters(RopeParameters ?? RopeScaling, RopeTheta, HeadSize, MaxPositionEmbeddings);

    /// <summary>The bytes of config.json.</summary>
    public abstract byte[] ToJson();

    /// <summary>Throws unless the fields fit together.</summary>
    /// <exception cref="ModelConfigException">They do not; the message names the field.</exception>
    public void Check()
    {
        ConfigFields.Require(ModelType == ExpectedType, "model_type", $"is '{ModelType}', not '{ExpectedType}'");
        ConfigFields.Require(VocabSize > 0, "vocab_size", $"is {VocabSize}");
        ConfigFields.Require(HiddenSize > 0, "hidden_size", $"is {HiddenSize}");
        ConfigFields.Require(IntermediateSize > 0, "intermediate_size", $"is {IntermediateSize}");
        ConfigFields.Require(NumHiddenLayers > 0, "num_hidden_layers", $"is {NumHiddenLayers}");
        ConfigFields.Require(MaxPositionEmbeddings > 0, "max_position_embeddings", $"is {MaxPositionEmbeddings}");
        ConfigFields.Require(NumAttentionHeads > 0, "num_attention_heads", $"is {NumAttentionHeads}");
        ConfigFields.Require(
            KeyHeads > 0 && NumAttentionHeads % KeyHeads == 0, "num_key_value_heads", $"is {KeyHeads}, which {NumAttentionHeads} query heads cannot share evenly");
        ConfigFields.Require(
            HeadDim is not null || HiddenSize % NumAttentionHeads == 0, "hidden_size", $"is {HiddenSize}, which does not divide among num_attention_heads = {NumAttentionHeads}");
        ConfigFields.Require(HeadSize is > 0 and <= Attention.HeadSizeMax && HeadSize % 2 == 0, "head_dim", $"is {HeadSize}; rotary heads have an even number of elements, at most {Attention.HeadSizeMax}");
        ConfigFields.Require(RmsNormEps is > 0 and < 1, "rms_norm_eps", $"is {RmsNormEps}");
        ConfigFields.Require(InitializerRange is >= 0 and < 1000, "initializer_range", $"is {InitializerRange}");
        ConfigFields.Require(AttentionDropout is >= 0 and < 1, "attention_dropout", $"is {AttentionDropout}, not in [0, 1)");
        ConfigFields.Require(Window is null or > 0, "sliding_window", $"is {Window}");
        _ = Activation();
        _ = Rotary();
        if (LayerTypes is { } types)
        {
            ConfigFields.Require(types.Count == NumHiddenLayers, "layer_types", $"has {types.Count} entries for {NumHiddenLayers} layers");
            ConfigFields.Require(
                types.All(type => type == Full || (type == Sliding && Window is not null)), "layer_types", "holds more than full_attention and, with a sliding_window, sliding_attention");
        }

        ConfigFields.CheckOther(Other, (name, value) => name switch
        {
            "rope_interleaved" or "use_mrope" or "is_decoder" or "add_cross_attention" or "use_bidirectional_attention" => value.ValueKind == JsonValueKind.False,
            "partial_rotary_factor" => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1,
            "pruned_heads" => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(),
            "chunk_size_feed_forward" => true,
            _ => false,
        });
    }

    /// <summary>The activation.</summary>
    internal UnaryOp Activation() => ActivationName.Parse(ActivationField.Field, ActivationField.Name);

    private const string Full = "full_attention";
    private const string Sliding = "sliding_attention";
}

[JsonSourceGenerationOptions(WriteIndented = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(LlamaConfig))]
[JsonSerializable(typeof(MistralConfig))]
[JsonSerializable(typeof(Qwen2Config))]
[JsonSerializable(typeof(Qwen3Config))]
[JsonSerializable(typeof(GemmaConfig))]
internal sealed partial class GatedDecoderJson : JsonSerializerContext;
