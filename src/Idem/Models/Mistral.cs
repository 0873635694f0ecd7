// Mistral 7B (Jiang et al. 2023) as Hugging Face's MistralForCausalLM: Llama with a sliding window.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>A Mistral language model.</summary>
/// <param name="config">Its shape and choices.</param>
public sealed class Mistral(MistralConfig config) : GatedDecoder(config)
{
    /// <inheritdoc/>
    public override MistralConfig Config => config;
}

/// <summary>config.json of model_type <c>mistral</c>; absent fields have the defaults of Transformers' MistralConfig.</summary>
public sealed record MistralConfig : GatedDecoderConfig
{
    /// <summary>The defaults.</summary>
    public MistralConfig()
    {
        ModelType = "mistral";
        Architectures = ["MistralForCausalLM"];
        VocabSize = 32000;
        HiddenSize = 4096;
        IntermediateSize = 14336;
        NumHiddenLayers = 32;
        NumAttentionHeads = 32;
        NumKeyValueHeads = 8;
        MaxPositionEmbeddings = 131072;
        BosTokenId = 1;
        EosTokenIds = [2];
    }

    /// <summary>A query at position i sees keys j with i - window &lt; j &lt;= i; all of them if null.</summary>
    [JsonPropertyName("sliding_window")]
    public int? SlidingWindow { get; set; } = 4096;

    internal override string ExpectedType => "mistral";

    internal override int? Window => SlidingWindow;

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static MistralConfig Parse(ReadOnlySpan<byte> json)
    {
        MistralConfig config = ConfigFields.Deserialize(json, GatedDecoderJson.Default.MistralConfig);
        config.Check();
        return config;
    }

    /// <inheritdoc/>
    public override byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GatedDecoderJson.Default.MistralConfig);
}
