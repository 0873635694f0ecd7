// Which field of a receipt was changed, where its replay finds a difference. The logits after a place tell: they follow from the ids
// before them, so a receipt whose next logits follow a stated id had that id, whatever the parameters would draw now. Costs one or two
// further passes, and only where something differs.

using System.Globalization;
using Idem.Audit;
using Idem.Inference;
using Idem.Nn;
using Idem.Numerics.Kernels;

namespace Idem.Verification;

/// <param name="receipt">The receipt.</param>
/// <param name="folder">The model.</param>
/// <param name="settings">What the receipt states of sampling.</param>
/// <param name="cacheDtype">What it states of keys and values.</param>
/// <param name="triesProfiles">Whether the model may be loaded once more, under other weight profiles.</param>
internal sealed class ReceiptDiagnosis(Receipt receipt, ModelFolder folder, SamplingSettings settings, CacheDtype cacheDtype, bool triesProfiles)
{
    private const string Prompt = "prompt.ids";

    // Above this, many tokens have one log-probability: it tells them apart no longer.
    private const float TellingMax = -1e-3f;

    /// <summary>What differs at a place.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="token">The place.</param>
    /// <param name="drawn">What the model draws there; not what the receipt states.</param>
    /// <param name="isAlone">Whether the ids before it were not checked.</param>
    public ReceiptMismatch Explain(ReceiptSample sample, int token, GeneratedToken drawn, bool isAlone)
    {
        ReceiptToken stated = sample.Tokens[token];
        return stated.Logits != drawn.LogitsDigest ? OtherLogits(sample, token, drawn, isAlone)
            : stated.Id != drawn.Id ? OtherId(sample, token, drawn)
            : At(sample, token, "logprob", $"log-probability {Number(stated.LogProbability)}", $"the model gives id {drawn.Id} {Number(drawn.LogProbability)}", "it was changed");
    }

    /// <summary>An id that the model does not have.</summary>
    public ReceiptMismatch Outside(ReceiptSample sample, int token) => At(
        sample, token, "id", $"id {sample.Tokens[token].Id}", $"the model's vocabulary has {folder.Model.Config.VocabSize}", "nothing after it can be computed");

    /// <summary>A token where a constraint lets nothing follow, or does not allow what is before.</summary>
    public ReceiptMismatch Complete(ReceiptSample sample, int token) => At(
        sample, token, "id", $"id {sample.Tokens[token].Id}", "the constraint allows nothing here", "the constraint, or an id before it, was changed") with { Or = "sampling.constraint" };

    /// <summary>The place of a sample in the receipt's list.</summary>
    public int IndexOf(ReceiptSample sample) => receipt.Samples.ToList().IndexOf(sample);

    private ReceiptMismatch OtherId(ReceiptSample sample, int token, GeneratedToken drawn)
    {
        int id = sample.Tokens[token].Id;
        string stated = $"id {id}", found = $"the model draws {drawn.Id}";
        if (id >= folder.Model.Config.VocabSize)
        {
            return Outside(sample, token);
        }

        return (IsNextAsStated(sample, token) ?? HasLogProbability(sample, token)) switch
        {
            true => new ReceiptMismatch("sampling", sample.Sample, token, stated, found + " with these parameters",
                $"the rest of the receipt agrees with {id}, so a sampling parameter, the seed or the sample's number was changed"),
            false => At(sample, token, "id", stated, found, "the id was changed"),
            null => At(sample, token, "id", stated, found, "the id, or a sampling parameter, was changed") with { Or = "sampling" },
        };
    }

    private ReceiptMismatch OtherLogits(ReceiptSample sample, int token, GeneratedToken drawn, bool isAlone)
    {
        Digest logits = sample.Tokens[token].Logits;
        string stated = $"logits {logits}", found = $"the model computes {drawn.LogitsDigest}";
        int[] before = Before(sample, token);
        foreach (CacheDtype other in Enum.GetValues<CacheDtype>().Where(other => other != cacheDtype))
        {
            if (NewReplay(folder, other).Place(before, sample.Sample)?.LogitsDigest == logits)
            {
                return Profile("kv_cache_dtype", ProfileNames.Of(cacheDtype), ProfileNames.Of(other));
            }
        }

        foreach (PackedDtype other in Enum.GetValues<PackedDtype>().Where(other => triesProfiles && other != folder.Dtype && HasRoom))
        {
            if (NewReplay(ModelFolder.Load(folder.Path, other), cacheDtype).Place(before, sample.Sample)?.LogitsDigest == logits)
            {
                return Profile("dtype", ProfileNames.Of(folder.Dtype), ProfileNames.Of(other));
            }
        }

        bool? next = IsNextAsStated(sample, token);
        return (next ?? HasLogProbability(sample, token)) switch
        {
            // An id of the prompt may be one that the next place sees no longer, because the window has moved on.
            true when next is true => At(sample, token, "logits", stated, found, "the logits after it agree with the model, so this digest was changed") with { Or = isAlone || token == 0 ? Prompt : null },
            _ when isAlone && token > 0 => At(sample, token, "logits", stated, found, "the prompt, an id before it, or this digest was changed; without --token the place is found") with { Or = Prompt },
            _ when token > 0 => At(sample, token, "logits", stated, found, "the ids before it are right, so this digest was changed, or what follows is of another text"),
            false => new ReceiptMismatch(Prompt, sample.Sample, token, stated, found, "the model is the receipt's, but these are not the logits after its prompt: the prompt was changed"),
            _ => At(sample, token, "logits", stated, found, "this digest, or the prompt, was changed") with { Or = Prompt },
        };

        ReceiptMismatch Profile(string name, string said, string actual) => new(
            "model." + name, sample.Sample, token, $"{name} {said}", $"its logits are those of {actual}", $"{name} was changed");
    }

    // Whether the logits after the stated id are those that the receipt states next; null where it states none.
    private bool? IsNextAsStated(ReceiptSample sample, int token) => token + 1 < sample.Tokens.Count && sample.Tokens[token].Id < folder.Model.Config.VocabSize
        ? NewReplay(folder, cacheDtype).Place(Before(sample, token + 1), sample.Sample)?.LogitsDigest == sample.Tokens[token + 1].Logits
        : null;

    // Whether the stated id has the stated log-probability, for a last token, after which there is nothing; null where that tells nothing.
    private bool? HasLogProbability(ReceiptSample sample, int token)
    {
        ReceiptToken stated = sample.Tokens[token];
        if (!(stated.LogProbability < TellingMax))
        {
            return null;
        }

        IReadOnlyList<TokenLogProbability> all = NewReplay(folder, cacheDtype).Place(Before(sample, token), sample.Sample, withAll: true)?.Top ?? [];
        return all.Any(entry => entry.Id == stated.Id && ReceiptChain.Bits(entry.LogProbability) == ReceiptChain.Bits(stated.LogProbability));
    }

    // For logits, which no setting changes; a constraint would only forbid what is asked about.
    private Replay NewReplay(ModelFolder model, CacheDtype cache) => new(model.Decoder, cache, receipt.PromptIds, settings with { Constraint = null });

    // Whether the model fits into memory once more, in its widest form.
    private bool HasRoom
    {
        get
        {
            GCMemoryInfo memory = GC.GetGCMemoryInfo();
            return folder.Model.Config.ElementsMin * sizeof(float) < (UInt128)Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        }
    }

    private ReceiptMismatch At(ReceiptSample sample, int token, string field, string stated, string found, string reason) => new(
        string.Create(CultureInfo.InvariantCulture, $"samples[{IndexOf(sample)}].tokens[{token}].{field}"), sample.Sample, token, stated, found, reason);

    private static int[] Before(ReceiptSample sample, int token) => [.. sample.Tokens.Take(token).Select(earlier => earlier.Id)];

    private static string Number(float value) => string.Create(CultureInfo.InvariantCulture, $"{value:R} (0x{ReceiptChain.Bits(value):x8})");
}
