// What a model's generation_config.json says of drawing, for requests that say nothing of it. A request comes first, then these, then
// what the asker (verb, server, client) takes by itself. Nothing here reaches a result but through SamplingSettings, which receipts state.

using System.Text.Json.Nodes;
using static System.FormattableString;

namespace Idem.Inference;

/// <summary>A model's own settings of generation; null: it says nothing of one.</summary>
public sealed record GenerationDefaults
{
    /// <summary>Those of a model that says nothing.</summary>
    public static GenerationDefaults None { get; } = new();

    /// <summary>Divides the logits; 0 takes the most likely token always, as do_sample false does.</summary>
    public float? Temperature { get; init; }

    /// <summary>Draws among the k most likely tokens; 0: among all.</summary>
    public int? TopK { get; init; }

    /// <summary>Draws among the most likely tokens that together reach this probability.</summary>
    public float? TopP { get; init; }

    /// <summary>Draws among tokens at least this share as likely as the most likely one.</summary>
    public float? MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the prompt or the continuation.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Subtracted from the logits of tokens in the continuation.</summary>
    public float? PresencePenalty { get; init; }

    /// <summary>Times a token's occurrences in the continuation, subtracted from its logit.</summary>
    public float? FrequencyPenalty { get; init; }

    /// <summary>Tokens to generate at most.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Tokens of a prompt and its continuation at most; <see cref="MaxNewTokens"/> comes first.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether it says anything.</summary>
    public bool IsEmpty => this == None;

    /// <summary>Tokens to generate at most after a prompt; null where nothing is said of it.</summary>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <exception cref="ArgumentException">The prompt alone is as long as <see cref="MaxLength"/>.</exception>
    public int? MaxTokens(int promptTokens) => MaxNewTokens ?? (MaxLength is not { } length ? null
        : promptTokens < length ? length - promptTokens
        : throw new ArgumentException(
            Invariant($"the prompt has {promptTokens} tokens, and the model's generation_config.json lets prompt and continuation have {length} together (max_length): ")
            + "give a number of tokens to generate (max-tokens)"));

    /// <summary>What it says, under the file's names; a temperature also stands for do_sample.</summary>
    public JsonObject ToJson()
    {
        JsonObject said = [];
        foreach ((string name, JsonNode? value) in ((string, JsonNode?)[])
        [
            ("temperature", Temperature), ("top_k", TopK), ("top_p", TopP), ("min_p", MinP), ("repetition_penalty", RepetitionPenalty), ("presence_penalty", PresencePenalty),
            ("frequency_penalty", FrequencyPenalty), ("max_new_tokens", MaxNewTokens), ("max_length", MaxNewTokens is null ? MaxLength : null),
        ])
        {
            if (value is not null)
            {
                said[name] = value;
            }
        }

        return said;
    }
}
