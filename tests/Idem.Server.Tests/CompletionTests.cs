using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Nn;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>Completions over plain HTTP: every choice is what the engine gives its prompt alone.</summary>
public sealed class CompletionTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task PromptsAndSamplesAreNumberedInOrder()
    {
        JsonNode answer = await Complete("""{"model":"tiny","prompt":["the fox","jump"],"n":2,"seed":7,"max_tokens":9}""");

        Assert.Equal("text_completion", (string?)answer["object"]);
        Assert.Equal(7, (long)answer["seed"]!);
        Assert.Equal([0, 1, 2, 3], answer["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.Equal(Alone("the fox", 7, 9), (string?)answer["choices"]![0]!["text"]);
        Assert.Equal(Alone("jump", 7, 9), (string?)answer["choices"]![2]!["text"]);
        Assert.NotEqual((string?)answer["choices"]![0]!["text"], (string?)answer["choices"]![1]!["text"]);
        Assert.Equal("""{"prompt_tokens":11,"completion_tokens":36,"total_tokens":47,"prompt_tokens_details":{"cached_tokens":0}}""", answer["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task AnAbsentSeedIsDrawnAndReturned()
    {
        JsonNode first = await Complete("""{"prompt":"the","max_tokens":12}"""), second = await Complete("""{"prompt":"the","max_tokens":12}""");
        Assert.NotEqual((ulong)first["seed"]!, (ulong)second["seed"]!);
        Assert.Equal(Alone("the", (ulong)first["seed"]!, 12), (string?)first["choices"]![0]!["text"]);
        JsonNode again = await Complete($$"""{"prompt":"the","max_tokens":12,"seed":{{first["seed"]}}}""");
        Assert.Equal((string?)first["choices"]![0]!["text"], (string?)again["choices"]![0]!["text"]);
    }

    [Theory]
    [InlineData("/v1/completions", "\"prompt\":\"the\"")]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"the\"}]")]
    public async Task ASeedDrawnForAStreamIsInEachPartAndGivesTheSameAgain(string path, string prompt)
    {
        string request = $$"""{{{prompt}},"max_tokens":12,"stream":true""";
        IReadOnlyList<JsonNode> first = await _server.StreamAsync(path, request + "}"), other = await _server.StreamAsync(path, request + "}");
        ulong seed = (ulong)first[0]["seed"]!;
        Assert.All(first, part => Assert.Equal(seed, (ulong)part["seed"]!));
        Assert.NotEqual(seed, (ulong)other[0]["seed"]!);
        IReadOnlyList<JsonNode> again = await _server.StreamAsync(path, $$"""{{request}},"seed":{{seed}}}""");
        Assert.Equal(first.Select(part => part["choices"]!.ToJsonString()), again.Select(part => part["choices"]!.ToJsonString()));
        Assert.Equal((string?)first[^1]["receipt_ids"]![0], (string?)again[^1]["receipt_ids"]![0]);
    }

    [Fact]
    public async Task AChatsLogProbabilitiesInAStreamAreThoseOfTheWhole()
    {
        const string Request = """{"messages":[{"role":"user","content":"fox"}],"seed":2,"n":2,"max_tokens":9,"logprobs":true,"top_logprobs":2""";
        (_, JsonNode whole) = await _server.PostAsync("/v1/chat/completions", Request + "}");
        IReadOnlyList<JsonNode> parts = await _server.StreamAsync("/v1/chat/completions", Request + ""","stream":true}""");
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            IEnumerable<JsonNode?> tokens = parts.Select(part => part["choices"]![0]!).Where(part => (int)part["index"]! == (int)choice!["index"]!)
                .SelectMany(part => part["logprobs"]?["content"]?.AsArray() ?? []);
            Assert.Equal(9, choice!["logprobs"]!["content"]!.AsArray().Count);
            Assert.Equal(choice["logprobs"]!["content"]!.ToJsonString(), $"[{string.Join(',', tokens.Select(token => token!.ToJsonString()))}]");
        }
    }

    [Fact]
    public async Task TheFormatTextHoldsNothingBack()
    {
        JsonNode answer = await Complete("""{"prompt":"dog","seed":4,"max_tokens":15,"response_format":{"type":"text"}}""");
        Assert.Equal(Alone("dog", 4, 15), (string?)answer["choices"]![0]!["text"]);
    }

    [Theory]
    [InlineData("somebody", true)]
    [InlineData("many", false)] // the same user: in the order of arrival
    public async Task UsersTakeTurns(string user, bool overtakes)
    {
        await using RunningServer server = await RunningServer.StartOverAsync(
            model => (ids, caches, counts, rows, logits) =>
            {
                model.Forward(ids, caches, counts, rows, logits);
                Thread.Sleep(2);
            },
            new EngineSettings { MaxSequences = 1 });
        List<string> ended = [];
        List<Task> all = [.. Enumerable.Range(0, 6).Select(_ => Ask("many", "one of many"))];
        while (server.Server.Statistics!.Accepted < 6)
        {
            await Task.Delay(2);
        }

        await Task.WhenAll([.. all, Ask(user, "the last")]);
        Assert.Equal(overtakes, ended[^1] != "the last");

        async Task Ask(string name, string who)
        {
            await server.PostAsync("/v1/completions", $$"""{"prompt":"dog","max_tokens":40,"user":"{{name}}"}""");
            lock (ended)
            {
                ended.Add(who);
            }
        }
    }

    [Theory]
    [InlineData("-1", ulong.MaxValue)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("0", 0)]
    public async Task SeedsAreAny64Bits(string written, ulong seed) =>
        Assert.Equal(Alone("dog", seed, 10), (string?)(await Complete($$"""{"prompt":"dog","max_tokens":10,"seed":{{written}}}"""))["choices"]![0]!["text"]);

    [Fact]
    public async Task EveryFieldReachesTheDraw()
    {
        JsonNode answer = await Complete("""
            {"prompt":"the lazy dog","seed":4,"max_tokens":25,"temperature":1.3,"top_p":0.9,"top_k":12,"min_p":0.01,"presence_penalty":0.4,"frequency_penalty":-0.3,
             "repetition_penalty":1.2,"logit_bias":{"5":2.5,"3":-100},"user":"someone"}
            """);
        GeneratedToken[] alone = _server.Alone("the lazy dog", new SamplingSettings
        {
            Seed = 4, MaxTokens = 25, Temperature = 1.3f, TopP = 0.9f, TopK = 12, MinP = 0.01f, PresencePenalty = 0.4f, FrequencyPenalty = -0.3f, RepetitionPenalty = 1.2f,
            LogitBias = [new(3, -100f), new(5, 2.5f)],
        });
        Assert.Equal(_server.Text(alone), (string?)answer["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task IdsAreAPromptLikeTheirText()
    {
        string ids = string.Join(',', _server.Model.Tokenizer.Encode("jigs vex"));
        JsonNode answer = await Complete($$"""{"prompt":[[{{ids}}],[1,2]],"seed":2,"max_tokens":8}"""), single = await Complete($$"""{"prompt":[{{ids}}],"seed":2,"max_tokens":8}""");
        Assert.Equal(Alone("jigs vex", 2, 8), (string?)answer["choices"]![0]!["text"]);
        Assert.Equal(Alone("jigs vex", 2, 8), (string?)single["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task AStreamIsTheWholeInParts()
    {
        const string Request = """{"prompt":["the fox","jump"],"n":2,"seed":7,"max_tokens":9,"logprobs":1,"echo":true""";
        JsonNode whole = await Complete(Request + "}");
        IReadOnlyList<JsonNode> events = await _server.StreamAsync("/v1/completions", Request + ""","stream":true,"stream_options":{"include_usage":true}}""");
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            JsonNode[] parts = [.. events.SkipLast(1).Select(part => part["choices"]![0]!).Where(part => (int)part["index"]! == (int)choice!["index"]!)];
            Assert.Equal((string?)choice!["text"], string.Concat(parts.Select(part => (string?)part["text"])));
            foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
            {
                Assert.Equal(choice["logprobs"]![list]!.ToJsonString(), "[" + string.Join(',', parts.SelectMany(part => part["logprobs"]![list]!.AsArray()).Select(item => item?.ToJsonString() ?? "null")) + "]");
            }

            Assert.Equal("length", (string?)parts[^1]["finish_reason"]);
            Assert.All(parts.SkipLast(1), part => Assert.Null(part["finish_reason"]));
        }

        Assert.Equal(11 + 36, (int)events[^1]["usage"]!["total_tokens"]!);
        Assert.Empty(events[^1]["choices"]!.AsArray());
    }

    [Fact]
    public async Task TheCacheDtypeIsTheServers()
    {
        await using RunningServer narrow = await RunningServer.StartAsync(new EngineSettings { CacheDtype = CacheDtype.BFloat16 }, served: new ServedModelSettings { CacheDtype = CacheDtype.BFloat16 });
        Assert.NotEqual(_server.Model.Fingerprint, narrow.Model.Fingerprint);
        Engine engine = new(narrow.Model.Folder.Decoder, new EngineSettings { CacheDtype = CacheDtype.BFloat16 });
        GeneratedToken[] alone = [.. engine.Generate(narrow.Model.Tokenizer.Encode("the fox"), new SamplingSettings { MaxTokens = 20, Seed = 3 })];
        (_, JsonNode answer) = await narrow.PostAsync("/v1/completions", """{"prompt":"the fox","seed":3,"max_tokens":20}""");
        Assert.Equal(narrow.Text(alone), (string?)answer["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task EchoWithoutNewTokensScoresThePrompt()
    {
        JsonNode choice = (await Complete("""{"prompt":"vow. the","echo":true,"max_tokens":0,"logprobs":2}"""))["choices"]![0]!;
        JsonNode scored = choice["logprobs"]!;
        Assert.Equal("vow. the", (string?)choice["text"]);
        Assert.Equal("length", (string?)choice["finish_reason"]);
        Assert.Equal(["v", "o", "w", ".", " ", "t", "h", "e"], scored["tokens"]!.AsArray().Select(token => (string)token!));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], scored["text_offset"]!.AsArray().Select(offset => (int)offset!));
        Assert.Null(scored["token_logprobs"]![0]);
        Assert.All(scored["token_logprobs"]!.AsArray().Skip(1), value => Assert.True((double)value! < 0));

        // The same token, drawn: its log-probability has the same bits.
        GeneratedToken[] drawn = _server.Alone("vow. th", new SamplingSettings { MaxTokens = 1, Temperature = 0, TopLogProbabilities = 200 });
        float expected = drawn[0].Top.Single(top => _server.Spell(top.Id) == "e").LogProbability;
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits((float)(double)scored["token_logprobs"]![7]!));
    }

    [Fact]
    public async Task ARepeatedPromptIsTakenFromTheCacheWithTheSameBits()
    {
        const string Request = """{"prompt":"sphinx of black quartz, judge my vow","seed":1,"max_tokens":10,"logprobs":0}""";
        JsonNode first = await Complete(Request), second = await Complete(Request);
        Assert.Equal(first["choices"]!.ToJsonString(), second["choices"]!.ToJsonString());
        Assert.True((int)second["usage"]!["prompt_tokens_details"]!["cached_tokens"]! > 0);
    }

    private string Alone(string prompt, ulong seed, int tokens) => _server.Text(_server.Alone(prompt, new SamplingSettings { Seed = seed, MaxTokens = tokens }));

    private async Task<JsonNode> Complete(string json)
    {
        (int status, JsonNode body) = await _server.PostAsync("/v1/completions", json);
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }
}
