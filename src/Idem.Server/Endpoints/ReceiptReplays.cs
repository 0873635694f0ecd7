// POST /v1/verify: an answer made again as it was made, as one more request to the engine beside whatever else it does, and compared token
// by token. That is no faster than answering ('idem verify' computes all tokens in one pass), and shows what it is meant to show: that the
// neighbours, the cache and the batch of this moment do not matter.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Server.Http;
using Idem.Server.Requests;
using Idem.Verification;
using static System.FormattableString;

namespace Idem.Server.Endpoints;

internal sealed class ReceiptReplays(ServedModel model, EngineHost host, ReceiptStore store, ServerLimits limits)
{
    public static readonly string[] Names = ["receipt_id"];

    private const string Name = "receipt";

    /// <summary>The bytes of a kept receipt.</summary>
    public static byte[] Find(ReceiptStore store, string id) => store.Find(id)
        ?? throw ApiException.NotFound("there is no such receipt here: it is of another server, or it was forgotten (the oldest are, when there are too many)", "receipt_id", "receipt_not_found");

    /// <summary>Makes an answer again.</summary>
    /// <param name="body">A receipt, or an object with the <c>receipt_id</c> of one that is kept.</param>
    /// <param name="raw">The body's bytes: a receipt has only one way to be written.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="cancellation">When the client leaves.</param>
    public async Task<JsonObject> RunAsync(JsonElement body, ReadOnlyMemory<byte> raw, string client, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> bytes = raw;
        if (!body.TryGetProperty("format", out _))
        {
            Fields fields = new(body, "", Names);
            bytes = Find(store, fields.Text("receipt_id") ?? throw ApiException.Invalid("receipt_id", "is missing; send one, or a receipt itself"));
        }

        try
        {
            Receipt receipt = Receipt.Decode(bytes.Span, Name, out Digest id);
            (int compared, IReadOnlyList<ReceiptMismatch> mismatches) = await CompareAsync(receipt, client, cancellation);
            return new JsonObject
            {
                ["object"] = "receipt.verification",
                ["receipt_id"] = id.ToString(),
                ["equal"] = mismatches.Count == 0,
                ["tokens_compared"] = compared,
                ["mismatches"] = new JsonArray([.. mismatches.Select(ToJson)]),
            };
        }
        catch (Exception exception) when (exception is ReceiptException or ArgumentException)
        {
            throw new ApiException(400, exception.Message, "invalid_request_error", null, "invalid_receipt");
        }
    }

    private async Task<(int Compared, IReadOnlyList<ReceiptMismatch> Mismatches)> CompareAsync(Receipt receipt, string client, CancellationToken cancellation)
    {
        List<ReceiptMismatch> differing = [.. ReceiptVerifier.CompareModel(receipt, model.Identity)];
        if (receipt.Model.CacheDtype != model.Identity.CacheDtype)
        {
            differing.Add(new ReceiptMismatch("model.kv_cache_dtype", null, null, $"kv_cache_dtype {receipt.Model.CacheDtype}", $"the model has {model.Identity.CacheDtype}", ""));
        }

        if (differing.Count > 0 || receipt.Samples.Count == 0)
        {
            return (0, differing);
        }

        int samples = receipt.Samples[^1].Sample + 1;
        ReceiptSampling sampling = receipt.Sampling;
        if (samples > limits.ChoicesMax || sampling.Stops.Count > limits.StopsMax || sampling.LogitBias.Count > limits.LogitBiasMax
            || sampling.Stops.Any(stop => stop.Length == 0 || stop.Length > limits.StopCharactersMax))
        {
            throw new ArgumentException(
                $"{Name}: it has more than {limits.ChoicesMax} samples, {limits.LogitBiasMax} biases or {limits.StopsMax} stop strings of 1 to {limits.StopCharactersMax} characters, as no answer here has");
        }

        using RunningRequest running = RunningRequest.Submit(host, model, sampling.Stops, [new GenerationRequest
        {
            Prompt = receipt.PromptIds, Settings = Receipts.SettingsOf(receipt, model.Folder), Samples = samples, Client = client,
        }]);
        List<GeneratedToken>[] tokens = [.. Enumerable.Range(0, samples).Select(_ => new List<GeneratedToken>())];
        FinishReason?[] reasons = new FinishReason?[samples];
        await foreach (ChoicePart part in running.ReadAsync(cancellation))
        {
            tokens[part.Choice].AddRange(part.Tokens);
            reasons[part.Choice] = part.Finished;
        }

        int compared = 0;
        for (int i = 0; i < receipt.Samples.Count; i++)
        {
            ReceiptSample sample = receipt.Samples[i];
            compared += Math.Min(sample.Tokens.Count, tokens[sample.Sample].Count);
            if (Compare(i, sample, tokens[sample.Sample], reasons[sample.Sample]) is { } mismatch)
            {
                return (compared, [await ExplainAsync(receipt, mismatch, cancellation)]);
            }
        }

        return (compared, []);
    }

    // In the words of 'idem verify', which computes the place by itself: between two steps, as embeddings are.
    private async Task<ReceiptMismatch> ExplainAsync(Receipt receipt, ReceiptMismatch mismatch, CancellationToken cancellation) => await host.InvokeAsync(_ =>
    {
        cancellation.ThrowIfCancellationRequested();
        return ReceiptVerifier.Explain(receipt, Name, model.Folder, mismatch.Sample!.Value, mismatch.Token);
    }) ?? mismatch with { Reason = "the model by itself gives what the receipt states, so this server computes otherwise: look at its machine" };

    private static ReceiptMismatch? Compare(int index, ReceiptSample sample, List<GeneratedToken> tokens, FinishReason? reason)
    {
        for (int i = 0; i < Math.Min(sample.Tokens.Count, tokens.Count); i++)
        {
            ReceiptToken stated = sample.Tokens[i];
            GeneratedToken found = tokens[i];
            (string Field, object Stated, object Found)? difference = stated.Logits != found.LogitsDigest ? ("logits", stated.Logits, found.LogitsDigest)
                : stated.Id != found.Id ? ("id", stated.Id, found.Id)
                : !IsSame(stated.LogProbability, found.LogProbability) ? ("logprob", stated.LogProbability, found.LogProbability)
                : null;
            if (difference is var (field, said, made))
            {
                return new ReceiptMismatch($"samples[{index}].tokens[{i}].{field}", sample.Sample, i, Invariant($"{field} {said}"), Invariant($"it is {made}"), "");
            }
        }

        bool isInterrupted = sample.FinishReason == ReceiptSample.Interrupted;
        string end = reason == FinishReason.Stop ? ReceiptSample.Stop : ReceiptSample.Length;
        return sample.Tokens.Count <= tokens.Count && (isInterrupted || (sample.Tokens.Count == tokens.Count && sample.FinishReason == end)) ? null
            : new ReceiptMismatch($"samples[{index}].finish_reason", sample.Sample, null, $"'{sample.FinishReason}' after {sample.Tokens.Count} tokens", $"it is '{end}' after {tokens.Count}", "");
    }

    // By encoding, but that there is one NaN.
    private static bool IsSame(float a, float b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    private static JsonObject ToJson(ReceiptMismatch mismatch) => new()
    {
        ["field"] = mismatch.Field, ["sample"] = mismatch.Sample, ["token"] = mismatch.Token, ["stated"] = mismatch.Stated, ["found"] = mismatch.Found, ["reason"] = mismatch.Reason, ["or"] = mismatch.Or,
    };
}
