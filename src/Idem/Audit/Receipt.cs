// What an answer was made from and what it consists of, so that anyone with the model can make it again and compare: format
// "idem-receipt-1" (docs/formats.md, "Receipts"). Data only: it computes no logits. It does not say who made it; that is what a
// signature is for (idem attest). The bytes are in ReceiptWriter, their one reading in ReceiptReader.

namespace Idem.Audit;

/// <summary>The receipt of a request's answer, all its samples.</summary>
public sealed record Receipt
{
    /// <summary>The format's name.</summary>
    public const string Format = "idem-receipt-1";

    /// <summary>Bytes of a file at most.</summary>
    public const long BytesMax = 1L << 30;

    /// <summary>What may differ when it is made again: names of <see cref="Invariances"/>.</summary>
    public IReadOnlyList<string> InvariantUnder { get; init; } = Invariances.OfInference;

    /// <summary>What computed it.</summary>
    public required ReceiptModel Model { get; init; }

    /// <summary>How tokens were drawn, and when the text ended.</summary>
    public required ReceiptSampling Sampling { get; init; }

    /// <summary>The ids that were continued, exactly.</summary>
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>The continuations, by ascending number.</summary>
    public required IReadOnlyList<ReceiptSample> Samples { get; init; }

    /// <summary>The one way to write it.</summary>
    /// <param name="id">The receipt's name: the digest of its bytes.</param>
    /// <exception cref="ArgumentException">It holds what no receipt can: a number that is not finite, ids below 0, samples out of order.</exception>
    public byte[] Encode(out Digest id) => ReceiptWriter.Write(this, out id);

    /// <summary>Reads a receipt; all of its digests hold.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="id">The receipt's name.</param>
    /// <exception cref="ReceiptException">The bytes are not those of a receipt; names the field.</exception>
    public static Receipt Decode(ReadOnlySpan<byte> bytes, string file, out Digest id) => ReceiptReader.Read(bytes, file, checksDigests: true, out id);

    /// <summary>Reads what a file says whose digests do not hold, to find what was changed in it; it is no receipt.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="ReceiptException">The bytes are not even written as a receipt's.</exception>
    public static Receipt DecodeChanged(ReadOnlySpan<byte> bytes, string file) => ReceiptReader.Read(bytes, file, checksDigests: false, out _);
}

/// <summary>What computed an answer: whatever decides a logit, and what makes text of ids.</summary>
public sealed record ReceiptModel
{
    /// <summary>The version of the arithmetic.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>Root digest of the weights as they are stored.</summary>
    public required Digest Weights { get; init; }

    /// <summary>SHA-256 of config.json as a checkpoint stores it.</summary>
    public required Digest Config { get; init; }

    /// <summary>Digest of the tokenizer; null where the model has none.</summary>
    public required Digest? Tokenizer { get; init; }

    /// <summary>SHA-256 of the chat template's UTF-8 text; null where the model has none.</summary>
    public required Digest? ChatTemplate { get; init; }

    /// <summary>The weight profile: f32, bf16 or q8.</summary>
    public required string Dtype { get; init; }

    /// <summary>How keys and values were held: f32 or bf16.</summary>
    public required string CacheDtype { get; init; }

    /// <summary>The digest of all of that: two models with one digest give the same answers.</summary>
    public Digest Digest => ReceiptWriter.DigestOf(this);
}

/// <summary>The effective sampling parameters of an answer.</summary>
public sealed record ReceiptSampling
{
    /// <summary>Tokens at most.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Temperature; 0 is greedy.</summary>
    public required float Temperature { get; init; }

    /// <summary>Tokens kept by rank; 0: all.</summary>
    public required int TopK { get; init; }

    /// <summary>Probability kept by rank; 1: all.</summary>
    public required float TopP { get; init; }

    /// <summary>Share of the best token's probability that is kept; 0: all.</summary>
    public required float MinP { get; init; }

    /// <summary>Repetition penalty; 1: none.</summary>
    public required float RepetitionPenalty { get; init; }

    /// <summary>Presence penalty; 0: none.</summary>
    public required float PresencePenalty { get; init; }

    /// <summary>Frequency penalty; 0: none.</summary>
    public required float FrequencyPenalty { get; init; }

    /// <summary>What is added to the logits of some ids before the draw, by ascending id.</summary>
    public IReadOnlyList<ReceiptBias> LogitBias { get; init; } = [];

    /// <summary>What restricted the tokens; null for nothing.</summary>
    public ReceiptConstraint? Constraint { get; init; }

    /// <summary>Ids that end the text.</summary>
    public required IReadOnlyList<int> StopIds { get; init; }

    /// <summary>Strings that end the text.</summary>
    public required IReadOnlyList<string> Stops { get; init; }

    /// <summary>Decides every draw, with position and sample.</summary>
    public required ulong Seed { get; init; }
}

/// <summary>What is added to the logit of an id.</summary>
public readonly record struct ReceiptBias(int Id, float Value);

/// <summary>What restricted the tokens.</summary>
/// <param name="Kind">Of which sort it was.</param>
/// <param name="Definition">The text that it was made from.</param>
public sealed record ReceiptConstraint(string Kind, string Definition);

/// <summary>One continuation.</summary>
public sealed record ReceiptSample
{
    /// <summary>A stop id, a stop string, or a constraint ended it.</summary>
    public const string Stop = "stop";

    /// <summary>It has as many tokens as were asked for.</summary>
    public const string Length = "length";

    /// <summary>It was cancelled: the receipt is of what there was.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>Which of the samples of its prompt, from 0; part of the draws.</summary>
    public required int Sample { get; init; }

    /// <summary>Its tokens, in order.</summary>
    public required IReadOnlyList<ReceiptToken> Tokens { get; init; }

    /// <summary>Why it ended: <see cref="Stop"/>, <see cref="Length"/> or <see cref="Interrupted"/>.</summary>
    public required string FinishReason { get; init; }
}

/// <summary>One generated token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Its log-probability under the model's logits.</param>
/// <param name="Logits">Digest of the row of logits that it was drawn from.</param>
public readonly record struct ReceiptToken(int Id, float LogProbability, Digest Logits);
