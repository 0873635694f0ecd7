// From a config.json to its model: the one place that knows which model types there are.

using System.Text.Json;
using System.Text.Unicode;
using Idem.Tensors;

namespace Idem.Models;

/// <summary>The model types that can be read.</summary>
public static class ModelTypes
{
    /// <summary>All names of <c>model_type</c>, for messages.</summary>
    public static string Names { get; } = "gpt2, llama, mistral, qwen2, qwen3, gpt_neox, gemma, bert";

    /// <summary>The model that a config.json describes, its parameters not yet loaded.</summary>
    /// <param name="json">The file.</param>
    /// <param name="weights">What is to be loaded: it says which heads an encoder has, and bounds the memory that a configuration can ask for.</param>
    /// <exception cref="ModelConfigException">Malformed, of an unknown type, with a field that is not supported, or of a larger model than the weights.</exception>
    public static LanguageModel Create(ReadOnlySpan<byte> json, IStateSource weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return TypeOf(json) switch
        {
            "gpt2" => new Gpt2(Fitting(Gpt2Config.Parse(json), weights)),
            "llama" => new Llama(Fitting(LlamaConfig.Parse(json), weights)),
            "mistral" => new Mistral(Fitting(MistralConfig.Parse(json), weights)),
            "qwen2" => new Qwen2(Fitting(Qwen2Config.Parse(json), weights)),
            "qwen3" => new Qwen3(Fitting(Qwen3Config.Parse(json), weights)),
            "gpt_neox" => new GptNeoX(Fitting(GptNeoXConfig.Parse(json), weights)),
            "gemma" => new Gemma(Fitting(GemmaConfig.Parse(json), weights)),
            "bert" => new Bert(Fitting(BertConfig.Parse(json), weights), Bert.PartsOf(weights.Names)),
            string other => throw new ModelConfigException(
                $"config.json: model_type is '{other}', which is not supported; supported are {Names}."),
        };
    }

    private static T Fitting<T>(T config, IStateSource weights)
        where T : IModelConfig
    {
        UInt128 stored = 0;
        foreach (string name in weights.Names)
        {
            stored += weights.TryGetShape(name, out Shape shape) ? (UInt128)shape.Length : 0;
        }

        return config.ElementsMin <= stored
            ? config
            : throw new ModelConfigException($"config.json describes a model of at least {config.ElementsMin} parameters, but the weights have {stored}; they are not of one model.");
    }

    private static string TypeOf(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw new ModelConfigException("config.json is not UTF-8.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json.ToArray());
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()!
                : throw new ModelConfigException($"config.json has no model_type; add it ({Names}).");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelConfigException($"config.json is not JSON: {e.Message}", e);
        }
    }
}
