// POST /v1/chat/completions.

using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Server.Requests;
using Idem.Server.Responses;

namespace Idem.Server.Endpoints;

internal sealed class Chats(ServedModel model, ChatRequest request, LogProbabilities logProbabilities)
    : GenerationEndpoint(model, request.Fields, new Answer(request.Fields.Stream ? "chat.completion.chunk" : "chat.completion", "chatcmpl-", model, request.Fields.Sampling.Seed))
{
    protected override string Operation => "chat";

    protected override IReadOnlyList<Prompt> Prompts { get; } = [request.Prompt];

    protected override SamplingSettings Settings(Prompt prompt) => Fields.Sampling with
    {
        MaxTokens = Fields.MaxTokens ?? Math.Max(1, Math.Min(Model.DefaultMaxTokens(prompt.Ids.Length) ?? int.MaxValue, Model.MaxLength - prompt.Ids.Length)),
        TopLogProbabilities = request.LogProbabilities ?? 0,
    };

    protected override JsonObject Whole(int index, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason reason, Generation first) => new()
    {
        ["index"] = index,
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null },
        ["logprobs"] = Content(tokens),
        ["finish_reason"] = Answer.Reason(reason),
    };

    protected override JsonObject? Opening(int index) => Delta(index, new JsonObject { ["role"] = "assistant", ["content"] = "" }, null, null);

    protected override JsonObject Part(ChoicePart part, Generation first) =>
        Delta(part.Choice, part.Text.Length > 0 ? new JsonObject { ["content"] = part.Text } : [], Content(part.Tokens), part.Finished);

    private static JsonObject Delta(int index, JsonObject delta, JsonObject? logProbabilities, FinishReason? reason) => new()
    {
        ["index"] = index, ["delta"] = delta, ["logprobs"] = logProbabilities, ["finish_reason"] = Answer.Reason(reason),
    };

    private JsonObject? Content(IEnumerable<GeneratedToken> tokens) =>
        request.LogProbabilities is null ? null : new JsonObject { ["content"] = logProbabilities.ForChat(tokens), ["refusal"] = null };
}
