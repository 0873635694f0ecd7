using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;

namespace Idem.Server.Tests.Support;

/// <summary>A server in this process, over a small model, on a free port of this machine.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    private RunningServer(TemporaryFolder folder, ServedModel model, IdemServer server)
    {
        _folder = folder;
        Model = model;
        Server = server;
        Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public ServedModel Model { get; }

    public IdemServer Server { get; }

    public HttpClient Http { get; }

    public static Task<RunningServer> StartAsync(EngineSettings? engine = null, ServerSettings? settings = null, ServedModelSettings? served = null, LanguageModel? model = null) =>
        StartAsync(folder => SmallModel.Write(folder, model ?? SmallModel.Create()), engine, settings, served);

    /// <summary>A server over a folder that a test writes.</summary>
    public static async Task<RunningServer> StartAsync(Func<TemporaryFolder, string> write, EngineSettings? engine = null, ServerSettings? settings = null, ServedModelSettings? served = null)
    {
        TemporaryFolder folder = new();
        ServedModel model = Load(folder, write, served);
        return new RunningServer(folder, model, await IdemServer.StartAsync(model, engine ?? new EngineSettings(), (settings ?? new ServerSettings()) with { Port = 0 }));
    }

    /// <summary>A server whose engine computes logits otherwise than the model: slower, spoiled, or when the test lets it.</summary>
    public static async Task<RunningServer> StartOverAsync(Func<DecoderModel, BatchForward> forward, EngineSettings? engine = null, ServerSettings? settings = null, ServedModelSettings? served = null)
    {
        TemporaryFolder folder = new();
        ServedModel model = Load(folder, folder => SmallModel.Write(folder, SmallModel.Create()), served);
        DecoderModel decoder = model.Folder.Decoder;
        EngineHost host = new(decoder, (engine ?? new EngineSettings()) with { MaxSequenceLength = model.MaxLength }, forward(decoder));
        return new RunningServer(folder, model, await IdemServer.StartAsync(model, host, (settings ?? new ServerSettings()) with { Port = 0 }));
    }

    /// <summary>Posts JSON, and gives the status and the answer.</summary>
    public async Task<(int Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using StringContent content = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Http.PostAsync(new Uri(path, UriKind.Relative), content);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>The events of a streamed answer, the mark of the end left out.</summary>
    public async Task<IReadOnlyList<JsonNode>> StreamAsync(string path, string json)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        string[] events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => JsonNode.Parse(line["data: ".Length..])!)];
    }

    /// <summary>What the engine gives a prompt alone.</summary>
    public GeneratedToken[] Alone(string prompt, SamplingSettings settings, int sample = 0)
    {
        Engine engine = new(Model.Folder.Decoder);
        IReadOnlyList<Generation> all = engine.Submit(Model.Tokenizer.Encode(prompt, addSpecialTokens: false), settings with { StopIds = Model.StopIds }, sample + 1);
        foreach (Generation other in all.SkipLast(1))
        {
            engine.Cancel(other);
        }

        while (engine.HasWork)
        {
            engine.Step();
        }

        return [.. all[^1].Tokens];
    }

    /// <summary>How a token is shown; ids beyond the tokenizer's are not.</summary>
    public string Spell(int id) => id < Model.Tokenizer.VocabularySize ? Model.Tokenizer.IdToToken(id) : "";

    /// <summary>The text of tokens.</summary>
    public string Text(IEnumerable<GeneratedToken> tokens)
    {
        GeneratedText text = new(Model.Tokenizer, Model.StopIds, []);
        return string.Concat(tokens.Select(token => text.Append(token.Id))) + text.Finish();
    }

    private static ServedModel Load(TemporaryFolder folder, Func<TemporaryFolder, string> write, ServedModelSettings? served) =>
        new(ModelFolder.Load(write(folder), PackedDtype.Float32), (served ?? new ServedModelSettings()) with { Name = served?.Name ?? "tiny" });

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
