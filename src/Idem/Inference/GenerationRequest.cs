namespace Idem.Inference;

/// <summary>What is asked of an <see cref="Engine"/>: a prompt, how to continue it, how often, and for whom.</summary>
public sealed record GenerationRequest
{
    /// <summary>The ids to continue, at least one; computed once for all samples.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>How to draw.</summary>
    public SamplingSettings Settings { get; init; } = new();

    /// <summary>Continuations, each with its own draws; number 0 is what one alone gets.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Whom it is for: clients share the machine evenly, however many requests each has. Never part of a result.</summary>
    public string Client { get; init; } = "";

    /// <summary>
    /// The prompt's own tokens with their log-probabilities, and as many of the most likely tokens at each place; null for none
    /// of that. The prompt is then computed even where its keys and values are known.
    /// </summary>
    public int? PromptTopLogProbabilities { get; init; }

    /// <summary>Throws when a value is out of range, whatever the model.</summary>
    /// <exception cref="ArgumentException">Names the setting, its value and the range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Prompt);
        ArgumentNullException.ThrowIfNull(Settings);
        ArgumentNullException.ThrowIfNull(Client);
        if (Prompt.Count == 0)
        {
            throw new ArgumentException("the prompt has no tokens: give at least one");
        }

        if (Samples < 1)
        {
            throw new ArgumentException($"samples are {Samples}: use a number from 1");
        }

        if (PromptTopLogProbabilities < 0)
        {
            throw new ArgumentException($"top logprobs of the prompt are {PromptTopLogProbabilities}: use a number from 0");
        }

        Settings.Validate();
    }
}

/// <summary>One token of a prompt whose log-probabilities were asked for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Natural logarithm of its probability after the tokens before it; null for the first token, before which there is none.</param>
/// <param name="Top">The most likely tokens at this place, best first, as many as were asked for; none for the first.</param>
public readonly record struct PromptToken(int Id, float? LogProbability, IReadOnlyList<TokenLogProbability> Top);

/// <summary>A prompt and its continuation exceed what the engine allows a sequence.</summary>
public sealed class SequenceLengthException(int promptTokens, int maxTokens, int limit)
    : ArgumentException($"the prompt's {promptTokens} tokens and {maxTokens} more exceed the {limit} that a sequence may have: shorten the prompt or ask for fewer tokens")
{
    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; } = promptTokens;

    /// <summary>Tokens that were asked for.</summary>
    public int MaxTokens { get; } = maxTokens;

    /// <summary>The most that both may be together.</summary>
    public int Limit { get; } = limit;
}
