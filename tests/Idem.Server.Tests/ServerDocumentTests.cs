using System.Net;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Models;
using Idem.Server.Endpoints;
using Idem.Server.Requests;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>What the server says of itself: its OpenAPI document, its model, its load, its measurements.</summary>
public sealed class ServerDocumentTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(settings: new ServerSettings { Metrics = true });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task TheDocumentListsTheFieldsThatAreRead()
    {
        JsonNode schemas = JsonNode.Parse(await Get("/openapi.json"))!["components"]!["schemas"]!;
        Same(CompletionRequest.Names, "CompletionRequest");
        Same(ChatRequest.Names, "ChatRequest");
        Same(EmbeddingRequest.Names, "EmbeddingRequest");
        Same(Tokenization.TokenizeNames, "TokenizeRequest");
        Same(Tokenization.DetokenizeNames, "DetokenizeRequest");

        void Same(string[] names, string schema) => Assert.Equal(names.Order(), schemas[schema]!["properties"]!.AsObject().Select(field => field.Key).Order());
    }

    [Fact]
    public async Task TheDocumentsPathsAreThere()
    {
        JsonNode document = JsonNode.Parse(await Get("/openapi.json"))!;
        foreach ((string path, JsonNode? methods) in document["paths"]!.AsObject())
        {
            using HttpRequestMessage request = new(methods!["get"] is null ? HttpMethod.Post : HttpMethod.Get, path.Replace("{name}", "tiny", StringComparison.Ordinal));
            using HttpResponseMessage response = await _server.Http.SendAsync(request);
            Assert.True(path.Contains("{id}", StringComparison.Ordinal) || response.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnsupportedMediaType, $"{path}: {response.StatusCode}");
        }
    }

    [Fact]
    public async Task TextsAndIdsGoBothWays()
    {
        (_, JsonNode ids) = await _server.PostAsync("/tokenize", """{"prompt":"fox \u20ac","return_token_strs":true}""");
        Assert.Equal((5, 400), ((int)ids["count"]!, (int)ids["max_model_len"]!));
        Assert.Equal("""["f","o","x"," ","\u20AC"]""", ids["token_strs"]!.ToJsonString());
        (_, JsonNode text) = await _server.PostAsync("/detokenize", $$"""{"tokens":{{ids["tokens"]!.ToJsonString()}}}""");
        Assert.Equal("fox \u20ac", (string?)text["prompt"]);
        (_, JsonNode chat) = await _server.PostAsync("/tokenize", """{"messages":[{"role":"user","content":[{"type":"text","text":"fo"},{"type":"text","text":"x"}]}]}""");
        Assert.Equal(_server.Model.Tokenizer.Encode("u fox;a "), chat["tokens"]!.AsArray().Select(id => (int)id!));
    }

    [Fact]
    public async Task MeasurementsCountWhatWasDone()
    {
        await _server.PostAsync("/v1/completions", """{"prompt":"fox","max_tokens":7}""");
        await _server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"fox"}],"max_tokens":4000}""");
        string text = await Get("/metrics");
        Assert.Contains("gen_ai_server_time_to_first_token_seconds_count{", text, StringComparison.Ordinal);
        Assert.Contains("gen_ai_server_request_duration_seconds_count{", text, StringComparison.Ordinal);
        Assert.Contains("error_type=\"context_length_exceeded\"", text, StringComparison.Ordinal);
        Assert.Contains("idem_tokens_generated", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEncoderEmbedsAndDoesNotContinue()
    {
        Bert bert = new(new BertConfig
        {
            VocabSize = SmallModel.Tokenizer.VocabularySize, HiddenSize = 32, NumHiddenLayers = 2, NumAttentionHeads = 2, IntermediateSize = 48, MaxPositionEmbeddings = 64, InitializerRange = 0.2,
        });
        bert.Initialize(1);
        bert.Eval();
        await using RunningServer server = await RunningServer.StartAsync(model: bert);
        (_, JsonNode answer) = await server.PostAsync("/v1/embeddings", """{"input":"fox"}""");
        float[] alone = HiddenStates.Of(server.Model.Folder.Model, server.Model.Tokenizer.Encode("fox")).Pooled;
        Assert.Equal(alone.Select(BitConverter.SingleToInt32Bits), answer["data"]![0]!["embedding"]!.AsArray().Select(value => BitConverter.SingleToInt32Bits((float)(double)value!)));
        (int status, JsonNode refused) = await server.PostAsync("/v1/completions", """{"prompt":"fox"}""");
        Assert.Equal((400, "unsupported_model"), (status, (string?)refused["error"]!["code"]));
    }

    [Fact]
    public async Task TheModelTellsWhatItIs()
    {
        JsonNode model = JsonNode.Parse(await Get("/v1/models"))!["data"]![0]!;
        Assert.Equal(("tiny", "f32", "f32", 400), ((string?)model["id"], (string?)model["dtype"], (string?)model["kv_cache_dtype"], (int)model["max_model_len"]!));
        Assert.Equal(model.ToJsonString(), JsonNode.Parse(await Get("/v1/models/tiny"))!.ToJsonString());
        Assert.Equal(_server.Model.Identity.Digest.ToString(), (string?)model["system_fingerprint"]);
    }

    private Task<string> Get(string path) => _server.Http.GetStringAsync(new Uri(path, UriKind.Relative));
}
