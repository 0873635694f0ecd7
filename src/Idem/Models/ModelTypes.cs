// From a config.json to its model: the one place that knows which model types there are.

using System.Text.Json;

namespace Idem.Models;

/// <summary>The model types that can be read.</summary>
public static class ModelTypes
{
    /// <summary>All names of <c>model_type</c>, for messages.</summary>
    public static string Names { get; } = "gpt2, llama, mistral, qwen2, qwen3, gpt_neox, gemma, bert";

    /// <summary>The model that a config.json describes, its parameters not yet loaded.</summary>
    /// <param name="json">The file.</param>
    /// <param name="tensors">Names of the tensors that are to be loaded: they say which heads an encoder has.</param>
    /// <exception cref="ModelConfigException">Malformed, of an unknown type, or with a field that is not supported.</exception>
    public static LanguageModel Create(ReadOnlySpan<byte> json, IEnumerable<string> tensors) => TypeOf(json) switch
    {
        "gpt2" => new Gpt2(Gpt2Config.Parse(json)),
        "llama" => new Llama(LlamaConfig.Parse(json)),
        "mistral" => new Mistral(MistralConfig.Parse(json)),
        "qwen2" => new Qwen2(Qwen2Config.Parse(json)),
        "qwen3" => new Qwen3(Qwen3Config.Parse(json)),
        "gpt_neox" => new GptNeoX(GptNeoXConfig.Parse(json)),
        "gemma" => new Gemma(GemmaConfig.Parse(json)),
        "bert" => new Bert(BertConfig.Parse(json), Bert.PartsOf(tensors)),
        string other => throw new ModelConfigException(
            $"config.json: model_type is '{other}', which is not supported; supported are {Names}."),
    };

    private static string TypeOf(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()!
                : throw new ModelConfigException($"config.json has no model_type; add it ({Names}).");
        }
        catch (JsonException e)
        {
            throw new ModelConfigException($"config.json is not JSON: {e.Message}", e);
        }
    }
}
