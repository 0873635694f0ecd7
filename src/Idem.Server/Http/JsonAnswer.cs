// Answers as JSON: whole, or as a stream of server-sent events.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Idem.Server.Http;

internal static class JsonAnswer
{
    private const int PieceBytes = 16 << 10;

    // Texts of models are mostly not English: they stay readable. The type of the content keeps browsers from taking them for HTML.
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes of a value.</summary>
    public static byte[] Bytes(JsonNode value)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, new JsonWriterOptions { Encoder = Options.Encoder }))
        {
            value.WriteTo(writer, Options);
        }

        return bytes.ToArray();
    }

    /// <summary>Writes a value as the whole answer.</summary>
    public static Task WriteJsonAsync(this HttpResponse response, JsonNode value) => response.WriteBytesAsync("application/json", Bytes(value));

    /// <summary>Writes bytes as the whole answer.</summary>
    public static Task WriteBytesAsync(this HttpResponse response, string contentType, byte[] bytes)
    {
        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(response.HttpContext.Request.Method) ? Task.CompletedTask : response.SendAsync(bytes, response.HttpContext.RequestAborted);
    }

    /// <summary>
    /// Sends a piece of an answer. Kestrel's least rate is of the whole answer, so that what went fast into the buffers on the way buys hours for
    /// a client that reads no more; here each piece has a time of its own.
    /// </summary>
    /// <exception cref="TimeoutException">The client takes too little of it.</exception>
    public static async Task SendAsync(this HttpResponse response, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        TimeSpan patience = TimeSpan.FromSeconds(response.HttpContext.Features.GetRequiredFeature<ServerLimits>().StallSeconds);
        for (int at = 0; at < bytes.Length; at += PieceBytes)
        {
            ValueTask sent = response.Body.WriteAsync(bytes.Slice(at, Math.Min(PieceBytes, bytes.Length - at)), cancellation);
            await (sent.IsCompleted ? sent.AsTask() : sent.AsTask().WaitAsync(patience, cancellation));
        }
    }
}

/// <summary>A stream of server-sent events, each a JSON value, ended as OpenAI's are.</summary>
/// <param name="response">Not begun, or such a stream already.</param>
internal sealed class EventStream(HttpResponse response)
{
    private const string ContentType = "text/event-stream; charset=utf-8";

    private static readonly byte[] Begin = "data: "u8.ToArray(), Last = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>Whether a response is such a stream.</summary>
    public static bool IsOf(HttpResponse response) => response.ContentType == ContentType;

    /// <summary>Sends one event, at once.</summary>
    public async Task SendAsync(JsonNode value, CancellationToken cancellation)
    {
        if (!response.HasStarted)
        {
            response.ContentType = ContentType;
            response.Headers["X-Accel-Buffering"] = "no"; // proxies must not hold it back
        }

        byte[] json = JsonAnswer.Bytes(value);
        byte[] message = [.. Begin, .. json, (byte)'\n', (byte)'\n'];
        await response.SendAsync(message, cancellation);
    }

    /// <summary>Sends the mark of the end.</summary>
    public Task EndAsync(CancellationToken cancellation) => response.SendAsync(Last, cancellation);
}
