// What every request passes, whatever its endpoint: headers that keep browsers from guessing, the check of the Host header, the key, and
// the one place where failures become error objects.

using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Idem.Server.Http;

/// <param name="settings">The server's.</param>
/// <param name="next">The rest of the pipeline.</param>
internal sealed class ApiPipeline(ServerSettings settings, RequestDelegate next)
{
    // Compared as digests: neither the length nor the first wrong byte of a guess can be told by the time it takes.
    private readonly byte[]? _key = settings.ApiKey is { } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    public async Task InvokeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        context.Features.Set(settings.Limits);
        try
        {
            CheckHost(context.Request);
            CheckKey(context.Request);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405 } unanswered)
            {
                throw unanswered.StatusCode == 404
                    ? ApiException.NotFound($"there is nothing at {context.Request.Path}; /openapi.json lists what there is")
                    : new ApiException(405, $"{context.Request.Path} does not take {context.Request.Method}", "invalid_request_error", null, "method_not_allowed");
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // the client has left
        }
        catch (TimeoutException) when (context.Response.HasStarted)
        {
            context.Abort(); // the client does not read
        }
        catch (ApiException failure)
        {
            await Answer(context, failure);
        }
        catch (BadHttpRequestException failure)
        {
            await Answer(context, ApiException.Malformed(failure.StatusCode, failure.Message, failure.StatusCode == 413 ? "body_too_large" : "bad_request"));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            settings.Report($"{context.Request.Method} {context.Request.Path}: {failure}");
            await Answer(context, ApiException.Internal());
        }
    }

    private static async Task Answer(HttpContext context, ApiException failure)
    {
        if (context.Response.HasStarted)
        {
            if (EventStream.IsOf(context.Response))
            {
                await new EventStream(context.Response).SendAsync(failure.ToJson(), context.RequestAborted); // and no mark of the end
                return;
            }

            context.Abort(); // a half answer must not look whole
            return;
        }

        context.Response.StatusCode = failure.Status;
        if (failure.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (failure.Status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (failure.Status == StatusCodes.Status413PayloadTooLarge)
        {
            context.Response.Headers.Connection = "close"; // the rest of the body is not read: no other request may follow it
        }

        await context.Response.WriteJsonAsync(failure.ToJson());
    }

    // A page of another origin can make a browser send requests to this machine under a name of its own. Such a name is refused.
    private void CheckHost(HttpRequest request)
    {
        string host = request.Host.Host.Trim('[', ']');
        if (settings.IsLocal && host.Length > 0 && host != settings.Host && !ServerSettings.IsLoopback(host))
        {
            throw ApiException.Malformed(421, $"this server answers to its local names only, not to '{host}'", "unknown_host");
        }
    }

    private void CheckKey(HttpRequest request)
    {
        if (_key is null || !(request.Path.StartsWithSegments("/v1") || request.Path.StartsWithSegments("/tokenize") || request.Path.StartsWithSegments("/detokenize")))
        {
            return;
        }

        const string Scheme = "Bearer ";
        string given = request.Headers[HeaderNames.Authorization].ToString();
        if (!given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.Unauthorized("no API key: send it as 'Authorization: Bearer KEY'");
        }

        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given[Scheme.Length..].Trim())), _key))
        {
            throw ApiException.Unauthorized("the API key is wrong");
        }
    }
}
