// Qwen2 and Qwen2.5 (Yang et al. 2024) as Hugging Face's Qwen2ForCausalLM: Llama with biases on q, k and v.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>A Qwen2 language model.</summary>
/// <param name="config">Its shape and choices.</param>
public sealed class Qwen2(Qwen2Config config) : GatedDecoder(config)
{
    /// <inheritdoc/>
    public override Qwen2Config Config => config;
}

/// <summary>config.json of model_type <c>qwen2</c>; absent fields have the defaults of Transformers' Qwen2Config.</summary>
public sealed record Qwen2Config : GatedDecoderConfig
{
    /// <summary>The defaults.</summary>
    public Qwen2Config()
    {
        ModelType = "qwen2";
        Architectures = ["Qwen2ForCausalLM"];
        VocabSize = 151936;
        HiddenSize = 4096;
        IntermediateSize = 22016;
        NumHiddenLayers = 32;
        NumAttentionHeads = 32;
        NumKeyValueHeads = 32;
        MaxPositionEmbeddings = 32768;
    }

    /// <summary>Whether any layer has the window.</summary>
    [JsonPropertyName("use_sliding_window")]
    public bool UseSlidingWindow { get; set; }

    /// <summary>The window of layers that have one.</summary>
    [JsonPropertyName("sliding_window")]
    public int? SlidingWindow { get; set; } = 4096;

    /// <summary>Layers from this one on have the window.</summary>
    [JsonPropertyName("max_window_layers")]
    public int MaxWindowLayers { get; set; } = 28;

    internal override string ExpectedType => "qwen2";

    internal override bool HasInputBias => true;

    internal override int? Window => UseSlidingWindow ? SlidingWindow : null;

    internal override bool Slides(int layer) => layer >= MaxWindowLayers;

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static Qwen2Config Parse(ReadOnlySpan<byte> json)
    {
        Qwen2Config config = ConfigFields.Deserialize(json, GatedDecoderJson.Default.Qwen2Config);
        config.Check();
        return config;
    }

    /// <inheritdoc/>
    public override byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GatedDecoderJson.Default.Qwen2Config);
}
