// What a chat template is given, and how far it may go.

using System.Text.Json.Nodes;

namespace Idem.ChatTemplates;

/// <summary>One turn of a conversation in its plainest form.</summary>
/// <param name="Role">Who speaks: system, user, assistant, tool.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>What a template is rendered with, under the names that Transformers gives its templates.</summary>
public sealed record ChatInput
{
    /// <summary>The fixed clock of <c>strftime_now</c>: noon of the day that Llama's own templates take for today.</summary>
    public static readonly DateTime FixedNow = new(2024, 7, 26, 12, 0, 0, DateTimeKind.Unspecified);

    /// <summary>The turns: objects with <c>role</c> and <c>content</c>, and whatever else the template reads (<c>messages</c>).</summary>
    public required JsonArray Messages { get; init; }

    /// <summary>Whether the output ends with the beginning of the assistant's turn (<c>add_generation_prompt</c>).</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Tools in the JSON form of the model's family (<c>tools</c>); null: none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents to answer from (<c>documents</c>); null: none.</summary>
    public JsonArray? Documents { get; init; }

    /// <summary>Further variables, such as <c>bos_token</c> or <c>enable_thinking</c>; they stand above those of the template's files.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Variables { get; init; } = new Dictionary<string, JsonNode?>();

    /// <summary>What <c>strftime_now</c> takes for now. A clock would make the same conversation another text every day.</summary>
    public DateTime Now { get; init; } = FixedNow;

    /// <summary>An input of plain turns.</summary>
    public static ChatInput Of(IEnumerable<ChatMessage> messages, bool addGenerationPrompt = true) => new()
    {
        Messages = new JsonArray([.. messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]),
        AddGenerationPrompt = addGenerationPrompt,
    };
}

/// <summary>Bounds that no sensible template meets; a hostile one ends at them with an exception.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>Evaluations of expressions and statements, and stretches of 64 characters handled.</summary>
    public long StepsMax { get; init; } = 1_000_000;

    /// <summary>Characters of the output, and of any value on the way.</summary>
    public int OutputCharactersMax { get; init; } = 16 << 20;
}
