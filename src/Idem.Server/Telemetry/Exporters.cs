// Who listens: Prometheus, where the server is told to answer it; an OpenTelemetry collector, where the OTEL_ variables of the environment
// name one. Nothing is sent anywhere otherwise.

using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Idem.Server.Telemetry;

internal static class Exporters
{
    // ASP.NET Core's: the duration of every request by its status, those that are refused before anything is done among them.
    private const string Requests = "Microsoft.AspNetCore.Hosting";

    private const string Prefix = "OTEL_", Protocol = "OTEL_EXPORTER_OTLP_";

    /// <summary>Whether anybody listens.</summary>
    public static bool AreWanted(ServerSettings settings) => settings.Metrics || IsNamed("METRICS_") || IsNamed("TRACES_");

    /// <summary>Sets the listeners up.</summary>
    public static void Add(WebApplicationBuilder builder, ServerSettings settings)
    {
        if (!AreWanted(settings))
        {
            return;
        }

        // The library reads its variables here; the builder reads none on its own.
        builder.Configuration.AddInMemoryCollection(Variables());
        OpenTelemetryBuilder telemetry = Microsoft.Extensions.DependencyInjection.OpenTelemetryServicesExtensions.AddOpenTelemetry(builder.Services);
        if (Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is null)
        {
            telemetry.ConfigureResource(resource => resource.AddService("idem"));
        }

        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(ServerTelemetry.Name, Requests);
            _ = settings.Metrics ? metrics.AddPrometheusExporter() : metrics;
            _ = IsNamed("METRICS_") ? metrics.AddOtlpExporter() : metrics;
        });
        if (IsNamed("TRACES_"))
        {
            telemetry.WithTracing(traces => traces.AddSource(ServerTelemetry.Name).AddOtlpExporter());
        }
    }

    private static bool IsNamed(string signal) => !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        && (Environment.GetEnvironmentVariable(Protocol + "ENDPOINT") ?? Environment.GetEnvironmentVariable(Protocol + signal + "ENDPOINT")) is { Length: > 0 };

    private static IEnumerable<KeyValuePair<string, string?>> Variables() => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
        .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value)).Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal));
}
