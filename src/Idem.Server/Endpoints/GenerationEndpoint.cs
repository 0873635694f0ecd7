// What completions and chats do alike: hand the request to the engine, and write what comes, whole or in parts.

using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Server.Http;
using Idem.Server.Requests;
using Idem.Server.Responses;
using Idem.Server.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Endpoints;

/// <summary>One request's answer.</summary>
internal abstract class GenerationEndpoint(ServedModel model, GenerationFields fields, Answer answer)
{
    /// <summary>OpenTelemetry's word for what is done.</summary>
    protected abstract string Operation { get; }

    protected ServedModel Model => model;

    protected GenerationFields Fields => fields;

    /// <summary>The prompts.</summary>
    protected abstract IReadOnlyList<Prompt> Prompts { get; }

    /// <summary>How each prompt is continued.</summary>
    protected abstract SamplingSettings Settings(Prompt prompt);

    /// <summary>Log-probabilities of the prompts' own tokens; null for none.</summary>
    protected virtual int? PromptTopLogProbabilities => null;

    /// <summary>A whole choice.</summary>
    protected abstract JsonObject Whole(int index, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason reason, Generation first);

    /// <summary>What a stream says of a choice before its first part; null for nothing.</summary>
    protected abstract JsonObject? Opening(int index);

    /// <summary>A part of a choice.</summary>
    protected abstract JsonObject Part(ChoicePart part, Generation first);

    /// <summary>Answers.</summary>
    public async Task RunAsync(HttpContext context, EngineHost host, ReceiptStore store, ServerTelemetry telemetry)
    {
        GenerationRequest[] requests =
        [
            .. Prompts.Select(prompt => new GenerationRequest
            {
                Prompt = prompt.Ids,
                Settings = Settings(prompt),
                Samples = fields.Samples,
                Client = fields.User.Length > 0 ? fields.User : context.Connection.RemoteIpAddress?.ToString() ?? "",
                PromptTopLogProbabilities = PromptTopLogProbabilities,
            }),
        ];
        CancellationToken left = context.RequestAborted;
        using RequestTelemetry measured = telemetry.Begin(context, Operation, model.Name, answer.Id, requests[0].Settings, fields.Stops, requests.Length * fields.Samples);
        try
        {
            using RunningRequest running = RunningRequest.Submit(host, model, fields.Stops, requests);
            AnswerReceipts receipts = new(model, fields.Stops, requests, store);
            await (fields.Stream ? StreamAsync(context.Response, running, receipts, measured, left) : CollectAsync(context.Response, running, receipts, measured, left));
            measured.Succeed(Prompts.Sum(prompt => prompt.Ids.Length), running.CompletionTokens);
        }
        catch (Exception exception)
        {
            measured.Fail(exception, left);
            throw;
        }
    }

    private async Task CollectAsync(HttpResponse response, RunningRequest running, AnswerReceipts receipts, RequestTelemetry measured, CancellationToken left)
    {
        WholeChoice[] choices = [.. Enumerable.Range(0, Prompts.Count * fields.Samples).Select(_ => new WholeChoice())];
        string[] names = new string[Prompts.Count];
        await foreach (ChoicePart part in running.ReadAsync(left))
        {
            measured.Part(part);
            choices[part.Choice].Text.Append(part.Text);
            choices[part.Choice].Tokens.AddRange(part.Tokens);
            choices[part.Choice].Reason = part.Finished ?? choices[part.Choice].Reason;
            names[part.Choice / fields.Samples] = receipts.Add(part) ?? names[part.Choice / fields.Samples];
        }

        JsonObject whole = answer.Create([.. choices.Select((choice, i) => Whole(i, choice.Text.ToString(), choice.Tokens, choice.Reason, First(running, i)))]);
        whole["usage"] = Usage(running);
        whole["receipt_ids"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]);
        await response.WriteJsonAsync(whole);
    }

    private async Task StreamAsync(HttpResponse response, RunningRequest running, AnswerReceipts receipts, RequestTelemetry measured, CancellationToken left)
    {
        EventStream events = new(response);
        bool[] opened = new bool[Prompts.Count * fields.Samples];
        await foreach (ChoicePart part in running.ReadAsync(left))
        {
            measured.Part(part);
            if (!opened[part.Choice] && Opening(part.Choice) is { } opening)
            {
                await events.SendAsync(Chunk(opening), left);
            }

            opened[part.Choice] = true;
            JsonObject chunk = Chunk(Part(part, First(running, part.Choice)));
            if (receipts.Add(part) is { } name)
            {
                chunk["receipt_ids"] = new JsonArray(name);
            }

            await events.SendAsync(chunk, left);
        }

        if (fields.IncludeUsage)
        {
            JsonObject last = answer.Create([]);
            last["usage"] = Usage(running);
            await events.SendAsync(last, left);
        }

        await events.EndAsync(left);
    }

    private JsonObject Chunk(JsonObject choice)
    {
        JsonObject chunk = answer.Create([choice]);
        if (fields.IncludeUsage)
        {
            chunk["usage"] = null; // as OpenAI: the last one has it
        }

        return chunk;
    }

    private Generation First(RunningRequest running, int choice) => running.Streams[choice / fields.Samples].Generations[0];

    private JsonObject Usage(RunningRequest running) => Answer.Usage(Prompts.Sum(prompt => prompt.Ids.Length), running.CompletionTokens, running.CachedTokens);

    private sealed class WholeChoice
    {
        public StringBuilder Text { get; } = new();

        public List<GeneratedToken> Tokens { get; } = [];

        public FinishReason Reason { get; set; }
    }
}
