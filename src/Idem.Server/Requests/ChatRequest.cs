// POST /v1/chat/completions: a conversation, which the model's own template turns into its prompt.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.ChatTemplates;
using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <param name="Prompt">The conversation as the model reads it.</param>
/// <param name="Fields">The rest; <see cref="GenerationFields.MaxTokens"/> under either of its names.</param>
/// <param name="LogProbabilities">How many of the most likely tokens to report at each place; null: no log-probabilities.</param>
internal sealed record ChatRequest(Prompt Prompt, GenerationFields Fields, int? LogProbabilities)
{
    public static readonly string[] Names = [.. GenerationFields.Names, "messages", "max_completion_tokens", "top_logprobs"];

    private static readonly string[] MessageNames = ["role", "content"];

    // "developer" is OpenAI's newer word for the system's turn, which templates do not know.
    private static readonly Dictionary<string, string> Roles = new() { ["system"] = "system", ["developer"] = "system", ["user"] = "user", ["assistant"] = "assistant" };

    public static ChatRequest Read(JsonElement body, ServedModel model, ServerLimits limits)
    {
        Fields fields = new(body, "", Names);
        GenerationFields common = GenerationFields.Read(fields, model, limits);
        int? maxTokens = fields.Integer("max_completion_tokens", 1, int.MaxValue);
        if (maxTokens is not null && common.MaxTokens is not null && maxTokens != common.MaxTokens)
        {
            throw ApiException.Invalid("max_tokens", "differs from max_completion_tokens; give one of them");
        }

        bool wanted = fields.Flag("logprobs") ?? false;
        int? top = fields.Integer("top_logprobs", 0, limits.TopLogProbabilitiesMax);
        if (top is not null && !wanted)
        {
            throw ApiException.Invalid("top_logprobs", "needs logprobs to be true");
        }

        return new ChatRequest(ReadMessages(fields, model, limits), common with { MaxTokens = maxTokens ?? common.MaxTokens }, wanted ? top ?? 0 : null);
    }

    /// <summary>The field <c>messages</c> as a prompt.</summary>
    public static Prompt ReadMessages(Fields fields, ServedModel model, ServerLimits limits)
    {
        IReadOnlyList<JsonElement> messages = fields.Items("messages", limits.MessagesMax) ?? throw ApiException.Invalid("messages", "is missing");
        return messages.Count > 0
            ? model.Render([.. messages.Select((message, i) => ReadTurn(message, $"messages[{i}]"))])
            : throw ApiException.Invalid("messages", "is empty; give at least one");
    }

    private static JsonObject ReadTurn(JsonElement message, string path)
    {
        Fields fields = new(message, path, MessageNames, nullsPass: true); // clients send an answer's fields back with it, most of them null
        string role = fields.Text("role") ?? throw ApiException.Invalid(fields.Path("role"), "is missing");
        if (!Roles.TryGetValue(role, out string? known))
        {
            throw role is "tool" or "function"
                ? ApiException.Unsupported(fields.Path("role"), $"is '{role}': this server calls no tools")
                : ApiException.Invalid(fields.Path("role"), "must be system, developer, user or assistant");
        }

        JsonElement content = fields.Element("content") ?? throw ApiException.Invalid(fields.Path("content"), "is missing");
        return new JsonObject { ["role"] = known, ["content"] = ReadContent(content, fields.Path("content")) };
    }

    // A text, or parts that are all text. Others would have to be fetched or seen, and this server does neither.
    private static string ReadContent(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.Invalid(path, "must be a string or an array of text parts");
        }

        return string.Concat(content.EnumerateArray().Select((part, i) =>
        {
            string place = $"{path}[{i}]";
            if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() != "text")
            {
                throw ApiException.Unsupported($"{place}.type", "must be text: this model reads nothing else, and nothing is fetched");
            }

            return new Fields(part, place, ["type", "text"]).Text("text") ?? throw ApiException.Invalid($"{place}.text", "is missing");
        }));
    }
}
