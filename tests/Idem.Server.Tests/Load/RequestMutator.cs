// Makes malformed requests that are almost sound. Seeded.

using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Idem.Server.Tests.Load;

internal sealed class RequestMutator(int seed)
{
    private static readonly (string Path, string Body)[] Sound =
    [
        ("/v1/completions", """{"model":"tiny","prompt":"the fox","n":2,"seed":7,"max_tokens":3,"temperature":0.7,"logprobs":2,"echo":true,"stop":["a","bc"],"logit_bias":{"5":1.5},"user":"x"}"""),
        ("/v1/completions", """{"prompt":[[1,2,3],[4,5]],"max_tokens":2,"stream":true,"stream_options":{"include_usage":true},"top_k":5,"top_p":0.9,"min_p":0.01}"""),
        ("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"system","content":"x"},{"role":"user","content":[{"type":"text","text":"y"}]}],"max_tokens":3,"logprobs":true,"top_logprobs":3}"""),
        ("/v1/chat/completions", """{"messages":[{"role":"user","content":"y"}],"max_tokens":9,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"string","maxLength":3},"b":{"anyOf":[{"type":"integer"},{"$ref":"#/$defs/c"}]}},"required":["a"],"$defs":{"c":{"type":"array","items":{"enum":[1,"x"]},"maxItems":2}}}}}}"""),
        ("/v1/embeddings", """{"model":"tiny","input":["fox",[1,2]],"encoding_format":"base64"}"""),
        ("/tokenize", """{"prompt":"fox","add_special_tokens":false,"return_token_strs":true}"""),
        ("/detokenize", """{"tokens":[1,2,3]}"""),
        ("/v1/verify", """{"receipt_id":"sha256:0000"}"""),
        ("/v1/verify", "{\"format\":\"idem-receipt-1\",\n\"invariant_under\":[\"threads\"],\n\"model\":{\"arithmetic\":\"idem-1\"}}\n"),
    ];

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-1", "0", "1e999", "-0", "18446744073709551616", "0.1", "\"\\ud800\"", "\\u0000", "[[[[[[[[[[[[[[[[", "{\"a\":", "\"model\":\"other\",",
        "\"n\":128,", "\"n\":1000000000,", "\"unknown\":1,", "\"max_tokens\":0,", "\"stream\":true,", "\"temperature\":0,", "\"logprobs\":20,", "\"stop\":\"\",", "\u20AC", "\0", " ", "\n", "\"type\":\"object\",",
        "\"$ref\":\"#\",", "\"minItems\":4096,", "\"pattern\":\"(a*)*\",", "\"image_url\"", "\"tool\"", "\"chat_template\":\"{{ 1 }}\",",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next request.</summary>
    public HttpRequestMessage Next()
    {
        (string path, string body) = Sound[_random.Next(Sound.Length)];
        for (int i = _random.Next(0, 5); i > 0; i--)
        {
            int at = _random.Next(body.Length + 1), length = Math.Min(_random.Next(1, 12), body.Length - at);
            body = _random.Next(5) switch
            {
                0 => body.Remove(at, length),
                1 => body.Insert(at, Fragments[_random.Next(Fragments.Length)]),
                2 => body.Insert(at, body.Substring(at, length)),
                3 => body[..at],
                _ => body.Insert(body.IndexOf('{', StringComparison.Ordinal) + 1, Fragments[_random.Next(Fragments.Length)]),
            };
        }

        byte[] bytes = Encoding.UTF8.GetBytes(body);
        for (int i = _random.Next(8) == 0 ? _random.Next(1, 4) : 0; i > 0 && bytes.Length > 0; i--)
        {
            bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        }

        HttpRequestMessage request = new(_random.Next(40) == 0 ? HttpMethod.Put : HttpMethod.Post, _random.Next(40) == 0 ? path + "/x" : path) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(_random.Next(40) == 0 ? "text/plain" : "application/json");
        return request;
    }

    /// <summary>Sends one; null if it was answered or refused as it should be, else what went wrong.</summary>
    public async Task<string?> TryAsync(HttpClient http)
    {
        using HttpRequestMessage request = Next();
        string body = await request.Content!.ReadAsStringAsync();
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request);
            string answer = await response.Content.ReadAsStringAsync();
            return IsProper(response.StatusCode, answer) ? null : $"{(int)response.StatusCode} to {request.Method} {request.RequestUri} {body}: {answer}";
        }
        catch (HttpRequestException exception)
        {
            return $"no answer to {request.Method} {request.RequestUri} {body}: {exception.GetBaseException().Message}";
        }
    }

    private static bool IsProper(HttpStatusCode status, string answer)
    {
        bool isRefusal = status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.UnsupportedMediaType
            or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.TooManyRequests;
        return status == HttpStatusCode.OK || (isRefusal && answer.StartsWith("{\"error\":{\"message\":", StringComparison.Ordinal));
    }
}
