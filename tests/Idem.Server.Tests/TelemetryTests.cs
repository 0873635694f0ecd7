using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>What is measured of requests that go well, fail, are left or are refused, and whose trace it joins.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task TooManyEmbeddingsAreToldToComeBackAndAreRecordedAsFailed()
    {
        using ManualResetEventSlim open = new();
        using SpanLog log = new("embeddings crowded");
        using DurationLog durations = new("crowded");
        await using RunningServer server = await StartGatedAsync("crowded", open, new ServerLimits { EmbeddingsQueuedMax = 2 });
        Task<(int, JsonNode)> generating = server.PostAsync("/v1/completions", """{"prompt":"a","max_tokens":3}""");
        await HasBegunAsync(server);
        List<Task<HttpResponseMessage>> three = [.. Enumerable.Range(0, 3).Select(_ => EmbedAsync(server))];
        for (int i = 0; i < 2; i++)
        {
            Task<HttpResponseMessage> first = await Task.WhenAny(three);
            three.Remove(first);
            using HttpResponseMessage refused = await first;
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        }

        open.Set();
        using HttpResponseMessage taken = await three[0];
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        await generating;
        Assert.Equal(200, (await server.PostAsync("/v1/embeddings", """{"input":["a","b"]}""")).Status); // there is room again
        Assert.Equal(["overloaded", "overloaded"], log.Ended.Where(span => span.Status == ActivityStatusCode.Error).Select(span => span.GetTagItem("error.type")));
        Assert.Equal(2, durations.Errors.Count(error => error == "overloaded"));
    }

    [Fact]
    public async Task AnEmbeddingThatIsLeftIsRecordedAsCancelled()
    {
        using ManualResetEventSlim open = new();
        using SpanLog log = new("embeddings left");
        await using RunningServer server = await StartGatedAsync("left", open, new ServerLimits());
        Task<(int, JsonNode)> generating = server.PostAsync("/v1/completions", """{"prompt":"a","max_tokens":3}""");
        await HasBegunAsync(server);
        Task<HttpResponseMessage> first = EmbedAsync(server);
        await log.WaitAsync(() => log.Begun == 1);
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> second = EmbedAsync(server, leave.Token);
        await log.WaitAsync(() => log.Begun == 2);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await log.WaitAsync(() => log.Ended.Count == 1);
        Assert.Equal(("cancelled", ActivityStatusCode.Error), (log.Ended[0].GetTagItem("error.type"), log.Ended[0].Status));
        open.Set();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        await generating;
    }

    [Fact]
    public async Task ASpanTellsOfARequestAndNotItsText()
    {
        using SpanLog log = new("chat told");
        await using RunningServer server = await RunningServer.StartAsync(served: new ServedModelSettings { Name = "told" });
        (_, JsonNode answer) = await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"secret"}],"max_tokens":7,"seed":42,"temperature":0.5}""");
        await log.WaitAsync(() => log.Ended.Count == 1);
        Activity span = log.Ended[0];
        Assert.Equal((string?)answer["id"], span.GetTagItem("gen_ai.response.id"));
        Assert.Equal((7, 42L, 0.5), (span.GetTagItem("gen_ai.usage.output_tokens"), span.GetTagItem("gen_ai.request.seed"), span.GetTagItem("gen_ai.request.temperature")));
        Assert.Equal(["length"], (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.DoesNotContain(span.TagObjects, tag => tag.Value is string text && text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASpanIsAChildOfTheClientsAndSaysWhatWasAsked()
    {
        using SpanLog log = new("chat joined");
        await using RunningServer server = await RunningServer.StartAsync(served: new ServedModelSettings { Name = "joined" });
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent("""{"messages":[{"role":"user","content":"fox"}],"max_tokens":3,"stop":["zq","qz"]}""", Encoding.UTF8, "application/json"),
            Headers = { { "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }, { "tracestate", "vendor=1" } },
        };
        (await server.Http.SendAsync(request)).Dispose();
        await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"fox"}],"max_tokens":2,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"boolean"}}}}""");
        await log.WaitAsync(() => log.Ended.Count == 2);

        Activity span = log.Ended[0], alone = log.Ended[1];
        Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "vendor=1"), (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString(), span.TraceStateString));
        Assert.True(span.HasRemoteParent);
        Assert.NotEqual(span.TraceId, alone.TraceId);
        Assert.Equal(("127.0.0.1", server.Server.Address.Port), (span.GetTagItem("server.address"), span.GetTagItem("server.port")));
        Assert.Equal(["zq", "qz"], (string[])span.GetTagItem("gen_ai.request.stop_sequences")!);
        Assert.Equal(("text", "json", null), (span.GetTagItem("gen_ai.output.type"), alone.GetTagItem("gen_ai.output.type"), alone.GetTagItem("gen_ai.request.stop_sequences")));
    }

    [Fact]
    public async Task WhatIsRefusedBeforeAnythingIsDoneIsCounted()
    {
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { Metrics = true, ApiKey = "secret", Limits = new ServerLimits { BodyBytesMax = 100 } });
        Assert.Equal(401, (await server.PostAsync("/v1/completions", "{}")).Status);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        Assert.Equal(400, (await server.PostAsync("/v1/completions", "{")).Status);
        Assert.Equal(404, (await server.PostAsync("/v1/nothing", "{}")).Status);
        Assert.Equal(405, (await server.PostAsync("/v1/models", "{}")).Status);
        Assert.Equal(413, (await server.PostAsync("/v1/completions", $$"""{"prompt":"{{new string('a', 200)}}"}""")).Status);
        using StringContent text = new("{}", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.Http.PostAsync(new Uri("/v1/completions", UriKind.Relative), text)).StatusCode);
        await server.PostAsync("/v1/completions", """{"prompt":"a","max_tokens":2}""");

        string metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        string[] counts = [.. metrics.Split('\n').Where(line => line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal))];
        Assert.All(["401", "400", "404", "405", "413", "415"], status => Assert.Contains(counts, line => line.Contains($"http_response_status_code=\"{status}\"", StringComparison.Ordinal)));
        Assert.Contains("server_address=\"127.0.0.1\"", metrics, StringComparison.Ordinal);
    }

    // Its engine computes nothing until it is let; what is to be embedded waits meanwhile.
    private static Task<RunningServer> StartGatedAsync(string name, ManualResetEventSlim open, ServerLimits limits) => RunningServer.StartOverAsync(
        model => (ids, caches, counts, rows, logits) =>
        {
            open.Wait(TimeSpan.FromSeconds(10)); // a test that fails must not hang
            model.Forward(ids, caches, counts, rows, logits);
        },
        settings: new ServerSettings { Limits = limits },
        served: new ServedModelSettings { Name = name });

    private static async Task HasBegunAsync(RunningServer server)
    {
        while ((int)JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/load", UriKind.Relative)))!["accepted"]! == 0)
        {
            await Task.Delay(5);
        }
    }

    private static async Task<HttpResponseMessage> EmbedAsync(RunningServer server, CancellationToken cancellation = default)
    {
        using StringContent content = new("""{"input":["fox","dog"],"user":"someone"}""", Encoding.UTF8, "application/json");
        return await server.Http.PostAsync(new Uri("/v1/embeddings", UriKind.Relative), content, cancellation);
    }

    /// <summary>The spans of one name; tests beside this one have servers too, of models of other names.</summary>
    private sealed class SpanLog : IDisposable
    {
        private readonly ActivityListener _listener;
        private readonly List<Activity> _ended = [];
        private int _begun;

        public SpanLog(string name)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Idem.Server",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStarted = span => _ = span.DisplayName == name ? Interlocked.Increment(ref _begun) : 0,
                ActivityStopped = span =>
                {
                    lock (_ended)
                    {
                        _ended.AddRange(span.DisplayName == name ? [span] : []);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public int Begun => Volatile.Read(ref _begun);

        public IReadOnlyList<Activity> Ended
        {
            get
            {
                lock (_ended)
                {
                    return [.. _ended];
                }
            }
        }

        public async Task WaitAsync(Func<bool> condition)
        {
            for (int i = 0; i < 2000 && !condition(); i++)
            {
                await Task.Delay(10);
            }

            Assert.True(condition());
        }

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>Of each request for a model that was measured, how it failed; null where it did not.</summary>
    private sealed class DurationLog : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<string?> _errors = [];

        public DurationLog(string model)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "gen_ai.server.request.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                Dictionary<string, object?> named = new(tags.ToArray());
                lock (_errors)
                {
                    _errors.AddRange((string?)named["gen_ai.request.model"] == model ? [(string?)named.GetValueOrDefault("error.type")] : []);
                }
            });
            _listener.Start();
        }

        public IReadOnlyList<string?> Errors
        {
            get
            {
                lock (_errors)
                {
                    return [.. _errors];
                }
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
