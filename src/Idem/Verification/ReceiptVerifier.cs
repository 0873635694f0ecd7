// idem verify RECEIPT: makes an answer again and compares. Trusts nothing of the receipt: what it says of the model is compared with the
// model, then every token is computed from the ids before it. Each token is right if those before it are, so that the answer is right
// if none differs. What differs is named by ReceiptDiagnosis.

using Idem.Audit;
using Idem.Inference;
using Idem.Models;
using Idem.Numerics.Kernels;

namespace Idem.Verification;

/// <summary>Replays receipts.</summary>
public static class ReceiptVerifier
{
    /// <summary>The weight profile to load the model with.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="ReceiptException">There is none of the stated name.</exception>
    public static PackedDtype DtypeOf(Receipt receipt, string file)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        return ProfileNames.Weights.Contains(receipt.Model.Dtype)
            ? ProfileNames.ParseWeights(receipt.Model.Dtype)
            : throw new ReceiptException(file, "model.dtype", $"'{receipt.Model.Dtype}' is none of {string.Join(", ", ProfileNames.Weights)}");
    }

    /// <summary>What the model at hand is otherwise than the receipt says; nothing needs computing for it.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="model">The model at hand, from <see cref="Receipts.Identify"/>; how it holds keys and values does not matter here.</param>
    public static IReadOnlyList<ReceiptMismatch> CompareModel(Receipt receipt, ReceiptModel model)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(model);
        ReceiptModel stated = receipt.Model;
        (string Field, string? Stated, string? Found)[] fields =
        [
            ("arithmetic", stated.Arithmetic, model.Arithmetic),
            ("config", stated.Config.ToString(), model.Config.ToString()),
            ("weights", stated.Weights.ToString(), model.Weights.ToString()),
            ("dtype", stated.Dtype, model.Dtype),
            ("tokenizer", stated.Tokenizer?.ToString(), model.Tokenizer?.ToString()),
            ("chat_template", stated.ChatTemplate?.ToString(), model.ChatTemplate?.ToString()),
        ];
        return
        [
            .. fields.Where(field => field.Stated != field.Found).Select(field => new ReceiptMismatch(
                "model." + field.Field, null, null, $"{field.Field} {field.Stated ?? "none"}", $"the model has {field.Found ?? "none"}", "")),
        ];
    }

    /// <summary>Compares the model, and then tokens.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="folder">The model, loaded with the weight profile that the receipt states.</param>
    /// <param name="model">The same model, from <see cref="Receipts.Identify"/>.</param>
    /// <param name="only">One place, from a single pass over the ids before it; null for all tokens and how each sample ended.</param>
    /// <param name="progress">Called with tokens done and tokens in all.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <exception cref="ReceiptException">The receipt says what no receipt can: a parameter out of range, an unknown profile, an empty prompt.</exception>
    /// <exception cref="ModelConfigException">The model does not generate text.</exception>
    public static ReceiptReport Verify(
        Receipt receipt, string file, ModelFolder folder, ReceiptModel model, ReceiptPlace? only = null, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        IReadOnlyList<ReceiptMismatch> differing = CompareModel(receipt, model);
        if (differing.Count > 0)
        {
            return new ReceiptReport(0, differing);
        }

        ReceiptReplay replay = new(receipt, file, folder);
        return replay.CheckRequest() is { } impossible ? new ReceiptReport(0, [impossible])
            : only is { } place ? One(replay, place, progress)
            : All(receipt, replay, progress, cancellation);
    }

    /// <summary>
    /// What was changed, where an engine at work, having made the answer again, found a first difference. Takes a few passes over the ids before it.
    /// The model is not loaded again, so that other weight profiles are not tried.
    /// </summary>
    /// <param name="receipt">The receipt; of this model, by <see cref="CompareModel"/>.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="folder">The model.</param>
    /// <param name="sample">The sample's number.</param>
    /// <param name="token">The first token that differs; null where none does, but how the sample ended.</param>
    /// <returns>Null where the model by itself gives what the receipt states.</returns>
    /// <exception cref="ReceiptException">The receipt says what no receipt can.</exception>
    public static ReceiptMismatch? Explain(Receipt receipt, string file, ModelFolder folder, int sample, int? token)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(folder);
        ReceiptReplay replay = new(receipt, file, folder, triesProfiles: false);
        return token is { } place ? replay.CheckPlace(new ReceiptPlace(sample, place), isAlone: false) : replay.CheckEnd(replay.Sample(sample));
    }

    private static ReceiptReport One(ReceiptReplay replay, ReceiptPlace place, Action<int, int>? progress)
    {
        ReceiptMismatch? mismatch = replay.CheckPlace(place);
        progress?.Invoke(1, 1);
        return new ReceiptReport(1, mismatch is null ? [] : [mismatch]);
    }

    private static ReceiptReport All(Receipt receipt, ReceiptReplay replay, Action<int, int>? progress, CancellationToken cancellation)
    {
        int total = receipt.Samples.Sum(sample => sample.Tokens.Count), done = 0;
        foreach (ReceiptSample sample in receipt.Samples)
        {
            foreach (ReceiptMismatch? mismatch in replay.CheckTokens(sample))
            {
                cancellation.ThrowIfCancellationRequested();
                done++;
                progress?.Invoke(done, total);
                if (mismatch is not null)
                {
                    return new ReceiptReport(done, [mismatch]);
                }
            }

            if (replay.CheckEnd(sample) is { } end)
            {
                return new ReceiptReport(done, [end]);
            }
        }

        return new ReceiptReport(done, []);
    }
}
