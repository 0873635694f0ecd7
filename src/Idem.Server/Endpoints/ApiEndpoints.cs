// The list of what a server answers.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Inference.Serving;
using Idem.Server.Http;
using Idem.Server.Requests;
using Idem.Server.Responses;
using Idem.Server.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Endpoints;

internal sealed class ApiEndpoints(ServedModel model, EngineHost? host, ServerSettings settings) : IDisposable
{
    private readonly LogProbabilities _logProbabilities = new(model);
    private readonly Embeddings _embeddings = new(model, host, settings.Limits.EmbeddingsQueuedMax);
    private readonly ReceiptStore _receipts = new(settings.Limits.ReceiptsMax, settings.Limits.ReceiptBytesMax);
    private readonly ServerTelemetry _telemetry = new(host, settings.Host);

    /// <summary>Whether new work is refused.</summary>
    public bool IsDraining { get; set; }

    public void Map(WebApplication app)
    {
        Post(app, "/v1/completions", CompleteAsync);
        Post(app, "/v1/chat/completions", ChatAsync);
        Post(app, "/v1/embeddings", EmbedAsync);
        Post(app, "/v1/verify", async (context, body, raw) => await context.Response.WriteJsonAsync(
            await new ReceiptReplays(model, RequireEngine(), _receipts, settings.Limits).RunAsync(body, raw, context.Connection.RemoteIpAddress?.ToString() ?? "", context.RequestAborted)));
        app.MapGet("/v1/receipts/{id}", context => context.Response.WriteBytesAsync("application/json", ReceiptReplays.Find(_receipts, (string)context.Request.RouteValues["id"]!)));
        Post(app, "/tokenize", (context, body, _) => context.Response.WriteJsonAsync(Tokenization.Tokenize(body, model, settings.Limits)));
        Post(app, "/detokenize", (context, body, _) => context.Response.WriteJsonAsync(Tokenization.Detokenize(body, model, settings.Limits)));
        app.MapGet("/v1/models", context => context.Response.WriteJsonAsync(new JsonObject { ["object"] = "list", ["data"] = new JsonArray(ModelObject()) }));
        app.MapGet("/v1/models/{**name}", context => (string?)context.Request.RouteValues["name"] == model.Name
            ? context.Response.WriteJsonAsync(ModelObject())
            : throw ApiException.NotFound($"that model is not served here; '{model.Name}' is", "model", "model_not_found"));
        app.MapGet("/health", Health);
        app.MapGet("/load", context => context.Response.WriteJsonAsync(Load()));
        StaticFiles.Map(app);
    }

    public void Dispose()
    {
        _embeddings.Dispose();
        _telemetry.Dispose();
    }

    private Task CompleteAsync(HttpContext context, JsonElement body, ReadOnlyMemory<byte> raw)
    {
        EngineHost engine = RequireEngine();
        return new Completions(model, CompletionRequest.Read(body, model, settings.Limits), _logProbabilities).RunAsync(context, engine, _receipts, _telemetry);
    }

    private Task ChatAsync(HttpContext context, JsonElement body, ReadOnlyMemory<byte> raw)
    {
        EngineHost engine = RequireEngine();
        return new Chats(model, ChatRequest.Read(body, model, settings.Limits), _logProbabilities).RunAsync(context, engine, _receipts, _telemetry);
    }

    private async Task EmbedAsync(HttpContext context, JsonElement body, ReadOnlyMemory<byte> raw)
    {
        EmbeddingRequest request = EmbeddingRequest.Read(body, model, settings.Limits);
        using RequestTelemetry measured = _telemetry.Begin(context, "embeddings", model.Name);
        try
        {
            await context.Response.WriteJsonAsync(await _embeddings.RunAsync(request, context.RequestAborted));
            measured.Succeed(request.Inputs.Sum(input => input.Ids.Length), 0);
        }
        catch (Exception exception)
        {
            measured.Fail(exception, context.RequestAborted);
            throw;
        }
    }

    private EngineHost RequireEngine() => host
        ?? throw new ApiException(400, $"the model '{model.Name}' is an encoder, which does not continue a text; use /v1/embeddings", "invalid_request_error", "model", "unsupported_model");

    private void Post(WebApplication app, string path, Func<HttpContext, JsonElement, ReadOnlyMemory<byte>, Task> answer) => app.MapPost(path, async context =>
    {
        if (IsDraining)
        {
            throw ApiException.Draining();
        }

        ReadOnlyMemory<byte> raw = await context.Request.ReadJsonBytesAsync(settings.Limits);
        await answer(context, JsonBody.Parse(raw, settings.Limits), raw);
    });

    private Task Health(HttpContext context)
    {
        string status = host?.Stopped is { Failure: not null } ? "failed" : IsDraining ? "draining" : "ok";
        context.Response.StatusCode = status == "ok" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteJsonAsync(new JsonObject { ["status"] = status });
    }

    private JsonObject ModelObject() => new()
    {
        ["id"] = model.Name,
        ["object"] = "model",
        ["created"] = model.Created,
        ["owned_by"] = "idem",
        ["max_model_len"] = model.MaxLength,
        ["model_digest"] = model.Identity.Weights.ToString(),
        ["system_fingerprint"] = model.Fingerprint,
        ["dtype"] = model.Identity.Dtype,
        ["kv_cache_dtype"] = model.Identity.CacheDtype,
        ["chat"] = model.HasChatTemplate && host is not null,
        ["generates"] = host is not null,
        ["generation_defaults"] = model.Defaults.ToJson(),
    };

    private JsonObject Load()
    {
        EngineStatistics now = host?.Statistics ?? new EngineStatistics();
        return new JsonObject
        {
            ["queued"] = now.Queued,
            ["running"] = now.Running,
            ["batch_sequences"] = now.BatchSequences,
            ["batch_positions"] = now.BatchPositions,
            ["tokens_per_second"] = Math.Round(now.TokensPerSecond, 1),
            ["pages_in_use"] = now.PagesInUse,
            ["pages_cached"] = now.PagesCached,
            ["pages_total"] = now.PagesTotal,
            ["generated_tokens"] = now.GeneratedTokens,
            ["prompt_tokens"] = now.PromptTokens,
            ["cached_tokens"] = now.CachedTokens,
            ["preemptions"] = now.Preemptions,
            ["accepted"] = now.Accepted,
            ["rejected"] = now.Rejected,
            ["completed"] = now.Completed,
            ["cancelled"] = now.Cancelled,
        };
    }
}
