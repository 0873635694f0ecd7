// A server over one model: ASP.NET Core with nothing of its defaults. No configuration files or environment variables are read, nothing is
// logged on its own, no signal is caught: who starts it decides all that.

using System.Net;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Server.Endpoints;
using Idem.Server.Http;
using Idem.Server.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Idem.Server;

/// <summary>A running server.</summary>
public sealed class IdemServer : IAsyncDisposable
{
    private static readonly TimeSpan LastAnswersTimeout = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly EngineHost? _host;
    private readonly ApiEndpoints _endpoints;

    private IdemServer(WebApplication app, EngineHost? host, ApiEndpoints endpoints)
    {
        _app = app;
        _host = host;
        _endpoints = endpoints;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>What the engine does; null for an encoder, which has none.</summary>
    public EngineStatistics? Statistics => _host?.Statistics;

    /// <summary>Starts a server.</summary>
    /// <param name="model">What it serves.</param>
    /// <param name="engine">How requests share the machine; the length of sequences is the model's.</param>
    /// <param name="settings">How it listens.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static Task<IdemServer> StartAsync(ServedModel model, EngineSettings engine, ServerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(settings);
        return StartAsync(model, model.Folder.Model is DecoderModel decoder ? new EngineHost(decoder, engine with { MaxSequenceLength = model.MaxLength }) : null, settings);
    }

    /// <summary>The same over an engine that runs already, such as one whose kernels a test has spoiled; the server takes it over.</summary>
    internal static async Task<IdemServer> StartAsync(ServedModel model, EngineHost? host, ServerSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => Configure(options, settings));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = LastAnswersTimeout);
        Exporters.Add(builder, settings);
        WebApplication app = builder.Build();
        ApiEndpoints endpoints = new(model, host, settings);
        app.Use(next => new ApiPipeline(settings, next).InvokeAsync);
        app.UseRouting();
        endpoints.Map(app);
        if (settings.Metrics)
        {
            app.MapPrometheusScrapingEndpoint("/metrics");
        }

        try
        {
            await app.StartAsync();
            return new IdemServer(app, host, endpoints);
        }
        catch
        {
            endpoints.Dispose();
            await app.DisposeAsync();
            if (host is not null)
            {
                await host.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Refuses what is new, finishes what runs, and stops listening.</summary>
    /// <param name="cancellation">Ends what runs at once.</param>
    public async Task DrainAsync(CancellationToken cancellation = default)
    {
        _endpoints.IsDraining = true;
        if (_host is not null)
        {
            await _host.DrainAsync(cancellation);
        }

        await _app.StopAsync(cancellation);
    }

    /// <summary>Stops at once: what runs ends with an error.</summary>
    public async ValueTask DisposeAsync()
    {
        _endpoints.IsDraining = true;
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _app.StopAsync();
        _endpoints.Dispose();
        await _app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions options, ServerSettings settings)
    {
        ServerLimits limits = settings.Limits;
        options.AddServerHeader = false;
        options.Limits.MaxConcurrentConnections = limits.ConnectionsMax;
        options.Limits.MaxRequestBodySize = limits.BodyBytesMax;
        options.Limits.MaxRequestHeaderCount = limits.HeadersMax;
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytesMax;
        options.Limits.MaxRequestLineSize = limits.HeaderBytesMax / 2;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.HeaderTimeoutSeconds);
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BytesPerSecondMin, TimeSpan.FromSeconds(limits.GraceSeconds));
        options.Limits.MinResponseDataRate = new MinDataRate(limits.BytesPerSecondMin, TimeSpan.FromSeconds(limits.GraceSeconds));
        if (settings.Host == "localhost")
        {
            options.ListenLocalhost(settings.Port, Http1);
        }
        else
        {
            options.Listen(IPAddress.Parse(settings.Host), settings.Port, Http1);
        }

        static void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
    }

    // Whoever starts the server ends it.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
