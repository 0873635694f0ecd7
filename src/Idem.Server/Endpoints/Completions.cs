// POST /v1/completions.

using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Server.Requests;
using Idem.Server.Responses;

namespace Idem.Server.Endpoints;

internal sealed class Completions(ServedModel model, CompletionRequest request, LogProbabilities logProbabilities)
    : GenerationEndpoint(model, request.Fields, new Answer("text_completion", "cmpl-", model, request.Fields.Sampling.Seed))
{
    // OpenAI's.
    private const int DefaultMaxTokens = 16;

    private readonly int[] _offsets = new int[request.Prompts.Count * request.Fields.Samples]; // of each choice: characters of the tokens told so far
    private readonly bool[] _begun = new bool[request.Prompts.Count * request.Fields.Samples];
    private readonly string?[] _echoes = new string?[request.Prompts.Count];

    protected override string Operation => "text_completion";

    protected override IReadOnlyList<Prompt> Prompts => request.Prompts;

    protected override int? PromptTopLogProbabilities => request.Echo ? request.LogProbabilities : null;

    protected override SamplingSettings Settings(Prompt prompt) => Fields.Sampling with
    {
        MaxTokens = Fields.MaxTokens ?? Math.Min(Model.DefaultMaxTokens(prompt.Ids.Length) ?? DefaultMaxTokens, Math.Max(0, Model.MaxLength - prompt.Ids.Length)),
        TopLogProbabilities = request.LogProbabilities ?? 0,
    };

    protected override JsonObject? Opening(int index) => null;

    protected override JsonObject Whole(int index, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason reason, Generation first) =>
        Choice(index, text, tokens, reason, first);

    protected override JsonObject Part(ChoicePart part, Generation first) => Choice(part.Choice, part.Text, part.Tokens, part.Finished, first);

    private JsonObject Choice(int index, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason? reason, Generation first)
    {
        bool begins = request.Echo && !_begun[index];
        _begun[index] = true;
        return new JsonObject
        {
            ["index"] = index,
            ["text"] = begins ? Echo(index) + text : text,
            ["logprobs"] = request.LogProbabilities is null ? null : logProbabilities.ForCompletion(begins ? first.PromptTokens : [], tokens, ref _offsets[index]),
            ["finish_reason"] = Answer.Reason(reason),
        };
    }

    private string Echo(int index)
    {
        Prompt prompt = Prompts[index / Fields.Samples];
        return _echoes[index / Fields.Samples] ??= prompt.Text ?? Model.Decode(prompt.Ids);
    }
}
