// Answers as JSON: whole, or as a stream of server-sent events.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Http;

internal static class JsonAnswer
{
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
        return HttpMethods.IsHead(response.HttpContext.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes).AsTask();
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
        await response.Body.WriteAsync(message, cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>Sends the mark of the end.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        await response.Body.WriteAsync(Last, cancellation);
        await response.Body.FlushAsync(cancellation);
    }
}
