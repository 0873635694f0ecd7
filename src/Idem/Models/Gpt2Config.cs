// GPT-2's config.json: Hugging Face's names, read and written without reflection. A field that this file does not know is refused
// by name, unless it is known not to reach a result: silence would mean another model than the file describes.
// Properties are settable because the source generator would give absent init-only ones 0 instead of their defaults.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>The shape and choices of a GPT-2 model.</summary>
public sealed record Gpt2Config : IModelConfig
{
    /// <summary>Always "gpt2".</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; set; } = "gpt2";

    /// <summary>Token ids, V.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabSize { get; set; } = 50257;

    /// <summary>The longest sequence.</summary>
    [JsonPropertyName("n_positions")]
    public int NPositions { get; set; } = 1024;

    /// <summary>Width of the residual stream, C.</summary>
    [JsonPropertyName("n_embd")]
    public int NEmbd { get; set; } = 768;

    /// <summary>Blocks.</summary>
    [JsonPropertyName("n_layer")]
    public int NLayer { get; set; } = 12;

    /// <summary>Attention heads, H.</summary>
    [JsonPropertyName("n_head")]
    public int NHead { get; set; } = 12;

    /// <summary>Width inside the feed-forward part; 4C if null.</summary>
    [JsonPropertyName("n_inner")]
    public int? NInner { get; set; }

    /// <summary>gelu_new, gelu_pytorch_tanh (the same), gelu, relu, silu, swish (the same) or tanh.</summary>
    [JsonPropertyName("activation_function")]
    public string ActivationFunction { get; set; } = "gelu_new";

    /// <summary>Dropout on what enters the residual stream.</summary>
    [JsonPropertyName("resid_pdrop")]
    public double ResidPdrop { get; set; } = 0.1;

    /// <summary>Dropout on the embeddings.</summary>
    [JsonPropertyName("embd_pdrop")]
    public double EmbdPdrop { get; set; } = 0.1;

    /// <summary>Dropout on attention weights.</summary>
    [JsonPropertyName("attn_pdrop")]
    public double AttnPdrop { get; set; } = 0.1;

    /// <summary>Added to the variance in layer norms.</summary>
    [JsonPropertyName("layer_norm_epsilon")]
    public double LayerNormEpsilon { get; set; } = 1e-5;

    /// <summary>Standard deviation of initial weights.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; set; } = 0.02;

    /// <summary>The output head is the token embedding.</summary>
    [JsonPropertyName("tie_word_embeddings")]
    public bool TieWordEmbeddings { get; set; } = true;

    /// <summary>Divide attention scores by the square root of the head size.</summary>
    [JsonPropertyName("scale_attn_weights")]
    public bool ScaleAttnWeights { get; set; } = true;

    /// <summary>Divide them by the layer's index plus one as well.</summary>
    [JsonPropertyName("scale_attn_by_inverse_layer_idx")]
    public bool ScaleAttnByInverseLayerIdx { get; set; }

    /// <summary>Biases in linear and norm layers; an addition to Hugging Face's fields. Files are written complete either way.</summary>
    [JsonPropertyName("bias")]
    public bool Bias { get; set; } = true;

    /// <summary>The id that begins a text.</summary>
    [JsonPropertyName("bos_token_id")]
    public int? BosTokenId { get; set; } = 50256;

    /// <summary>The id that ends a text.</summary>
    [JsonPropertyName("eos_token_id")]
    public int? EosTokenId { get; set; } = 50256;

    /// <summary>What Transformers instantiates; written, and not read.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string> Architectures { get; set; } = ["GPT2LMHeadModel"];

    /// <summary>All other fields of the file that was read.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Other { get; set; }

    int IModelConfig.ContextLength => NPositions;

    int IModelConfig.Width => NEmbd;

    int IModelConfig.Layers => NLayer;

    UInt128 IModelConfig.ElementsMin => IModelConfig.Elements(VocabSize, NEmbd, NLayer, (UInt128)NEmbd * (((UInt128)NEmbd * 4) + ((NInner is { } inner ? (UInt128)inner : (UInt128)NEmbd * 4) * 2)))
        + ((UInt128)NPositions * (UInt128)NEmbd);

    IReadOnlyList<int> IModelConfig.EosTokenIds => EosTokenId is { } id ? [id] : [];

    /// <summary>Elements of an attention head.</summary>
    [JsonIgnore]
    public int HeadSize => NEmbd / NHead;

    /// <summary>Width inside the feed-forward part.</summary>
    [JsonIgnore]
    public int InnerSize => NInner ?? (4 * NEmbd);

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, not GPT-2, inconsistent, or with a field that is not supported.</exception>
    public static Gpt2Config Parse(ReadOnlySpan<byte> json)
    {
        Gpt2Config config = ConfigFields.Deserialize(json, Gpt2ConfigJson.Default.Gpt2Config);
        config.Check();
        return config;
    }

    /// <summary>The file's bytes: fields in the order above, two spaces of indentation.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, Gpt2ConfigJson.Default.Gpt2Config);

    /// <summary>Throws unless the fields fit together.</summary>
    /// <exception cref="ModelConfigException">They do not; the message names the field.</exception>
    public void Check()
    {
        ConfigFields.Require(ModelType == "gpt2", "model_type", $"is '{ModelType}', not 'gpt2'");
        ConfigFields.Require(VocabSize > 0, "vocab_size", $"is {VocabSize}");
        ConfigFields.Require(NPositions > 0, "n_positions", $"is {NPositions}");
        ConfigFields.Require(NLayer > 0, "n_layer", $"is {NLayer}");
        ConfigFields.Require(NHead > 0 && NEmbd > 0 && NEmbd % NHead == 0, "n_embd", $"is {NEmbd}, which does not divide among n_head = {NHead}");
        ConfigFields.Require(NInner is null or > 0, "n_inner", $"is {NInner}");
        ConfigFields.Require(LayerNormEpsilon is > 0 and < 1, "layer_norm_epsilon", $"is {LayerNormEpsilon}");
        ConfigFields.Require(InitializerRange is >= 0 and < 1000, "initializer_range", $"is {InitializerRange}");
        foreach ((string name, double p) in new[] { ("resid_pdrop", ResidPdrop), ("embd_pdrop", EmbdPdrop), ("attn_pdrop", AttnPdrop) })
        {
            ConfigFields.Require(p is >= 0 and < 1, name, $"is {p}, not in [0, 1)");
        }

        ConfigFields.Require(
            ActivationFunction is "gelu_new" or "gelu_pytorch_tanh" or "gelu" or "relu" or "silu" or "swish" or "tanh",
            "activation_function", $"is '{ActivationFunction}'; known are gelu_new, gelu_pytorch_tanh, gelu, relu, silu, swish, tanh");
        ConfigFields.CheckOther(Other, (name, value) => name switch
        {
            "add_cross_attention" => value.ValueKind == JsonValueKind.False,
            "pruned_heads" => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(),
            _ => name.StartsWith("summary_", StringComparison.Ordinal) || name is "n_ctx" or "reorder_and_upcast_attn" or "is_decoder", // attention is float32 here in either order
        });
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Gpt2Config))]
internal sealed partial class Gpt2ConfigJson : JsonSerializerContext;
