// Llama 1 to 3 (Touvron et al. 2023) as Hugging Face's LlamaForCausalLM.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>A Llama language model.</summary>
/// <param name="config">Its shape and choices.</param>
public sealed class Llama(LlamaConfig config) : GatedDecoder(config)
{
    /// <inheritdoc/>
    public override LlamaConfig Config => config;
}

/// <summary>config.json of model_type <c>llama</c>; absent fields have the defaults of Transformers' LlamaConfig.</summary>
public sealed record LlamaConfig : GatedDecoderConfig
{
    /// <summary>The defaults.</summary>
    public LlamaConfig()
    {
        ModelType = "llama";
        Architectures = ["LlamaForCausalLM"];
        VocabSize = 32000;
        HiddenSize = 4096;
        IntermediateSize = 11008;
        NumHiddenLayers = 32;
        NumAttentionHeads = 32;
        MaxPositionEmbeddings = 2048;
        BosTokenId = 1;
        EosTokenIds = [2];
    }

    /// <summary>Biases of q, k, v and the attention's output.</summary>
    [JsonPropertyName("attention_bias")]
    public bool AttentionBias { get; set; }

    /// <summary>Biases of the feed-forward part.</summary>
    [JsonPropertyName("mlp_bias")]
    public bool MlpBias { get; set; }

    internal override string ExpectedType => "llama";

    internal override bool HasInputBias => AttentionBias;

    internal override bool HasOutputBias => AttentionBias;

    internal override bool HasMlpBias => MlpBias;

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static LlamaConfig Parse(ReadOnlySpan<byte> json)
    {
        LlamaConfig config = ConfigFields.Deserialize(json, GatedDecoderJson.Default.LlamaConfig);
        config.Check();
        return config;
    }

    /// <inheritdoc/>
    public override byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GatedDecoderJson.Default.LlamaConfig);
}
