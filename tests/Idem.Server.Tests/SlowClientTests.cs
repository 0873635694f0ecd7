using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Idem.Inference;
using Idem.Models;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>Clients that dribble a request or take none of their answer are given up, and cost others nothing.</summary>
public sealed class SlowClientTests
{
    // Kestrel looks once a second.
    private static readonly ServerLimits Impatient = new() { HeaderTimeoutSeconds = 1, GraceSeconds = 2, StallSeconds = 1 };

    [Fact]
    public async Task SlowClientsAreGivenUpAndOthersAreServed()
    {
        List<string> reports = [];
        await using RunningServer server = await RunningServer.StartOverAsync(Slow, settings: new ServerSettings { Limits = Impatient, Report = reports.Add });
        int port = server.Server.Address.Port;
        using TcpClient deaf = new() { ReceiveBufferSize = 4096 };
        await deaf.ConnectAsync(IPAddress.Loopback, port);
        const string Endless = """{"prompt":"a","n":64,"max_tokens":390,"logprobs":20,"stream":true}""";
        await deaf.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Endless.Length}\r\n\r\n{Endless}"));
        Task<string> headers = DribbleAsync(port, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        Task<string> body = DribbleAsync(port, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"prompt\":\"");

        long begin = Stopwatch.GetTimestamp();
        while (!(headers.IsCompleted && body.IsCompleted && server.Server.Statistics is { Running: 0, Queued: 0, Cancelled: > 0 }))
        {
            Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds < 30, $"{headers.Status}, {body.Status}, {server.Server.Statistics}");
            Assert.Equal(200, (await server.PostAsync("/v1/completions", """{"prompt":"fox","max_tokens":2}""")).Status);
            await Task.Delay(100);
        }

        Assert.Contains(" 408 ", await headers, StringComparison.Ordinal);
        Assert.Contains(" 408 ", await body, StringComparison.Ordinal);
        Assert.Empty(reports); // it is the clients' fault

        // Eight seconds for the deaf client's answer, so that it is given up before it is whole.
        static BatchForward Slow(DecoderModel model) => (ids, caches, counts, rows, logits) =>
        {
            model.Forward(ids, caches, counts, rows, logits);
            Thread.Sleep(20);
        };
    }

    // Sends a beginning, then a byte now and then until the server has had enough; what it said.
    private static async Task<string> DribbleAsync(int port, string begin)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begin));
        byte[] answer = new byte[4096];
        Task<int> read = stream.ReadAsync(answer).AsTask();
        while (await Task.WhenAny(read, Task.Delay(50)) != read)
        {
            await stream.WriteAsync("a"u8.ToArray());
        }

        return Encoding.ASCII.GetString(answer, 0, await read);
    }
}
