// What reading any config.json shares. A field that its model's file does not know is refused by name, unless it is known not to
// reach a result: silence would mean another model than the file describes.

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Idem.Numerics.Kernels;

namespace Idem.Models;

internal static class ConfigFields
{
    // About saving, loading, other tasks, other frameworks or generation: nothing here reaches a logit.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "architectures", "_name_or_path", "name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "task_specific_params",
        "gradient_checkpointing", "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "cls_token_id", "unk_token_id", "mask_token_id", "decoder_start_token_id",
        "output_attentions", "output_hidden_states", "output_scores", "return_dict", "return_dict_in_generate", "id2label", "label2id", "num_labels", "problem_type",
        "classifier_dropout", "finetuning_task", "prefix", "is_encoder_decoder", "tokenizer_class", "attn_implementation", "_attn_implementation",
        "_attn_implementation_autoset", "max_length", "min_length", "do_sample", "temperature", "top_k", "top_p", "pretraining_tp", "transformers.js_config",
        "initializer_range", "is_llama_config", "model_max_length", "unsloth_version", "unsloth_fixed",
    };

    /// <summary>The field that says how matrices are stored.</summary>
    public const string QuantizationField = "quantization_config";

    /// <summary>What <see cref="QuantizationField"/> says of the q8 profile.</summary>
    public const string Q8Method = "idem-q8";

    /// <summary>The record that a file describes.</summary>
    /// <exception cref="ModelConfigException">The bytes are not such an object.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new ModelConfigException("config.json holds null; it must be an object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new ModelConfigException($"config.json cannot be read as a model configuration: {e.Message}", e);
        }
    }

    /// <summary>Throws on the first field that is neither harmless nor allowed.</summary>
    /// <param name="other">Fields that the record has no property for.</param>
    /// <param name="isAllowed">Whether a field with this value changes nothing.</param>
    public static void CheckOther(IReadOnlyDictionary<string, JsonElement>? other, Func<string, JsonElement, bool> isAllowed)
    {
        foreach ((string name, JsonElement value) in other ?? new Dictionary<string, JsonElement>())
        {
            Require(
                Harmless.Contains(name) || value.ValueKind == JsonValueKind.Null || (name == QuantizationField && IsQ8(value)) || isAllowed(name, value), name,
                $"is {value.GetRawText()}, which this implementation does not know how to honour; remove it only if it cannot change a result");
        }
    }

    // {"quant_method": "idem-q8", "block_size": 32} says what the tensors show.
    private static bool IsQ8(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(field => field.Name switch
    {
        "quant_method" => field.Value.ValueKind == JsonValueKind.String && field.Value.ValueEquals(Q8Method),
        "block_size" => field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out int size) && size == Q8Storage.BlockLength,
        _ => false,
    });

    /// <summary>Throws unless a field is as it must be.</summary>
    public static void Require(bool condition, string field, string problem)
    {
        if (!condition)
        {
            throw new ModelConfigException($"config.json: {field} {problem}.");
        }
    }
}

/// <summary>A model configuration that cannot be honoured; the message names the field.</summary>
public sealed class ModelConfigException : Exception
{
    /// <summary>An error with a whole message.</summary>
    public ModelConfigException(string message)
        : base(message)
    {
    }

    /// <summary>An error without details; prefer the others.</summary>
    public ModelConfigException()
    {
    }

    /// <summary>An error with its cause.</summary>
    public ModelConfigException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
