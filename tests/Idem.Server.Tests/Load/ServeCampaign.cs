using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;

namespace Idem.Server.Tests.Load;

/// <summary>
/// Seeded requests at a server, some at once, coming at random times; some clients leave. Each answer's receipt must be the receipt of the
/// request alone: its ids, the bits of its log-probabilities, the digests of its logits. A client that leaves must have got a beginning of that.
/// </summary>
internal sealed class ServeCampaign(ServedModel model, HttpClient http, ulong seed, int tokensMax)
{
    private readonly Lock _gate = new();

    /// <summary>What was not as it must be, one line each.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Answers that were compared whole.</summary>
    public int Compared { get; private set; }

    /// <summary>Answers that were left, and compared as far as they came.</summary>
    public int Left { get; private set; }

    /// <summary>Seconds to the first part of each stream.</summary>
    public List<double> FirstParts { get; } = [];

    /// <summary>Runs requests of these numbers, so many at once.</summary>
    public async Task RunAsync(IEnumerable<int> numbers, int atOnce, Action<int>? done = null, CancellationToken cancellation = default)
    {
        await Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (number, token) =>
        {
            ServeRequest request = new(seed, number, tokensMax);
            await Task.Delay(request.Below(20), token);
            try
            {
                await (request.Stream ? StreamAsync(request, token) : WholeAsync(request, token));
            }
            catch (HttpRequestException exception)
            {
                Differ(request, $"failed: {exception.GetBaseException()}");
            }

            done?.Invoke(number);
        });
    }

    private async Task WholeAsync(ServeRequest request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await SendAsync(request, cancellation);
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))!;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            Differ(request, answer.ToJsonString());
            return;
        }

        (string receipt, string[] texts) = request.Alone(model);
        Compare(request, receipt, texts, (string?)answer["receipt_ids"]![0], [.. answer["choices"]!.AsArray().Select(choice => (string)choice!["text"]!)]);
    }

    private async Task StreamAsync(ServeRequest request, CancellationToken cancellation)
    {
        int partsUntilLeaving = request.Leaves ? 1 + request.Below(6) : int.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await SendAsync(request, cancellation);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellation));
        string[] texts = [.. Enumerable.Repeat("", request.Samples)];
        string? receipt = null, line;
        bool isWhole = false;
        for (int parts = 0; parts < partsUntilLeaving && !isWhole && (line = await reader.ReadLineAsync(cancellation)) is not null;)
        {
            isWhole = line == "data: [DONE]";
            if (isWhole || !line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            if (parts++ == 0)
            {
                lock (_gate)
                {
                    FirstParts.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
                }
            }

            JsonNode part = JsonNode.Parse(line["data: ".Length..])!;
            if (part["choices"] is not JsonArray { Count: 1 } choices)
            {
                Differ(request, line);
                return;
            }

            texts[(int)choices[0]!["index"]!] += (string)choices[0]!["text"]!;
            receipt = (string?)part["receipt_ids"]?[0] ?? receipt;
        }

        (string alone, string[] whole) = request.Alone(model);
        if (isWhole)
        {
            Compare(request, alone, whole, receipt, texts);
        }
        else if (!request.Leaves)
        {
            Differ(request, "the stream broke off");
        }
        else if (!texts.Zip(whole).All(pair => pair.Second.StartsWith(pair.First, StringComparison.Ordinal)))
        {
            Differ(request, $"the beginning '{string.Join('|', texts)}' is not one of '{string.Join('|', whole)}'");
        }
        else
        {
            lock (_gate)
            {
                Left++;
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(ServeRequest request, CancellationToken cancellation)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, "/v1/completions") { Content = new StringContent(request.ToJson(), Encoding.UTF8, "application/json") };
        return await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private void Compare(ServeRequest request, string receipt, string[] texts, string? gotReceipt, string[] gotTexts)
    {
        if (receipt != gotReceipt || !texts.SequenceEqual(gotTexts))
        {
            Differ(request, $"alone '{string.Join('|', texts)}' {receipt}, got '{string.Join('|', gotTexts)}' {gotReceipt}");
            return;
        }

        lock (_gate)
        {
            Compared++;
        }
    }

    private void Differ(ServeRequest request, string what)
    {
        lock (_gate)
        {
            Differences.Add($"request {request.Number}: {what}");
        }
    }
}
