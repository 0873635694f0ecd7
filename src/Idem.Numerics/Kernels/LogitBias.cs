// Biases of tokens: added to the model's logits before anything else is done to them. Definition: docs/arithmetic.md#sampling.

namespace Idem.Numerics.Kernels;

/// <summary>A number that is added to the logit of a token.</summary>
/// <param name="Id">The token.</param>
/// <param name="Bias">Finite.</param>
public readonly record struct LogitBias(int Id, float Bias);

/// <summary>Adds biases.</summary>
public static class LogitBiases
{
    /// <summary>Throws when a bias is not finite, an id is negative, or one occurs twice.</summary>
    /// <exception cref="ArgumentException">Names the token.</exception>
    public static void Validate(IReadOnlyList<LogitBias> biases)
    {
        ArgumentNullException.ThrowIfNull(biases);
        HashSet<int> seen = [];
        foreach ((int id, float bias) in biases)
        {
            if (id < 0 || !seen.Add(id))
            {
                throw new ArgumentException(FormattableString.Invariant($"logit bias of token {id}: {(id < 0 ? "there is no such token" : "give it once")}"));
            }

            if (!float.IsFinite(bias))
            {
                throw new ArgumentException(FormattableString.Invariant($"logit bias of token {id} is {bias}: use a finite number"));
            }
        }
    }

    /// <summary>z[id] = z[id] + bias, rounded once, for each.</summary>
    public static void Add(IReadOnlyList<LogitBias> biases, Span<float> logits)
    {
        for (int i = 0; i < biases.Count; i++)
        {
            logits[biases[i].Id] += biases[i].Bias;
        }
    }
}
