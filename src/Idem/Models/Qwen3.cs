// Qwen3 (Yang et al. 2025) as Hugging Face's Qwen3ForCausalLM: Llama with norms of each head of q and k.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>A Qwen3 language model.</summary>
/// <param name="config">Its shape and choices.</param>
public sealed class Qwen3(Qwen3Config config) : GatedDecoder(config)
{
    /// <inheritdoc/>
    public override Qwen3Config Config => config;
}

/// <summary>config.json of model_type <c>qwen3</c>; absent fields have the defaults of Transformers' Qwen3Config.</summary>
public sealed record Qwen3Config : GatedDecoderConfig
{
    /// <summary>The defaults.</summary>
    public Qwen3Config()
    {
        ModelType = "qwen3";
        Architectures = ["Qwen3ForCausalLM"];
        VocabSize = 151936;
        HiddenSize = 4096;
        IntermediateSize = 22016;
        NumHiddenLayers = 32;
        NumAttentionHeads = 32;
        NumKeyValueHeads = 32;
        HeadDim = 128;
        MaxPositionEmbeddings = 32768;
    }

    /// <summary>Biases of q, k, v and the attention's output.</summary>
    [JsonPropertyName("attention_bias")]
    public bool AttentionBias { get; set; }

    /// <summary>Whether any layer has the window.</summary>
    [JsonPropertyName("use_sliding_window")]
    public bool UseSlidingWindow { get; set; }

    /// <summary>The window of layers that have one.</summary>
    [JsonPropertyName("sliding_window")]
    public int? SlidingWindow { get; set; } = 4096;

    /// <summary>Layers from this one on have the window.</summary>
    [JsonPropertyName("max_window_layers")]
    public int MaxWindowLayers { get; set; } = 28;

    internal override string ExpectedType => "qwen3";

    internal override bool HasInputBias => AttentionBias;

    internal override bool HasOutputBias => AttentionBias;

    internal override bool HasHeadNorms => true;

    internal override int? Window => UseSlidingWindow ? SlidingWindow : null;

    internal override bool Slides(int layer) => layer >= MaxWindowLayers;

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static Qwen3Config Parse(ReadOnlySpan<byte> json)
    {
        Qwen3Config config = ConfigFields.Deserialize(json, GatedDecoderJson.Default.Qwen3Config);
        config.Check();
        return config;
    }

    /// <inheritdoc/>
    public override byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GatedDecoderJson.Default.Qwen3Config);
}
