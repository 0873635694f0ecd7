// What a server tells OpenTelemetry of itself, by the semantic conventions of generative AI where they have a name: a span and some
// measurements of each request, and the engine's numbers. Nobody has to listen. Texts, ids and keys are in none of it; stop strings, which are
// parameters, are in spans.

using System.Diagnostics;
using System.Diagnostics.Metrics;
using Idem.Inference;
using Idem.Inference.Serving;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Telemetry;

internal sealed class ServerTelemetry : IDisposable
{
    /// <summary>The name of the source of spans and of the meter.</summary>
    public const string Name = "Idem.Server";

    // The conventions' own.
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] };
    private static readonly InstrumentAdvice<double> ShortSeconds = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };
    private static readonly InstrumentAdvice<long> TokenCounts = new() { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576] };

    private readonly Meter _meter = new(Name);
    private readonly ActivitySource _source = new(Name);
    private readonly string _address;

    /// <param name="host">The engine; null where there is none.</param>
    /// <param name="address">Where the server listens.</param>
    public ServerTelemetry(EngineHost? host, string address)
    {
        _address = address;
        Duration = _meter.CreateHistogram("gen_ai.server.request.duration", "s", "Time to the last token or the error.", advice: Seconds);
        FirstToken = _meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "Time to the first token.", advice: ShortSeconds);
        PerToken = _meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time between tokens after the first.", advice: ShortSeconds);
        TokenUsage = _meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of requests and answers.", advice: TokenCounts);
        if (host is not null)
        {
            Observe(host);
        }
    }

    public Histogram<double> Duration { get; }

    public Histogram<double> FirstToken { get; }

    public Histogram<double> PerToken { get; }

    public Histogram<long> TokenUsage { get; }

    /// <summary>Begins to measure a request.</summary>
    /// <param name="context">The request: its trace goes on.</param>
    /// <param name="operation">The conventions' name for what is done.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="response">The answer's id, if it has one.</param>
    /// <param name="settings">How tokens are drawn; null where none are.</param>
    /// <param name="stops">Strings that end a text.</param>
    /// <param name="choices">How many texts.</param>
    public RequestTelemetry Begin(
        HttpContext context, string operation, string model, string? response = null, SamplingSettings? settings = null, IReadOnlyList<string>? stops = null, int choices = 1)
    {
        KeyValuePair<string, object?>[] common =
        [
            new("gen_ai.operation.name", operation), new("gen_ai.provider.name", "idem"), new("gen_ai.request.model", model), new("gen_ai.response.model", model),
            new("server.address", _address), new("server.port", context.Connection.LocalPort),
        ];
        Activity? span = _source.StartActivity($"{operation} {model}", ActivityKind.Server, Parent(context.Request), common);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("gen_ai.response.id", response);
            if (settings is not null)
            {
                span.SetTag("gen_ai.request.temperature", (double)settings.Temperature).SetTag("gen_ai.request.top_p", (double)settings.TopP).SetTag("gen_ai.request.top_k", settings.TopK)
                    .SetTag("gen_ai.request.frequency_penalty", (double)settings.FrequencyPenalty).SetTag("gen_ai.request.presence_penalty", (double)settings.PresencePenalty)
                    .SetTag("gen_ai.request.max_tokens", settings.MaxTokens).SetTag("gen_ai.request.seed", unchecked((long)settings.Seed)).SetTag("gen_ai.request.choice.count", choices)
                    .SetTag("gen_ai.request.stop_sequences", stops is { Count: > 0 } ? stops.ToArray() : null).SetTag("gen_ai.output.type", settings.Constraint is null ? "text" : "json");
            }
        }

        return new RequestTelemetry(this, span, common);
    }

    public void Dispose()
    {
        _meter.Dispose();
        _source.Dispose();
    }

    // The client's span, by W3C's headers, unless the host has one of its own for the request, which is the client's child already.
    private static ActivityContext Parent(HttpRequest request) =>
        Activity.Current is null && ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out ActivityContext client) ? client : default;

    private void Observe(EngineHost host)
    {
        _meter.CreateObservableGauge("idem.samples.queued", () => host.Statistics.Queued, "{sample}", "Samples that wait.");
        _meter.CreateObservableGauge("idem.samples.running", () => host.Statistics.Running, "{sample}", "Samples that are computed.");
        _meter.CreateObservableGauge("idem.batch.sequences", () => host.Statistics.BatchSequences, "{sequence}", "Sequences of the last step.");
        _meter.CreateObservableGauge("idem.batch.positions", () => host.Statistics.BatchPositions, "{position}", "Positions of the last step.");
        _meter.CreateObservableGauge("idem.pages.used", () => host.Statistics.PagesInUse, "{page}", "Pages of keys and values that sequences hold.");
        _meter.CreateObservableGauge("idem.pages.cached", () => host.Statistics.PagesCached, "{page}", "Pages kept for prompts that begin alike.");
        _meter.CreateObservableGauge("idem.pages.limit", () => host.Statistics.PagesTotal, "{page}", "All pages.");
        _meter.CreateObservableCounter("idem.steps", () => host.Statistics.Steps, "{step}", "Steps computed.");
        _meter.CreateObservableCounter("idem.tokens.generated", () => host.Statistics.GeneratedTokens, "{token}", "Tokens generated.");
        _meter.CreateObservableCounter("idem.tokens.prompt", () => host.Statistics.PromptTokens, "{token}", "Positions of prompts.");
        _meter.CreateObservableCounter("idem.tokens.cached", () => host.Statistics.CachedTokens, "{token}", "Positions of prompts that were taken over.");
        _meter.CreateObservableCounter("idem.preemptions", () => host.Statistics.Preemptions, "{preemption}", "Times that a sequence gave its memory to others.");
        _meter.CreateObservableCounter("idem.requests.rejected", () => host.Statistics.Rejected, "{request}", "Requests refused because too many waited.");
        _meter.CreateObservableCounter("idem.samples.completed", () => host.Statistics.Completed, "{sample}", "Samples that ended.");
        _meter.CreateObservableCounter("idem.samples.cancelled", () => host.Statistics.Cancelled, "{sample}", "Samples that were cancelled.");
    }
}
