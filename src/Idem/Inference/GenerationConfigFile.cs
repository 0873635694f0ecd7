// Reads generation_config.json. As with config.json, a field that is not known is refused by name unless it is known not to reach a
// result: silence would mean another text than its author set. Neutral values, with which Transformers leaves a feature off, pass; so
// does null. The ids that end a text are read apart from the rest, for those who leave the rest aside.

using System.Text.Json;
using System.Text.Unicode;
using Idem.Formats;
using Idem.Models;

namespace Idem.Inference;

internal sealed class GenerationConfigFile
{
    // Transformers' own default, which it takes for "nothing is said".
    private const int NoMaxLength = 20;

    private static readonly HashSet<string> Read = new(StringComparer.Ordinal)
    {
        "eos_token_id", "do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "max_new_tokens", "max_length",
    };

    // About saving, other ids, caches, speed, what else is returned, or beams, of which there is one.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "_from_model_config", "_commit_hash", "_original_object_hash", "_name_or_path", "transformers_version", "trust_remote_code", "chat_format", "max_window_size",
        "bos_token_id", "pad_token_id", "decoder_start_token_id", "use_cache", "cache_implementation", "cache_config", "return_legacy_cache", "prefill_chunk_size", "compile_config",
        "disable_compile", "low_memory", "output_attentions", "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate", "is_assistant", "num_assistant_tokens",
        "num_assistant_tokens_schedule", "assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind", "target_lookbehind", "prompt_lookup_num_tokens",
        "max_matching_ngram_size", "early_stopping", "length_penalty", "renormalize_logits", "remove_invalid_values",
    };

    // Features that there are not, and the values with which they are off.
    private static readonly Dictionary<string, Func<JsonElement, bool>> Neutral = new(StringComparer.Ordinal)
    {
        ["num_beams"] = Is(1), ["num_beam_groups"] = Is(1), ["num_return_sequences"] = Is(1), ["diversity_penalty"] = Is(0), ["penalty_alpha"] = Is(0),
        ["typical_p"] = Is(1), ["epsilon_cutoff"] = Is(0), ["eta_cutoff"] = Is(0), ["guidance_scale"] = Is(1), ["encoder_repetition_penalty"] = Is(1),
        ["no_repeat_ngram_size"] = Is(0), ["encoder_no_repeat_ngram_size"] = Is(0), ["min_length"] = Is(0), ["min_new_tokens"] = Is(0),
        ["bad_words_ids"] = IsEmpty, ["force_words_ids"] = IsEmpty, ["constraints"] = IsEmpty, ["suppress_tokens"] = IsEmpty, ["begin_suppress_tokens"] = IsEmpty,
        ["forced_decoder_ids"] = IsEmpty, ["sequence_bias"] = IsEmpty, ["stop_strings"] = IsEmpty, ["stop_words_ids"] = IsEmpty, ["generation_kwargs"] = IsEmpty,
        ["forced_bos_token_id"] = Never, ["forced_eos_token_id"] = Never, ["exponential_decay_length_penalty"] = Never, ["watermarking_config"] = Never, ["dola_layers"] = Never,
        ["max_time"] = Never, ["top_h"] = Never,
        ["token_healing"] = value => value.ValueKind == JsonValueKind.False,
    };

    private readonly string _file;
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _names = []; // in the file's order: the first problem is the one that is told

    /// <summary>Takes up a file.</summary>
    /// <param name="json">Its bytes.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <exception cref="CorruptFileException">It is no JSON object in UTF-8, or names a field twice.</exception>
    public GenerationConfigFile(byte[] json, string file)
    {
        _file = file;
        if (!Utf8.IsValid(json))
        {
            throw Corrupt("is not UTF-8");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Corrupt("is not a JSON object");
            }

            foreach (JsonProperty field in document.RootElement.EnumerateObject())
            {
                _names.Add(field.Name);
                _fields.Add(field.Name, field.Value.Clone());
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the second: a name that is not Unicode
        {
            throw Corrupt($"is not a generation configuration: {exception.Message.TrimEnd('.').ReplaceLineEndings(" ")}", exception); // it quotes names
        }
    }

    /// <summary>The ids that end a text; null where nothing is said of them.</summary>
    /// <exception cref="CorruptFileException">They are not ids.</exception>
    public IReadOnlyList<int>? StopIds()
    {
        const string Name = "eos_token_id";
        return Find(Name) is not { } value ? null
            : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(id => Integer(Name, id, int.MinValue, "a token id or a list of them"))]
            : [Integer(Name, value, int.MinValue, "a token id or a list of them")];
    }

    /// <summary>What requests take that say nothing.</summary>
    /// <exception cref="CorruptFileException">A field is of another type, or out of its range.</exception>
    /// <exception cref="ModelConfigException">A field asks for what there is not.</exception>
    public GenerationDefaults Defaults()
    {
        foreach (string name in _names)
        {
            Require(name, _fields[name]);
        }

        bool? draws = Flag("do_sample");
        float? temperature = Number("temperature", value => value >= 0f, "a number from 0");
        return new GenerationDefaults
        {
            Temperature = draws switch { false => 0f, true => temperature ?? 1f, null => temperature }, // Transformers leaves 1 out when it saves
            TopK = Integer("top_k", -1, "a whole number from -1 (0 and -1: all tokens)") is { } k ? Math.Max(0, k) : null,
            TopP = Number("top_p", value => value is > 0f and <= 1f, "a share above 0, up to 1"),
            MinP = Number("min_p", value => value is >= 0f and <= 1f, "a share from 0 to 1"),
            RepetitionPenalty = Number("repetition_penalty", value => value > 0f, "a number above 0"),
            PresencePenalty = Number("presence_penalty", _ => true, "a number"),
            FrequencyPenalty = Number("frequency_penalty", _ => true, "a number"),
            MaxNewTokens = Integer("max_new_tokens", 1, "a whole number from 1"),
            MaxLength = Integer("max_length", 1, "a whole number from 1") is { } length and not NoMaxLength ? length : null,
        };
    }

    private void Require(string name, JsonElement value)
    {
        bool isKnown = Neutral.TryGetValue(name, out Func<JsonElement, bool>? isNeutral);
        if (Read.Contains(name) || Harmless.Contains(name) || value.ValueKind == JsonValueKind.Null || (isKnown && isNeutral!(value)))
        {
            return;
        }

        string what = isKnown ? "is not supported and would change the text" : "is not a known field, so what it does to the text is not known either";
        throw new ModelConfigException($"{_file}: {Clip(JsonEncodedText.Encode(name).ToString())} is {Shown(value)}; it {what}. "
            + "Leave the file's settings aside with --generation-config none (GenerationDefaults.None), or remove the field.");
    }

    private static Func<JsonElement, bool> Is(double neutral) => value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number == neutral;

    private static bool Never(JsonElement value) => false; // null passes by itself

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    private JsonElement? Find(string name) => _fields.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private bool? Flag(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.ValueKind == JsonValueKind.True
        : throw Corrupt(name, value, "true or false");

    // Rounded to float32 once, as on a command line.
    private float? Number(string name, Func<float, bool> fits, string range) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number) && fits(number) ? number
        : throw Corrupt(name, value, range);

    private int? Integer(string name, int min, string range) => Find(name) is { } value ? Integer(name, value, min, range) : null;

    private int Integer(string name, JsonElement value, int min, string range) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min ? number : throw Corrupt(name, value, range);

    private CorruptFileException Corrupt(string name, JsonElement value, string range) => Corrupt($"{name} is {Shown(value)}, not {range}");

    private CorruptFileException Corrupt(string what, Exception? inner = null) => new(_file, what, "Fetch it again, or delete it to do without its settings", inner);

    // On one line, whatever the file has between brackets.
    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "an empty list" : "a list",
        JsonValueKind.Object => "an object",
        _ => Clip(value.GetRawText()),
    };

    private static string Clip(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
