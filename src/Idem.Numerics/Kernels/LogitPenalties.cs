// Penalties of tokens that a text already has, on one logit at a time. Each token is penalised once, so the order of tokens
// cannot matter. Definition: docs/arithmetic.md#sampling.

namespace Idem.Numerics.Kernels;

/// <summary>How logits of tokens that occurred are lowered, before temperature.</summary>
/// <param name="Repetition">Divides positive logits and multiplies negative ones of tokens in the prompt or the continuation; 1: none.</param>
/// <param name="Frequency">Times a token's occurrences in the continuation, subtracted from its logit; 0: none.</param>
/// <param name="Presence">Subtracted from the logits of tokens in the continuation; 0: none.</param>
public readonly record struct LogitPenalties(float Repetition, float Frequency, float Presence)
{
    /// <summary>Nothing is lowered.</summary>
    public static LogitPenalties None { get; } = new(1f, 0f, 0f);

    /// <summary>Throws when a penalty is out of range.</summary>
    /// <exception cref="ArgumentException">Names the parameter, its value and the range.</exception>
    public void Validate()
    {
        if (!float.IsFinite(Repetition) || Repetition <= 0f)
        {
            throw new ArgumentException(FormattableString.Invariant($"repetition penalty is {Repetition}: use 1 (none) or another positive number"));
        }

        if (!float.IsFinite(Frequency))
        {
            throw new ArgumentException(FormattableString.Invariant($"frequency penalty is {Frequency}: use 0 (none) or another number"));
        }

        if (!float.IsFinite(Presence))
        {
            throw new ArgumentException(FormattableString.Invariant($"presence penalty is {Presence}: use 0 (none) or another number"));
        }
    }

    /// <summary>The logit of a token that is in the text.</summary>
    /// <param name="logit">The model's.</param>
    /// <param name="generated">Its occurrences in the continuation; the prompt's do not count.</param>
    public float Apply(float logit, int generated)
    {
        if (Repetition != 1f)
        {
            logit = logit < 0f ? logit * Repetition : logit / Repetition;
        }

        if (generated > 0)
        {
            float frequent = Frequency * generated;
            logit -= frequent;
            logit -= Presence;
        }

        return logit;
    }
}
