using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Models;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>An engine that fails on one request, or ends under it: its client hears of it once and in one shape, and nobody else does.</summary>
public sealed class FaultTests
{
    private const string Request = """{"prompt":"the fox","max_tokens":20,"seed":3,"n":2,"stream":true}""";

    [Fact]
    public async Task AFaultInAStreamIsOneEventAndNoMarkOfTheEnd()
    {
        List<string> reports = [];
        int calls = 0;
        await using RunningServer server = await RunningServer.StartOverAsync(model => NotNumbersAt(model, () => ++calls == 5), settings: new ServerSettings { Report = reports.Add });
        string[] events = await EventsAsync(server);
        Assert.DoesNotContain("[DONE]", events[^1], StringComparison.Ordinal);
        JsonNode error = JsonNode.Parse(events[^1])!["error"]!;
        Assert.Equal(("server_error", "internal_error"), ((string?)error["type"], (string?)error["code"]));

        JsonNode[] parts = [.. events.SkipLast(1).Select(line => JsonNode.Parse(line)!)];
        Assert.NotEmpty(parts);
        Assert.All(parts, part => Assert.True(part["error"] is null && part["receipt_ids"] is null && part["choices"]![0]!["finish_reason"] is null, part.ToJsonString()));
        SamplingSettings settings = new() { MaxTokens = 20, Seed = 3 };
        string begun = string.Concat(parts.Where(part => (int)part["choices"]![0]!["index"]! == 1).Select(part => (string?)part["choices"]![0]!["text"]));
        Assert.StartsWith(begun, server.Text(server.Alone("the fox", settings, sample: 1)), StringComparison.Ordinal);
        Assert.Contains("NaN", Assert.Single(reports), StringComparison.Ordinal); // the operator is told why

        (int status, JsonNode next) = await server.PostAsync("/v1/completions", """{"prompt":"the fox","max_tokens":20,"seed":3}""");
        Assert.Equal((200, server.Text(server.Alone("the fox", settings))), (status, (string?)next["choices"]![0]!["text"]));
    }

    [Fact]
    public async Task AFaultBeforeTheAnswerIsTheServersAndNotTheClients()
    {
        List<string> reports = [];
        await using RunningServer server = await RunningServer.StartOverAsync(model => NotNumbersAt(model, () => true), settings: new ServerSettings { Report = reports.Add });
        (int status, JsonNode body) = await server.PostAsync("/v1/completions", """{"prompt":"the fox","max_tokens":20}""");
        Assert.Equal((500, "internal_error"), (status, (string?)body["error"]!["code"]));
        Assert.Single(reports);
    }

    [Fact]
    public async Task AServerThatEndsUnderAStreamSaysSo()
    {
        TaskCompletionSource begun = new();
        RunningServer server = await RunningServer.StartOverAsync(model => (ids, caches, counts, rows, logits) =>
        {
            model.Forward(ids, caches, counts, rows, logits);
            Thread.Sleep(5);
        });
        Task<string[]> events = EventsAsync(server, begun);
        await begun.Task;
        await server.Server.DisposeAsync();
        Assert.Equal("draining", (string?)JsonNode.Parse((await events)[^1])!["error"]!["code"]);
        await server.DisposeAsync();
    }

    private static BatchForward NotNumbersAt(DecoderModel model, Func<bool> now) => (ids, caches, counts, rows, logits) =>
    {
        model.Forward(ids, caches, counts, rows, logits);
        if (logits.Length > 0 && now())
        {
            logits.Fill(float.NaN);
        }
    };

    // The events of a stream that need not come to its end.
    private static async Task<string[]> EventsAsync(RunningServer server, TaskCompletionSource? begun = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = new StringContent(Request.Replace("20", "200", StringComparison.Ordinal), Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        begun?.SetResult();
        string text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..])];
    }
}
