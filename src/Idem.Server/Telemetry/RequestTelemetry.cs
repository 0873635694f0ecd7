// The measurements of one request.

using System.Diagnostics;
using Idem.Inference;
using Idem.Server.Endpoints;
using Idem.Server.Http;
using Idem.Server.Responses;

namespace Idem.Server.Telemetry;

/// <param name="telemetry">The server's.</param>
/// <param name="span">The request's span; null where nobody listens.</param>
/// <param name="common">What every measurement says.</param>
internal sealed class RequestTelemetry(ServerTelemetry telemetry, Activity? span, KeyValuePair<string, object?>[] common) : IDisposable
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly SortedSet<string> _reasons = new(StringComparer.Ordinal);
    private double? _firstToken;
    private string? _error;

    /// <summary>A part of the answer came.</summary>
    public void Part(ChoicePart part)
    {
        if (part.Tokens.Count > 0)
        {
            _firstToken ??= Elapsed;
        }

        if (Answer.Reason(part.Finished) is { } reason)
        {
            _reasons.Add(reason);
        }
    }

    /// <summary>The answer is whole.</summary>
    public void Succeed(int promptTokens, int completionTokens)
    {
        span?.SetTag("gen_ai.usage.input_tokens", promptTokens).SetTag("gen_ai.usage.output_tokens", completionTokens).SetTag("gen_ai.response.finish_reasons", _reasons.ToArray());
        telemetry.TokenUsage.Record(promptTokens, Tags("gen_ai.token.type", "input"));
        if (completionTokens > 0)
        {
            telemetry.TokenUsage.Record(completionTokens, Tags("gen_ai.token.type", "output"));
        }

        if (_firstToken is { } first)
        {
            telemetry.FirstToken.Record(first, Tags());
            if (completionTokens > 1)
            {
                telemetry.PerToken.Record((Elapsed - first) / (completionTokens - 1), Tags());
            }
        }
    }

    /// <summary>There is no answer, or not all of it.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="left">Whether the client has left.</param>
    public void Fail(Exception failure, CancellationToken left)
    {
        _error = left.IsCancellationRequested ? "cancelled"
            : failure is TimeoutException ? "timeout"
            : failure is ApiException { Code: { } code } ? code
            : failure.GetBaseException().GetType().Name;
        span?.SetTag("error.type", _error).SetStatus(ActivityStatusCode.Error);
    }

    public void Dispose()
    {
        telemetry.Duration.Record(Elapsed, _error is null ? Tags() : Tags("error.type", _error));
        span?.Dispose();
    }

    private double Elapsed => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    private TagList Tags(string? name = null, string? value = null)
    {
        TagList tags = new(common);
        if (name is not null)
        {
            tags.Add(name, value);
        }

        return tags;
    }
}
