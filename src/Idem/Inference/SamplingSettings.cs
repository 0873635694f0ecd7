using System.Security.Cryptography;
using Idem.Audit;
using Idem.Inference.Constraints;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

/// <summary>How a continuation is drawn. The same settings, prompt and model give the same ids on every machine.</summary>
public sealed record SamplingSettings
{
    /// <summary>Tokens to generate at most.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>Divides the logits; 0 takes the most likely token always.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Draws among the k most likely tokens; 0: among all.</summary>
    public int TopK { get; init; }

    /// <summary>Draws among the most likely tokens that together reach this probability; 1: among all.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Draws among tokens at least this share as likely as the most likely one; 0: among all.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the prompt or the continuation; 1: none.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Times a token's occurrences in the continuation, subtracted from its logit; 0: none.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logits of tokens in the continuation; 0: none.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Decides every draw, together with the absolute position of the token and the number of the sample.</summary>
    public ulong Seed { get; init; }

    /// <summary>Generation ends after one of these ids.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>How many of the most likely tokens are reported with each token.</summary>
    public int TopLogProbabilities { get; init; }

    /// <summary>Added to logits before penalties, each token at most once; none by default.</summary>
    public IReadOnlyList<LogitBias> LogitBias { get; init; } = [];

    /// <summary>What the continuation may consist of; null for any tokens.</summary>
    public ITokenConstraint? Constraint { get; init; }

    internal SamplingParameters Parameters => new(Temperature, TopK, TopP, MinP);

    internal LogitPenalties Penalties => new(RepetitionPenalty, FrequencyPenalty, PresencePenalty);

    /// <summary>Throws when a setting is out of range.</summary>
    /// <exception cref="ArgumentException">Names the setting, its value and the range.</exception>
    public void Validate()
    {
        Parameters.Validate();
        Penalties.Validate();
        LogitBiases.Validate(LogitBias);
        if (MaxTokens < 0)
        {
            throw new ArgumentException($"max-tokens is {MaxTokens}: use a number from 0");
        }

        if (TopLogProbabilities < 0)
        {
            throw new ArgumentException($"top logprobs are {TopLogProbabilities}: use a number from 0");
        }
    }
}

/// <summary>One generated token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Natural logarithm of its probability under the model's logits, before biases, penalties, constraint, temperature and truncation.</param>
/// <param name="LogitsDigest">SHA-256 of the row of logits that it was drawn from (docs/formats.md).</param>
/// <param name="Top">The most likely tokens at this place, best first, as many as were asked for.</param>
public readonly record struct GeneratedToken(int Id, float LogProbability, Digest LogitsDigest, IReadOnlyList<TokenLogProbability> Top)
{
    /// <summary>The digest of all rows of logits that tokens were drawn from, in order (docs/formats.md).</summary>
    public static Digest DigestOf(IEnumerable<GeneratedToken> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        using IncrementalHash logits = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        logits.AppendData("idem-logits-1\n"u8);
        foreach (GeneratedToken token in tokens)
        {
            logits.AppendData(token.LogitsDigest.Bytes);
        }

        return new Digest(logits.GetHashAndReset());
    }
}

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogProbability(int Id, float LogProbability);
