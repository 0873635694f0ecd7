using System.Globalization;
using Idem.Audit;
using Idem.Models;

namespace Idem.Tests.Verification;

/// <summary>One change of a receipt, and the fields that a verifier may name for it.</summary>
/// <param name="Name">What was changed.</param>
/// <param name="Receipt">The changed receipt.</param>
/// <param name="IsRequest">Whether what was changed is the request, so that the answer may still be the right one.</param>
/// <param name="Fields">The names.</param>
internal sealed record ReceiptChange(string Name, Receipt Receipt, bool IsRequest, params string[] Fields)
{
    private static readonly string[] TokenFields = ["id", "logits", "logprob"];

    public static ReceiptChange Any(Receipt receipt, IModelConfig config, Random random)
    {
        ReceiptSample? sample = receipt.Samples.Where(candidate => candidate.Tokens.Count > 0).OrderBy(_ => random.Next()).FirstOrDefault();
        return random.Next(sample is null ? 1 : 4) switch
        {
            0 => OfModel(receipt, random, hasTokens: sample is not null),
            1 => OfRequest(receipt, config, random),
            2 => OfTokens(receipt, receipt.Samples.ToList().IndexOf(sample!), config, random),
            _ => OfEnd(receipt, receipt.Samples.ToList().IndexOf(sample!), random),
        };
    }

    private static ReceiptChange OfModel(Receipt receipt, Random random, bool hasTokens)
    {
        ReceiptModel model = receipt.Model;
        Digest other = Digest.Of([(byte)random.Next(256)]);
        return random.Next(hasTokens ? 7 : 5) switch
        {
            0 => Model("arithmetic", model with { Arithmetic = "idem-0" }),
            1 => Model("weights", model with { Weights = other }),
            2 => Model("config", model with { Config = other }),
            3 => Model("tokenizer", model with { Tokenizer = random.Next(2) == 0 ? null : other }),
            4 => Model("chat_template", model with { ChatTemplate = other }),
            5 => Model("dtype", model with { Dtype = Other(model.Dtype, random, "f32", "bf16", "q8") }),
            _ => Model("kv_cache_dtype", model with { CacheDtype = Other(model.CacheDtype, random, "f32", "bf16") }),
        };

        ReceiptChange Model(string field, ReceiptModel changed) => new("model." + field, receipt with { Model = changed }, false, "model." + field);
    }

    private static ReceiptChange OfRequest(Receipt receipt, IModelConfig config, Random random)
    {
        ReceiptSampling sampling = receipt.Sampling;
        int other = random.Next(config.VocabSize);
        switch (random.Next(13))
        {
            case 0:
                int[] prompt = [.. receipt.PromptIds];
                int place = random.Next(prompt.Length);
                prompt[place] = (prompt[place] + 1 + random.Next(config.VocabSize - 1)) % config.VocabSize;

                // Ids that the context has left behind still count for penalties: then the draws differ, not the logits.
                return new ReceiptChange($"prompt id {place}", receipt with { PromptIds = prompt }, true,
                    prompt.Length > config.ContextLength || sampling.RepetitionPenalty != 1f ? ["prompt.ids", "sampling"] : ["prompt.ids"]);
            case 1:
                return new ReceiptChange("prompt without its first id", receipt with { PromptIds = [.. receipt.PromptIds.Skip(receipt.PromptIds.Count > 1 ? 1 : 0)] }, true, "prompt.ids", "sampling");
            case 2:
                ReceiptSample last = receipt.Samples[^1];
                return new ReceiptChange("sample number", receipt with { Samples = [.. receipt.Samples.SkipLast(1), last with { Sample = last.Sample + 1 }] }, true, "sampling");
            case 3:
                return Sampling("temperature", sampling with { Temperature = sampling.Temperature == 0f ? 0.9f : MathF.BitIncrement(sampling.Temperature * (random.Next(2) == 0 ? 1f : 2f)) });
            case 4:
                return Sampling("top_k", sampling with { TopK = sampling.TopK + 1 });
            case 5:
                return Sampling("top_p", sampling with { TopP = 0.5f });
            case 6:
                return Sampling("min_p", sampling with { MinP = 0.3f });
            case 7:
                return Sampling("repetition_penalty", sampling with { RepetitionPenalty = 2f });
            case 8:
                return random.Next(2) == 0 ? Sampling("presence_penalty", sampling with { PresencePenalty = 1f }) : Sampling("frequency_penalty", sampling with { FrequencyPenalty = 1f });
            case 9:
                return Sampling("seed", sampling with { Seed = sampling.Seed ^ (1UL << random.Next(64)) });
            case 10:
                return Sampling("stop_ids", sampling with { StopIds = sampling.StopIds.Count > 0 ? [] : [other] });
            case 11:
                return Sampling("logit_bias", sampling with { LogitBias = sampling.LogitBias.Count > 0 ? [.. sampling.LogitBias.Skip(1)] : [new ReceiptBias(other, 3f)] });
            default:
                return random.Next(2) == 0
                    ? Sampling("max_tokens", sampling with { MaxTokens = random.Next(2) == 0 ? sampling.MaxTokens + 1 : sampling.MaxTokens - 1 })
                    : Sampling("stop", sampling with { Stops = sampling.Stops.Count > 0 ? [] : ["e"] });
        }

        // What ends a text shows at the end, what draws a token at that token.
        ReceiptChange Sampling(string field, ReceiptSampling changed) => new("sampling." + field, receipt with { Sampling = changed }, true,
            field is "stop_ids" or "stop" or "max_tokens" ? [.. Enumerable.Range(0, receipt.Samples.Count).Select(i => $"samples[{i}].finish_reason")] : ["sampling"]);
    }

    private static ReceiptChange OfTokens(Receipt receipt, int index, IModelConfig config, Random random)
    {
        List<ReceiptToken> tokens = [.. receipt.Samples[index].Tokens];
        int place = random.Next(tokens.Count);
        ReceiptToken token = tokens[place];
        (string field, tokens[place]) = random.Next(3) switch
        {
            0 => ("id", token with { Id = random.Next(8) == 0 ? config.VocabSize + random.Next(9) : (token.Id + 1 + random.Next(config.VocabSize - 1)) % config.VocabSize }),
            1 => ("logprob", token with { LogProbability = MathF.BitDecrement(token.LogProbability) }),
            _ => ("logits", token with { Logits = Digest.Of([(byte)random.Next(256)]) }),
        };
        string name = string.Create(CultureInfo.InvariantCulture, $"samples[{index}].tokens[{place}].{field}");
        return new ReceiptChange(name, With(receipt, index, receipt.Samples[index] with { Tokens = tokens }), false, name);
    }

    private static ReceiptChange OfEnd(Receipt receipt, int index, Random random)
    {
        ReceiptSample sample = receipt.Samples[index];
        string field = $"samples[{index}].finish_reason";
        if (random.Next(2) == 0 || sample.FinishReason == ReceiptSample.Interrupted)
        {
            string reason = Other(sample.FinishReason, random, ReceiptSample.Stop, ReceiptSample.Length, ReceiptSample.Interrupted);
            return new ReceiptChange(field, With(receipt, index, sample with { FinishReason = reason }), false, field);
        }

        return random.Next(2) == 0
            ? new ReceiptChange("the last token cut off", With(receipt, index, sample with { Tokens = [.. sample.Tokens.SkipLast(1)] }), false, field)
            : new ReceiptChange("a token added", With(receipt, index, sample with { Tokens = [.. sample.Tokens, sample.Tokens[^1]] }), false,
                [field, .. TokenFields.Select(part => string.Create(CultureInfo.InvariantCulture, $"samples[{index}].tokens[{sample.Tokens.Count}].{part}"))]);
    }

    private static Receipt With(Receipt receipt, int index, ReceiptSample sample) => receipt with { Samples = [.. receipt.Samples.Select((other, i) => i == index ? sample : other)] };

    private static string Other(string value, Random random, params string[] all)
    {
        string[] others = [.. all.Where(candidate => candidate != value)];
        return others[random.Next(others.Length)];
    }
}
