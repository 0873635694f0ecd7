using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>Each limit takes what just fits, and refuses what is one more. Those that are large are set low here.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private static readonly ServerLimits Low = new() { LogitBiasMax = 2, MessagesMax = 3, EmbeddingInputsMax = 2 };

    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(settings: new ServerSettings { Limits = Low });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task CountsAndLengths()
    {
        await Bounded("/v1/completions", "logit_bias", 2, count => $$"""{"prompt":"a","max_tokens":1,"logit_bias":{ {{string.Join(',', Enumerable.Range(0, count).Select(id => $"\"{id}\":1"))}} } }""");
        await Bounded("/v1/completions", "stop", 512, count => $$"""{"prompt":"a","max_tokens":1,"stop":["{{new string('b', count)}}"]}""");
        await Bounded("/v1/completions", "user", 256, count => $$"""{"prompt":"a","max_tokens":1,"user":"{{new string('b', count)}}"}""");
        await Bounded("/v1/embeddings", "user", 256, count => $$"""{"input":"a","user":"{{new string('b', count)}}"}""");
        await Bounded("/v1/embeddings", "input", 2, count => $$"""{"input":[{{string.Join(',', Enumerable.Repeat("\"a\"", count))}}]}""");
        await Bounded("/v1/chat/completions", "messages", 3, count => $$"""{"max_tokens":1,"messages":[{{string.Join(',', Enumerable.Repeat("""{"role":"user","content":"a"}""", count))}}]}""");
        await Bounded("/v1/completions", "response_format.json_schema.schema", 60, count =>
        {
            string schema = string.Concat(Enumerable.Repeat("""{"type":"array","items":""", count > 60 ? 70 : 60)) + """{"type":"null"}""" + new string('}', count > 60 ? 70 : 60);
            return $$"""{"prompt":"a","max_tokens":1,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{{schema}} } } }""";
        });

        async Task Bounded(string path, string param, int most, Func<int, string> json)
        {
            (int status, JsonNode body) = await _server.PostAsync(path, json(most));
            Assert.True(status == 200, $"{param}: {body.ToJsonString()}");
            (status, body) = await _server.PostAsync(path, json(most + 1));
            Assert.Equal((400, param), (status, (string?)body["error"]!["param"]));
        }
    }

    [Theory]
    [InlineData(15 << 10, HttpStatusCode.OK)]
    [InlineData(17 << 10, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    public async Task BytesOfHeaders(int bytes, HttpStatusCode status)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/health") { Headers = { { "X-Long", new string('a', bytes) } } };
        using HttpResponseMessage response = await _server.Http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task AReceiptToReplayIsHeldToTheSame()
    {
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", """{"prompt":"dog","seed":5,"max_tokens":3}""");
        Receipt receipt = Receipt.Decode(await _server.Http.GetByteArrayAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative)), "receipt", out _);
        Assert.Equal(200, await Status(receipt.Sampling with { Stops = [new string('~', 512)] }));
        Assert.Equal(400, await Status(receipt.Sampling with { Stops = [new string('~', 513)] }));
        Assert.Equal(400, await Status(receipt.Sampling with { Stops = [""] }));
        Assert.Equal(400, await Status(receipt.Sampling with { Stops = [.. Enumerable.Repeat("~", 17)] }));
        Assert.Equal(400, await Status(receipt.Sampling with { LogitBias = [new(1, 0f), new(2, 0f), new(3, 0f)] }));

        async Task<int> Status(ReceiptSampling sampling) => (await _server.PostAsync("/v1/verify", Encoding.UTF8.GetString((receipt with { Sampling = sampling }).Encode(out _)))).Status;
    }

    [Fact]
    public async Task ConnectionsBeyondTheirNumberAreClosed()
    {
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { Limits = new ServerLimits { ConnectionsMax = 1 } });
        using (TcpClient held = new())
        {
            await held.ConnectAsync(IPAddress.Loopback, server.Server.Address.Port);
            await held.GetStream().WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            Assert.True(await held.GetStream().ReadAsync(new byte[1]) == 1);
            await Assert.ThrowsAsync<HttpRequestException>(() => server.Http.GetAsync(new Uri("/health", UriKind.Relative)));
        }

        for (int i = 0; i < 100 && !await IsServed(); i++)
        {
            await Task.Delay(20);
        }

        Assert.True(await IsServed());

        async Task<bool> IsServed()
        {
            try
            {
                return (await server.Http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
