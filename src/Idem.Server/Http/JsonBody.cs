// The body of a request as a JSON object, read whole within its limit and checked once, so that what reads it later meets no surprise:
// UTF-8 throughout, no unpaired surrogate, no name twice, nothing after the object.

using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Http;

internal static class JsonBody
{
    /// <summary>Reads the bytes of the body; <see cref="Parse"/> makes an object of them.</summary>
    /// <exception cref="ApiException">It is said to be something else, or too large.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadJsonBytesAsync(this HttpRequest request, ServerLimits limits)
    {
        // Not only tidiness: a browser sends JSON to another origin only after asking it.
        if (!request.HasJsonContentType())
        {
            throw ApiException.Malformed(415, "send a JSON object with 'Content-Type: application/json'", "unsupported_media_type");
        }

        if (request.ContentLength > limits.BodyBytesMax)
        {
            throw TooLarge(limits);
        }

        ArrayBufferWriter<byte> body = new();
        while (true)
        {
            int count = await request.Body.ReadAsync(body.GetMemory(16 << 10), request.HttpContext.RequestAborted);
            if (count == 0)
            {
                return body.WrittenMemory;
            }

            body.Advance(count);
            if (body.WrittenCount > limits.BodyBytesMax)
            {
                throw TooLarge(limits);
            }
        }
    }

    /// <summary>Checks and parses a body.</summary>
    /// <exception cref="ApiException">It is not a JSON object as described above.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> body, ServerLimits limits)
    {
        if (!Utf8.IsValid(body.Span))
        {
            throw Malformed("the body is not UTF-8");
        }

        try
        {
            CheckTexts(body.Span, limits.JsonDepthMax);
            JsonElement root = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = limits.JsonDepthMax, AllowDuplicateProperties = false }).RootElement;
            return root.ValueKind == JsonValueKind.Object ? root : throw Malformed("the body is not a JSON object");
        }
        catch (JsonException exception)
        {
            throw Malformed($"the body is not JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            throw Malformed("the body holds half of a surrogate pair, which is no character");
        }
    }

    private static void CheckTexts(ReadOnlySpan<byte> body, int depthMax)
    {
        Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = depthMax });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
    }

    private static ApiException Malformed(string problem) => ApiException.Malformed(400, problem, "invalid_json");

    private static ApiException TooLarge(ServerLimits limits) => ApiException.Malformed(413, $"the body is larger than {limits.BodyBytesMax} bytes", "body_too_large");
}
