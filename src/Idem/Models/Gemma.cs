// Gemma 1 (Gemma Team 2024) as Hugging Face's GemmaForCausalLM: Llama with norms that multiply by 1 + weight, and scaled embeddings.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

/// <summary>A Gemma language model.</summary>
/// <param name="config">Its shape and choices.</param>
public sealed class Gemma(GemmaConfig config) : GatedDecoder(config)
{
    /// <inheritdoc/>
    public override GemmaConfig Config => config;
}

/// <summary>config.json of model_type <c>gemma</c>; absent fields have the defaults of Transformers' GemmaConfig.</summary>
public sealed record GemmaConfig : GatedDecoderConfig
{
    /// <summary>The defaults.</summary>
    public GemmaConfig()
    {
        ModelType = "gemma";
        Architectures = ["GemmaForCausalLM"];
        VocabSize = 256000;
        HiddenSize = 3072;
        IntermediateSize = 24576;
        NumHiddenLayers = 28;
        NumAttentionHeads = 16;
        NumKeyValueHeads = 16;
        HeadDim = 256;
        HiddenAct = "gelu_pytorch_tanh";
        MaxPositionEmbeddings = 8192;
        TieWordEmbeddings = true;
        BosTokenId = 2;
        EosTokenIds = [1];
        PadTokenId = 0;
    }

    /// <summary>The activation; gelu_pytorch_tanh if null, whatever hidden_act says: early files named the wrong one there.</summary>
    [JsonPropertyName("hidden_activation")]
    public string? HiddenActivation { get; set; }

    /// <summary>Biases of q, k, v and the attention's output.</summary>
    [JsonPropertyName("attention_bias")]
    public bool AttentionBias { get; set; }

    internal override string ExpectedType => "gemma";

    internal override bool HasInputBias => AttentionBias;

    internal override bool HasOutputBias => AttentionBias;

    internal override bool NormsAddOne => true;

    internal override bool ScalesEmbeddings => true;

    internal override (string Field, string Name) ActivationField => ("hidden_activation", HiddenActivation ?? "gelu_pytorch_tanh");

    /// <summary>Reads config.json.</summary>
    /// <exception cref="ModelConfigException">Malformed, of another model, inconsistent, or with a field that is not supported.</exception>
    public static GemmaConfig Parse(ReadOnlySpan<byte> json)
    {
        GemmaConfig config = ConfigFields.Deserialize(json, GatedDecoderJson.Default.GemmaConfig);
        config.Check();
        return config;
    }

    /// <inheritdoc/>
    public override byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this with { Other = null }, GatedDecoderJson.Default.GemmaConfig);
}
