// From a row of logits to a token: penalties, the draw, its log-probability, the digest of the row. One definition for generation and for
// the replay of receipts. What a token is depends on the row, the settings and the sequence so far, on nothing else.

using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

/// <summary>Draws tokens of any number of sequences, one at a time.</summary>
/// <param name="vocabulary">Logits of a row.</param>
internal sealed class TokenSampler(int vocabulary)
{
    private readonly float[] _logProbabilities = new float[vocabulary];
    private readonly float[] _penalised = new float[vocabulary];

    /// <summary>The token after a sequence's ids; the sequence stays as it is.</summary>
    /// <param name="generation">The sequence.</param>
    /// <param name="row">The logits of its last position, [V].</param>
    public GeneratedToken Draw(Generation generation, ReadOnlyMemory<float> row)
    {
        SamplingSettings settings = generation.Settings;
        ReadOnlySpan<float> logits = row.Span;
        ReadOnlySpan<float> drawn = logits;
        if (generation.Distinct.Count > 0)
        {
            LogitPenalties penalties = settings.Penalties;
            logits.CopyTo(_penalised);
            foreach (int known in generation.Distinct)
            {
                _penalised[known] = penalties.Apply(logits[known], generation.CountOf(known));
            }

            drawn = _penalised;
        }

        ulong uniform = generation.Draws.Bits64((ulong)generation.Ids.Count) >> (64 - Sampling.UniformBits);
        int id = Sampling.Draw(drawn, settings.Parameters, uniform);
        LogSoftmax.Forward(Compute.Current, 1, logits.Length, logits, _logProbabilities);
        Digest digest = TensorDigest.Compute(NamedTensor.Of("logits", [row.Length], row));
        return new GeneratedToken(id, _logProbabilities[id], digest, Top(logits, settings.TopLogProbabilities));
    }

    private TokenLogProbability[] Top(ReadOnlySpan<float> logits, int count)
    {
        if (count == 0)
        {
            return [];
        }

        int[] best = new int[Math.Min(count, logits.Length)];
        Sampling.Best(logits, best);
        return [.. best.Select(id => new TokenLogProbability(id, _logProbabilities[id]))];
    }
}
