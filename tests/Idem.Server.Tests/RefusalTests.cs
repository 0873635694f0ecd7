using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>What is not understood, too much or not allowed is refused in OpenAI's shape, and names its field.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("""{"prompt":"a","best_of":2}""", "best_of")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix")]
    [InlineData("""{"prompt":"a","chat_template":"{{ 1 }}"}""", "chat_template")]
    [InlineData("""{"prompt":"a","stream_options":{"include_usage":true}}""", "stream_options")]
    [InlineData("""{"prompt":"a","stream":true,"stream_options":{"other":true}}""", "stream_options.other")]
    [InlineData("""{"prompt":"a","temperature":2.5}""", "temperature")]
    [InlineData("""{"prompt":"a","temperature":"1"}""", "temperature")]
    [InlineData("""{"prompt":"a","temperature":1e999}""", "temperature")]
    [InlineData("""{"prompt":"a","top_p":0}""", "top_p")]
    [InlineData("""{"prompt":"a","top_k":1.5}""", "top_k")]
    [InlineData("""{"prompt":"a","seed":1.5}""", "seed")]
    [InlineData("""{"prompt":"a","seed":18446744073709551616}""", "seed")]
    [InlineData("""{"prompt":"a","n":0}""", "n")]
    [InlineData("""{"prompt":"a","n":129}""", "n")]
    [InlineData("""{"prompt":["a","b"],"n":65}""", "n")]
    [InlineData("""{"prompt":"a","max_tokens":-1}""", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":1000}""", "max_tokens")]
    [InlineData("""{"prompt":"a","logprobs":21}""", "logprobs")]
    [InlineData("""{"prompt":"a","stop":""}""", "stop")]
    [InlineData("""{"prompt":"a","stop":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]}""", "stop")]
    [InlineData("""{"prompt":"a","logit_bias":{"103":1}}""", "logit_bias")]
    [InlineData("""{"prompt":"a","logit_bias":{"1":101}}""", "logit_bias.1")]
    [InlineData("""{"prompt":"a","logit_bias":[]}""", "logit_bias")]
    [InlineData("""{"prompt":""}""", "prompt")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":[103]}""", "prompt")]
    [InlineData("""{"prompt":[-1]}""", "prompt")]
    [InlineData("""{"prompt":[[]]}""", "prompt[0]")]
    [InlineData("""{"prompt":{"a":1}}""", "prompt")]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":"a","response_format":{"type":"json_object"}}""", "response_format.type")]
    [InlineData("""{"prompt":"a","response_format":{"type":"json_schema"}}""", "response_format.json_schema")]
    [InlineData("""{"prompt":"a","user":7}""", "user")]
    public async Task ACompletionsField(string json, string param) => await ExpectRefusal("/v1/completions", json, param);

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[]}""", "tools")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{}}""", "chat_template_kwargs")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"max_completion_tokens":4}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"top_logprobs":3}""", "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"logprobs":3}""", "logprobs")]
    [InlineData("""{"messages":[{"role":"tool","content":"a"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"narrator","content":"a"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://127.0.0.1:9/a.png"}}]}]}""", "messages[1].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":"a","name":"b"}]}""", "messages[0].name")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":["a"]}""", "messages[0]")]
    [InlineData("""{"prompt":"a"}""", "prompt")]
    public async Task AChatsField(string json, string param) => await ExpectRefusal("/v1/chat/completions", json, param);

    [Theory]
    [InlineData("/v1/embeddings", """{"input":"a","encoding_format":"hex"}""", "encoding_format")]
    [InlineData("/v1/embeddings", """{"input":"a","dimensions":3}""", "dimensions")]
    [InlineData("/v1/embeddings", """{"model":"tiny"}""", "input")]
    [InlineData("/tokenize", """{"prompt":"a","messages":[]}""", "prompt")]
    [InlineData("/detokenize", """{"tokens":[1000]}""", "tokens")]
    public async Task AnotherEndpointsField(string path, string json, string param) => await ExpectRefusal(path, json, param);

    [Theory]
    [InlineData("", 400, "invalid_json")]
    [InlineData("[]", 400, "invalid_json")]
    [InlineData("{", 400, "invalid_json")]
    [InlineData("{} {}", 400, "invalid_json")]
    [InlineData("""{"prompt":"a","prompt":"b"}""", 400, "invalid_json")]
    [InlineData("""{"prompt":"\ud800"}""", 400, "invalid_json")]
    [InlineData("""{"\udc00":1}""", 400, "invalid_json")]
    [InlineData("""{"prompt":NaN}""", 400, "invalid_json")]
    public async Task ABodyThatIsNotSuchAnObject(string json, int status, string code)
    {
        (int got, JsonNode body) = await _server.PostAsync("/v1/completions", json);
        Assert.Equal((status, code), (got, (string?)body["error"]!["code"]));
    }

    [Fact]
    public async Task ABodyTooLargeTooDeepOrNotUtf8()
    {
        using HttpRequestMessage large = new(HttpMethod.Post, "/v1/completions") { Content = new StringContent(new string('a', 5 << 20), Encoding.UTF8, "application/json") };
        large.Headers.ExpectContinue = true; // so that the answer is not lost to the rest of the body
        using HttpResponseMessage refused = await _server.Http.SendAsync(large);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, true), (refused.StatusCode, refused.Headers.ConnectionClose));
        Assert.Equal(400, (await _server.PostAsync("/v1/completions", $$"""{"prompt":{{new string('[', 1000)}}""")).Status);
        Assert.Equal(400, (await _server.PostAsync("/v1/completions", $$"""{"prompt":"{{new string('a', 500)}}"}""")).Status); // more tokens than the context
        using ByteArrayContent bytes = new([.. "{\"prompt\":\""u8, 0xFF, .. "\"}"u8]) { Headers = { { "Content-Type", "application/json" } } };
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.Http.PostAsync(new Uri("/v1/completions", UriKind.Relative), bytes)).StatusCode);
        using StringContent text = new("""{"prompt":"a"}""", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _server.Http.PostAsync(new Uri("/v1/completions", UriKind.Relative), text)).StatusCode);
    }

    [Fact]
    public async Task PathsAndMethodsThatAreNotThere()
    {
        Assert.Equal((404, "not_found"), await Code(HttpMethod.Get, "/v1/nothing"));
        Assert.Equal((405, "method_not_allowed"), await Code(HttpMethod.Get, "/v1/completions"));
        Assert.Equal((404, "model_not_found"), await Code(HttpMethod.Get, "/v1/models/other"));
        Assert.Equal((404, "not_found"), await Code(HttpMethod.Get, "/metrics"));
    }

    [Fact]
    public async Task ANameOfAnotherHostIsRefusedOnTheLocalAddress()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/health") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await _server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task TheKeyIsAskedForWhereWorkIsDone()
    {
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { ApiKey = "secret" });
        Assert.Equal(401, (await server.PostAsync("/v1/completions", """{"prompt":"a"}""")).Status);
        Assert.Equal(401, (await server.PostAsync("/tokenize", """{"prompt":"a"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri("/health", UriKind.Relative))).StatusCode);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "secre");
        Assert.Equal("invalid_api_key", (string?)(await server.PostAsync("/v1/completions", """{"prompt":"a"}""")).Body["error"]!["code"]);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        Assert.Equal(200, (await server.PostAsync("/v1/completions", """{"prompt":"a"}""")).Status);
    }

    [Fact]
    public async Task AFullQueueSaysWhenToComeBack()
    {
        await using RunningServer server = await RunningServer.StartAsync(new EngineSettings { MaxSequences = 1, MaxQueued = 2 });
        Task<HttpResponseMessage>[] all = [.. Enumerable.Range(0, 8).Select(_ => server.Http.PostAsync(new Uri("/v1/completions", UriKind.Relative), new StringContent("""{"prompt":"a","n":2,"max_tokens":390}""", Encoding.UTF8, "application/json")))];
        HttpResponseMessage[] answers = await Task.WhenAll(all);
        HttpResponseMessage refused = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task ADrainingServerFinishesWhatRunsAndTakesNothingNew()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Task<(int Status, JsonNode Body)> running = server.PostAsync("/v1/completions", """{"prompt":"a","n":128,"max_tokens":250,"seed":1}""");
        while (server.Server.Statistics!.Running == 0)
        {
            await Task.Delay(5);
        }

        Task drained = server.Server.DrainAsync();
        Assert.Equal((503, "draining"), await Refused());
        (int status, JsonNode body) = await running;
        Assert.Equal(200, status);
        Assert.All(body["choices"]!.AsArray(), choice => Assert.Equal("length", (string?)choice!["finish_reason"]));
        await drained;
        await Assert.ThrowsAsync<HttpRequestException>(() => server.PostAsync("/v1/completions", """{"prompt":"a"}"""));

        async Task<(int, string?)> Refused()
        {
            (int refused, JsonNode error) = await server.PostAsync("/v1/completions", """{"prompt":"b"}""");
            return (refused, (string?)error["error"]?["code"]);
        }
    }

    [Fact]
    public async Task AClientThatLeavesEndsItsGeneration()
    {
        using (CancellationTokenSource leave = new())
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
            {
                Content = new StringContent("""{"prompt":"a","n":128,"max_tokens":390,"stream":true}""", Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
            using Stream body = await response.Content.ReadAsStreamAsync();
            Assert.True(await body.ReadAsync(new byte[10]) > 0);
        }

        for (int i = 0; i < 400 && _server.Server.Statistics is { Running: > 0 } or { Queued: > 0 }; i++)
        {
            await Task.Delay(10);
        }

        Assert.True(_server.Server.Statistics is { Running: 0, Queued: 0, Cancelled: > 0 }, _server.Server.Statistics?.ToString());
    }

    [Fact]
    public async Task HeadersThatAreTooManyAreRefusedAndTheServerLivesOn()
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, _server.Server.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: y\r\n")) + "\r\n"));
        using StreamReader reader = new(client.GetStream());
        Assert.Contains(" 431 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _server.Http.GetAsync(new Uri("/health", UriKind.Relative))).StatusCode);
    }

    private async Task ExpectRefusal(string path, string json, string param)
    {
        (int status, JsonNode body) = await _server.PostAsync(path, json);
        JsonNode error = body["error"]!;
        Assert.True(status == 400, body.ToJsonString());
        Assert.Equal(param, (string?)error["param"]);
        Assert.Equal("invalid_request_error", (string?)error["type"]);
        Assert.NotEmpty((string)error["message"]!);
    }

    private async Task<(int, string?)> Code(HttpMethod method, string path)
    {
        using HttpRequestMessage request = new(method, path);
        using HttpResponseMessage response = await _server.Http.SendAsync(request);
        return ((int)response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]);
    }
}
