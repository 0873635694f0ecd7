using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Inference;
using Idem.Server.Tests.Support;
using Idem.Verification;

namespace Idem.Server.Tests;

/// <summary>Each answer's receipt is there, is the library's, and is replayed by the server and without it.</summary>
public sealed class ReceiptTests : IAsyncLifetime
{
    private const string Request = """{"prompt":["the fox","jump"],"n":2,"seed":7,"max_tokens":9,"stop":["zq"],"logit_bias":{"7":1.5}}""";

    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AReceiptIsTheLibrarysAndReplaysWithoutTheServer()
    {
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", Request);
        Assert.Equal(2, answer["receipt_ids"]!.AsArray().Count);
        byte[] bytes = await _server.Http.GetByteArrayAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![1]}", UriKind.Relative));
        Receipt receipt = Receipt.Decode(bytes, "receipt", out Digest id);
        Assert.Equal((string?)answer["receipt_ids"]![1], id.ToString());
        Assert.Equal(_server.Model.Tokenizer.Encode("jump"), receipt.PromptIds);
        Assert.Equal((string?)answer["choices"]![3]!["text"], _server.Model.Tokenizer.Decode([.. receipt.Samples[1].Tokens.Select(token => token.Id)]));
        ReceiptReport report = ReceiptVerifier.Verify(receipt, "receipt", _server.Model.Folder, Receipts.Identify(_server.Model.Folder, default));
        Assert.True(report.Equal);
        Assert.Equal(receipt.Samples.Sum(sample => sample.Tokens.Count), report.Executed);
    }

    [Fact]
    public async Task AReceiptIsTheOneThatGenerateWritesToTheByte()
    {
        string stop = _server.Text(_server.Alone("the fox", new SamplingSettings { MaxTokens = 30, Seed = 7, Temperature = 0.75f, TopK = 40 })).Substring(9, 1);
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", $$"""
            {"prompt":"the fox","n":3,"seed":7,"max_tokens":30,"temperature":0.75,"top_k":40,"top_p":0.95,"min_p":0.01,"presence_penalty":0.5,"frequency_penalty":0.25,"repetition_penalty":1.25,
             "stop":["~~",{{JsonValue.Create(stop).ToJsonString()}}]}
            """);
        byte[] served = await _server.Http.GetByteArrayAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative));

        using TemporaryFolder folder = new();
        IdemProcess.Outcome generated = IdemProcess.Run(
            "generate", _server.Model.Folder.Path, "--prompt", "the fox", "--n", "3", "--seed", "7", "--max-tokens", "30", "--temperature", "0.75", "--top-k", "40", "--top-p", "0.95", "--min-p", "0.01",
            "--presence-penalty", "0.5", "--frequency-penalty", "0.25", "--repetition-penalty", "1.25", "--stop", "~~", "--stop", stop, "--receipt", folder["receipt"]);
        Assert.True(generated.ExitCode == 0, generated.ToString());
        Assert.Equal(Encoding.UTF8.GetString(File.ReadAllBytes(folder["receipt"])), Encoding.UTF8.GetString(served));
    }

    [Fact]
    public async Task AStreamHasTheSameReceipts()
    {
        (_, JsonNode whole) = await _server.PostAsync("/v1/completions", Request);
        IReadOnlyList<JsonNode> events = await _server.StreamAsync("/v1/completions", Request[..^1] + ""","stream":true}""");
        Assert.Equal(
            whole["receipt_ids"]!.AsArray().Select(id => (string)id!).Order(),
            events.Where(part => part["receipt_ids"] is not null).Select(part => (string)part["receipt_ids"]![0]!).Order());
    }

    [Fact]
    public async Task TheServerReplaysAReceiptBesideOtherWork()
    {
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", Request);
        Task<(int, JsonNode)> beside = _server.PostAsync("/v1/completions", """{"prompt":"the f","n":40,"max_tokens":60}""");
        (int status, JsonNode verdict) = await _server.PostAsync("/v1/verify", $$"""{"receipt_id":"{{answer["receipt_ids"]![0]}}"}""");
        await beside;
        Assert.Equal(200, status);
        Assert.True((bool)verdict["equal"]!, verdict.ToJsonString());
        Assert.Equal(18, (int)verdict["tokens_compared"]!);

        string text = await _server.Http.GetStringAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative));
        Assert.True((bool)(await _server.PostAsync("/v1/verify", text)).Body["equal"]!);
    }

    [Fact]
    public async Task AFalseReceiptIsToldFromATrueOne()
    {
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", """{"prompt":"dog","seed":5,"max_tokens":12}""");
        byte[] bytes = await _server.Http.GetByteArrayAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative));
        Receipt receipt = Receipt.Decode(bytes, "receipt", out _);

        Receipt otherToken = receipt with { Samples = [receipt.Samples[0] with { Tokens = [.. receipt.Samples[0].Tokens.Select((token, i) => i == 4 ? token with { Id = (token.Id + 1) % 90 } : token)] }] };
        Assert.StartsWith("samples[0].tokens[4].", await FirstField(otherToken), StringComparison.Ordinal);
        Receipt otherBits = receipt with { Samples = [receipt.Samples[0] with { Tokens = [.. receipt.Samples[0].Tokens.Select((token, i) => i == 6 ? token with { LogProbability = MathF.BitDecrement(token.LogProbability) } : token)] }] };
        Assert.Equal("samples[0].tokens[6].logprob", await FirstField(otherBits));
        Assert.Equal("samples[0].finish_reason", await FirstField(receipt with { Samples = [receipt.Samples[0] with { FinishReason = ReceiptSample.Stop }] }));
        Assert.Equal("samples[0].finish_reason", await FirstField(receipt with { Samples = [receipt.Samples[0] with { Tokens = [.. receipt.Samples[0].Tokens.Take(3)] }] }));
        Assert.Equal("sampling", await FirstField(receipt with { Sampling = receipt.Sampling with { Seed = 6 } }));
        Assert.Equal("prompt.ids", await FirstField(receipt with { PromptIds = [.. receipt.PromptIds.Skip(1)] }));
        Digest otherDigest = Digest.Of("other"u8);
        Assert.Equal("samples[0].tokens[6].logits", await FirstField(receipt with { Samples = [receipt.Samples[0] with { Tokens = [.. receipt.Samples[0].Tokens.Select((token, i) => i == 6 ? token with { Logits = otherDigest } : token)] }] }));
        Assert.Equal("model.weights", await FirstField(receipt with { Model = receipt.Model with { Weights = Digest.Of("other"u8) } }));
        Assert.Equal("model.kv_cache_dtype", await FirstField(receipt with { Model = receipt.Model with { CacheDtype = "bf16" } }));
        Assert.Null(await FirstField(receipt with { Samples = [receipt.Samples[0] with { Tokens = [.. receipt.Samples[0].Tokens.Take(3)], FinishReason = ReceiptSample.Interrupted }] }));
    }

    [Fact]
    public async Task WhatIsNoReceiptIsRefused()
    {
        (_, JsonNode answer) = await _server.PostAsync("/v1/completions", """{"prompt":"dog","seed":5,"max_tokens":12}""");
        string text = await _server.Http.GetStringAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative));
        Assert.Equal((400, "invalid_receipt"), await Code(text.Replace("\"seed\":5", "\"seed\":6", StringComparison.Ordinal)));
        Assert.Equal((400, "invalid_receipt"), await Code("""{"format":"idem-receipt-2"}"""));
        Assert.Equal((404, "receipt_not_found"), await Code("""{"receipt_id":"sha256:00"}"""));
        Assert.Equal((400, "invalid_value"), await Code("{}"));
        Assert.Equal((400, "unsupported_parameter"), await Code("""{"receipt_id":"a","token":3}"""));
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Http.GetAsync(new Uri("/v1/receipts/sha256:00", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task TheOldestReceiptsAreForgotten()
    {
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { Limits = new ServerLimits { ReceiptsMax = 2 } });
        List<string> ids = [];
        for (int i = 0; i < 3; i++)
        {
            ids.Add((string)(await server.PostAsync("/v1/completions", $$"""{"prompt":"dog","seed":{{i}},"max_tokens":2}""")).Body["receipt_ids"]![0]!);
        }

        HttpStatusCode[] found = await Task.WhenAll(ids.Select(async id => (await server.Http.GetAsync(new Uri($"/v1/receipts/{id}", UriKind.Relative))).StatusCode));
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.OK], found);
    }

    private async Task<string?> FirstField(Receipt receipt)
    {
        (int status, JsonNode verdict) = await _server.PostAsync("/v1/verify", Encoding.UTF8.GetString(receipt.Encode(out _)));
        Assert.True(status == 200, verdict.ToJsonString());
        Assert.Equal(verdict["mismatches"]!.AsArray().Count == 0, (bool)verdict["equal"]!);
        JsonNode? first = verdict["mismatches"]!.AsArray().FirstOrDefault();
        if (first?["sample"] is not null)
        {
            ReceiptMismatch verified = ReceiptVerifier.Verify(receipt, "receipt", _server.Model.Folder, _server.Model.Identity).Mismatches[0]; // without the server
            Assert.Equal(
                (verified.Field, verified.Sample, verified.Token, verified.Stated, verified.Found, verified.Reason, verified.Or),
                ((string?)first["field"], (int?)first["sample"], (int?)first["token"], (string?)first["stated"], (string?)first["found"], (string?)first["reason"], (string?)first["or"]));
        }

        return (string?)first?["field"];
    }

    private async Task<(int, string?)> Code(string json)
    {
        (int status, JsonNode body) = await _server.PostAsync("/v1/verify", json);
        return (status, (string?)body["error"]?["code"]);
    }
}
