// What `idem generate --json` prints: the request, and each sample's ids, text, log-probabilities and the digest of its logits.

using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Inference;

namespace Idem.Cli.Verbs;

internal static class GenerateJson
{
    /// <summary>A receipt that was written.</summary>
    /// <param name="File">Where.</param>
    /// <param name="Id">Its name.</param>
    /// <param name="Weights">The digest of the model's weights that it states.</param>
    public sealed record ReceiptFile(string File, Digest Id, Digest Weights);

    public static void Write(
        ModelFolder model, string dtype, string cacheDtype, string? prompt, int[] promptIds, int unseen, SamplingSettings settings, string[] stops,
        GeneratedSample[] samples, ReceiptFile? receipt)
    {
        Digest weights = receipt?.Weights ?? ModelFolder.Digests(model.Path, Numerics.Compute.Current.Threads).Root;
        JsonObject result = new()
        {
            ["model"] = model.Path,
            ["model_digest"] = weights.ToString(),
            ["arithmetic"] = Numerics.ArithmeticVersion.Name,
            ["dtype"] = dtype,
            ["kv_cache_dtype"] = cacheDtype,
            ["prompt"] = prompt,
            ["prompt_ids"] = TokenInput.ToJson(promptIds),
            ["prompt_tokens_unseen"] = unseen,
            ["max_tokens"] = settings.MaxTokens,
            ["temperature"] = settings.Temperature,
            ["top_k"] = settings.TopK,
            ["top_p"] = settings.TopP,
            ["min_p"] = settings.MinP,
            ["repetition_penalty"] = settings.RepetitionPenalty,
            ["presence_penalty"] = settings.PresencePenalty,
            ["frequency_penalty"] = settings.FrequencyPenalty,
            ["stop"] = new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))]),
            ["seed"] = settings.Seed,
            ["n"] = samples.Length,
        };
        if (receipt is not null)
        {
            result["receipt"] = new JsonObject { ["file"] = receipt.File, ["id"] = receipt.Id.ToString() };
        }

        if (samples.Length == 1)
        {
            Add(result, samples[0], settings);
        }
        else
        {
            result["choices"] = new JsonArray([.. samples.Select(sample =>
            {
                JsonObject choice = new() { ["index"] = sample.Generation.Sample };
                Add(choice, sample, settings);
                return choice;
            })]);
        }

        Display.WriteJson(result);
    }

    private static void Add(JsonObject target, GeneratedSample sample, SamplingSettings settings)
    {
        GeneratedToken[] tokens = sample.Tokens;
        target["ids"] = TokenInput.ToJson(tokens.Select(token => token.Id));
        target["text"] = sample.DecodedText;
        target["logprobs"] = new JsonArray([.. tokens.Select(token => JsonValue.Create(token.LogProbability))]);
        target["logprobs_bits"] = new JsonArray([.. tokens.Select(token => JsonValue.Create(LedgerNumber.Of(token.LogProbability).Hex))]);
        if (settings.TopLogProbabilities > 0)
        {
            target["top_logprobs"] = new JsonArray([.. tokens.Select(token => new JsonArray([.. token.Top.Select(top =>
                new JsonObject { ["id"] = top.Id, ["logprob"] = top.LogProbability })]))]);
        }

        target["logits_digest"] = GeneratedToken.DigestOf(tokens).ToString();
        target["finish_reason"] = sample.FinishReason;
    }
}
