// What every answer of a model says beside its choices, whole or in parts.

using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Idem.Inference;

namespace Idem.Server.Responses;

/// <param name="kind">OpenAI's word for the object.</param>
/// <param name="prefix">What its id begins with.</param>
/// <param name="model">The model.</param>
/// <param name="seed">The seed that was given or drawn: with it the request can be asked again.</param>
internal sealed class Answer(string kind, string prefix, ServedModel model, ulong seed)
{
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public string Id { get; } = prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>An answer, or a part of one.</summary>
    public JsonObject Create(JsonArray choices) => new()
    {
        ["id"] = Id,
        ["object"] = kind,
        ["created"] = _created,
        ["model"] = model.Name,
        ["system_fingerprint"] = model.Fingerprint,
        ["seed"] = seed,
        ["choices"] = choices,
    };

    /// <summary>How many tokens a request had and made.</summary>
    public static JsonObject Usage(int prompt, int completion, int cached) => new()
    {
        ["prompt_tokens"] = prompt,
        ["completion_tokens"] = completion,
        ["total_tokens"] = prompt + completion,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = cached },
    };

    /// <summary>OpenAI's word for the end of a choice; null while it goes on.</summary>
    public static string? Reason(FinishReason? reason) => reason switch { null => null, FinishReason.Stop => "stop", _ => "length" };
}
