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

    /// <summary>Decides every draw, together with the absolute position of the token.</summary>
    public ulong Seed { get; init; }

    /// <summary>Generation ends after one of these ids.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    internal Numerics.Kernels.SamplingParameters Parameters => new(Temperature, TopK, TopP);
}

/// <summary>One generated token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Natural logarithm of its probability under the model's logits, before temperature and truncation.</param>
/// <param name="LogitsDigest">SHA-256 of the row of logits that it was drawn from (docs/formats.md).</param>
public readonly record struct GeneratedToken(int Id, float LogProbability, Audit.Digest LogitsDigest);
