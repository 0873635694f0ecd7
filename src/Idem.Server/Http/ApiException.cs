// What a client did wrong, or what the server cannot do now, in the words of OpenAI's error object.

using System.Text.Json.Nodes;

namespace Idem.Server.Http;

/// <summary>Ends a request with a status and an error object.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="type">OpenAI's kind of error.</param>
/// <param name="param">The field at fault, as a path; null where none is.</param>
/// <param name="code">A word for programs; null where there is none.</param>
internal sealed class ApiException(int status, string message, string type, string? param = null, string? code = null) : Exception(message)
{
    private const string InvalidRequest = "invalid_request_error";

    public int Status { get; } = status;

    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>Seconds after which a client may try again; null: nothing is said.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A field's value is wrong.</summary>
    public static ApiException Invalid(string param, string problem) => new(400, $"'{param}' {problem}", InvalidRequest, param, "invalid_value");

    /// <summary>A field, or a value of it, that this server does not honour.</summary>
    public static ApiException Unsupported(string param, string problem) => new(400, $"'{param}' {problem}", InvalidRequest, param, "unsupported_parameter");

    /// <summary>A request that cannot be read at all.</summary>
    public static ApiException Malformed(int status, string problem, string code) => new(status, problem, InvalidRequest, null, code);

    /// <summary>There is no such thing.</summary>
    public static ApiException NotFound(string problem, string? param = null, string code = "not_found") => new(404, problem, InvalidRequest, param, code);

    /// <summary>The key is missing or wrong.</summary>
    public static ApiException Unauthorized(string problem) => new(401, problem, InvalidRequest, null, "invalid_api_key");

    /// <summary>More than the server can take at once.</summary>
    public static ApiException Busy(string problem, int retryAfterSeconds) => new(429, problem, "rate_limit_error", null, "overloaded") { RetryAfterSeconds = retryAfterSeconds };

    /// <summary>The server is about to end.</summary>
    public static ApiException Draining() => new(503, "the server is stopping: it finishes what runs and takes nothing new", "server_error", null, "draining") { RetryAfterSeconds = 5 };

    /// <summary>A defect of the server.</summary>
    public static ApiException Internal() => new(500, "the server failed on this request; its error stream says more", "server_error", null, "internal_error");

    /// <summary>The error object.</summary>
    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject { ["message"] = Message, ["type"] = type, ["param"] = Param, ["code"] = Code },
    };
}
