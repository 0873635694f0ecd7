// The receipts of a request's answer, one for each prompt with all its samples, made as the samples end.

using Idem.Audit;
using Idem.Inference;

namespace Idem.Server.Endpoints;

/// <param name="model">The model.</param>
/// <param name="stops">Strings that end a text.</param>
/// <param name="requests">What was asked of the engine, a prompt each.</param>
/// <param name="store">Where receipts are kept.</param>
internal sealed class AnswerReceipts(ServedModel model, IReadOnlyList<string> stops, GenerationRequest[] requests, ReceiptStore store)
{
    private readonly List<ReceiptToken>[] _tokens = [.. requests.SelectMany(request => Enumerable.Range(0, request.Samples)).Select(_ => new List<ReceiptToken>())];
    private readonly string?[] _reasons = new string?[requests.Sum(request => request.Samples)];

    private int Samples => requests[0].Samples;

    /// <summary>Takes a part of a choice.</summary>
    /// <returns>The name of its prompt's receipt, with the part that completes it; null before.</returns>
    public string? Add(ChoicePart part)
    {
        _tokens[part.Choice].AddRange(part.Tokens.Select(token => new ReceiptToken(token.Id, token.LogProbability, token.LogitsDigest)));
        if (part.Finished is not { } reason)
        {
            return null;
        }

        _reasons[part.Choice] = reason == FinishReason.Stop ? ReceiptSample.Stop : ReceiptSample.Length;
        int prompt = part.Choice / Samples;
        return Array.TrueForAll(_reasons[(prompt * Samples)..((prompt + 1) * Samples)], ended => ended is not null) ? Create(prompt) : null;
    }

    private string Create(int prompt)
    {
        ReceiptSample[] samples =
        [
            .. Enumerable.Range(0, Samples).Select(sample => new ReceiptSample
            {
                Sample = sample, Tokens = _tokens[(prompt * Samples) + sample], FinishReason = _reasons[(prompt * Samples) + sample]!,
            }),
        ];
        GenerationRequest request = requests[prompt];
        byte[] bytes = Receipts.Create(model.Identity, request.Prompt, request.Settings, stops, samples).Encode(out Digest id);
        store.Add(id.ToString(), bytes);
        return id.ToString();
    }
}
