// The fields that completions and chats have in common: how to draw, how often, when to end, how to answer. Defaults are the model's, then OpenAI's.

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Idem.Inference;
using Idem.Numerics.Kernels;
using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <summary>What of a request is not its prompt.</summary>
internal sealed record GenerationFields
{
    // A number that every client can hold: JavaScript's are exact below 2^53.
    private const int DrawnSeedBits = 53;

    /// <summary>The names, beside those of an endpoint's own.</summary>
    public static readonly string[] Names =
    [
        "model", "temperature", "top_p", "top_k", "min_p", "seed", "n", "stop", "max_tokens", "logprobs", "logit_bias", "presence_penalty", "frequency_penalty",
        "repetition_penalty", "stream", "stream_options", "response_format", "user",
    ];

    /// <summary>How to draw; without its length, which depends on the prompt.</summary>
    public required SamplingSettings Sampling { get; init; }

    /// <summary>Choices for each prompt.</summary>
    public required int Samples { get; init; }

    /// <summary>Strings that end a text.</summary>
    public required string[] Stops { get; init; }

    /// <summary>Tokens to generate at most; null: what the endpoint takes for it.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>Whether the answer comes in parts.</summary>
    public required bool Stream { get; init; }

    /// <summary>Whether the parts end with one that counts tokens.</summary>
    public required bool IncludeUsage { get; init; }

    /// <summary>Whom the request is for: shares the machine evenly among clients.</summary>
    public required string User { get; init; }

    /// <summary>Reads them.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="limits">The server's.</param>
    public static GenerationFields Read(Fields fields, ServedModel model, ServerLimits limits)
    {
        ModelNames.Check(fields, model.Name);
        bool stream = fields.Flag("stream") ?? false;
        Fields? options = fields.Object("stream_options", ["include_usage"]);
        if (options is not null && !stream)
        {
            throw ApiException.Invalid("stream_options", "is for streams only: set stream to true, or leave it out");
        }

        GenerationDefaults defaults = model.Defaults;
        return new GenerationFields
        {
            Sampling = new SamplingSettings
            {
                Temperature = fields.Number("temperature", 0f, 2f) ?? defaults.Temperature ?? 1f,
                TopP = TopP(fields) ?? defaults.TopP ?? 1f,
                TopK = Math.Max(0, fields.Integer("top_k", -1, int.MaxValue) ?? defaults.TopK ?? 0),
                MinP = fields.Number("min_p", 0f, 1f) ?? defaults.MinP ?? 0f,
                RepetitionPenalty = RepetitionPenalty(fields) ?? defaults.RepetitionPenalty ?? 1f,
                PresencePenalty = fields.Number("presence_penalty", -2f, 2f) ?? defaults.PresencePenalty ?? 0f,
                FrequencyPenalty = fields.Number("frequency_penalty", -2f, 2f) ?? defaults.FrequencyPenalty ?? 0f,
                LogitBias = Biases(fields, model.Vocabulary, limits),
                Seed = fields.Bits("seed") ?? DrawSeed(),
                StopIds = model.StopIds,
                Constraint = ReadSchema(fields) is { } schema ? model.Constrain(schema) : null,
            },
            Samples = fields.Integer("n", 1, limits.ChoicesMax) ?? 1,
            Stops = ReadStops(fields, limits),
            MaxTokens = fields.Integer("max_tokens", 0, int.MaxValue),
            Stream = stream,
            IncludeUsage = options?.Flag("include_usage") ?? false,
            User = fields.Text("user", limits.UserCharactersMax) ?? "",
        };
    }

    private static ulong DrawSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) >> (64 - DrawnSeedBits);
    }

    private static float? TopP(Fields fields)
    {
        float? share = fields.Number("top_p", 0f, 1f);
        return share is null or > 0f ? share : throw ApiException.Invalid(fields.Path("top_p"), "must be above 0; temperature 0 takes the most likely token always");
    }

    private static float? RepetitionPenalty(Fields fields)
    {
        float? penalty = fields.Number("repetition_penalty", 0f, 1000f);
        return penalty is null or > 0f ? penalty : throw ApiException.Invalid(fields.Path("repetition_penalty"), "must be above 0; 1 is none");
    }

    private static LogitBias[] Biases(Fields fields, int vocabulary, ServerLimits limits)
    {
        if (fields.Element("logit_bias") is not { } map)
        {
            return [];
        }

        string path = fields.Path("logit_bias");
        if (map.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(path, "must be an object from token ids to numbers");
        }

        SortedDictionary<int, LogitBias> biases = []; // by id: the order of the client's object has no meaning
        foreach (JsonProperty bias in map.EnumerateObject())
        {
            if (!int.TryParse(bias.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= vocabulary)
            {
                throw ApiException.Invalid(path, $"names a token that is not in the vocabulary of {vocabulary}");
            }

            if (biases.Count == limits.LogitBiasMax || !biases.TryAdd(id, new LogitBias(id, Fields.Number(bias.Value, $"{path}.{id}", -100f, 100f))))
            {
                throw ApiException.Invalid(path, $"must name a token once, and at most {limits.LogitBiasMax} tokens");
            }
        }

        return [.. biases.Values];
    }

    private static string[] ReadStops(Fields fields, ServerLimits limits)
    {
        if (fields.Element("stop") is not { } value)
        {
            return [];
        }

        string path = fields.Path("stop");
        string[] stops = value.ValueKind == JsonValueKind.String
            ? [Fields.Text(value, path, limits.StopCharactersMax)]
            : [.. Fields.Items(value, path, limits.StopsMax).Select(item => Fields.Text(item, path, limits.StopCharactersMax))];
        return stops.Contains("") ? throw ApiException.Invalid(path, "holds an empty string, which ends every text") : stops;
    }

    private static JsonElement? ReadSchema(Fields fields)
    {
        if (fields.Object("response_format", ["type", "json_schema"]) is not { } format)
        {
            return null;
        }

        switch (format.Text("type"))
        {
            case "text":
                return format.Element("json_schema") is null ? null : throw ApiException.Invalid("response_format.json_schema", "is for type json_schema only");
            case "json_schema":
                Fields named = format.Object("json_schema", ["name", "description", "schema", "strict"]) ?? throw ApiException.Invalid("response_format.json_schema", "is missing");
                _ = named.Text("name", 64) ?? throw ApiException.Invalid("response_format.json_schema.name", "is missing");
                _ = (named.Text("description"), named.Flag("strict")); // the text follows the schema always
                return named.Element("schema") ?? throw ApiException.Invalid("response_format.json_schema.schema", "is missing");
            case null:
                throw ApiException.Invalid("response_format.type", "is missing");
            default:
                throw ApiException.Unsupported("response_format.type", "must be text or json_schema");
        }
    }
}
