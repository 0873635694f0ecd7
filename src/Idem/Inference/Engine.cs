// Generation: token ids in, token ids out; it knows no text. The prompt goes through the model once, then each token by itself over
// the KV cache, with the bits of a forward pass over the whole sequence. A sequence that outgrows the context slides: each
// further token sees the last tokens of the context, as in nanoGPT, computed from those tokens alone.

using System.Runtime.InteropServices;
using Idem.Audit;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Inference;

/// <summary>Generates continuations.</summary>
public sealed class Engine(DecoderModel model)
{
    private readonly KvCache[] _cache = [model.NewCache(1)];
    private readonly float[] _logits = new float[model.Config.VocabSize];
    private readonly float[] _logProbabilities = new float[model.Config.VocabSize];

    /// <summary>Generates token by token; each is computed when it is asked for.</summary>
    /// <param name="prompt">At least one id.</param>
    /// <param name="settings">How to draw.</param>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, or a setting is out of range.</exception>
    public IEnumerable<GeneratedToken> Generate(IReadOnlyList<int> prompt, SamplingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        settings.Parameters.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(settings.MaxTokens);
        if (prompt.Count == 0)
        {
            throw new ArgumentException("the prompt has no tokens: give at least one");
        }

        foreach (int id in prompt)
        {
            if ((uint)id >= (uint)model.Config.VocabSize)
            {
                throw new ArgumentException($"prompt id {id} is not in the vocabulary of {model.Config.VocabSize}");
            }
        }

        int needed = (int)Math.Min(model.Config.ContextLength, prompt.Count + (long)settings.MaxTokens);
        if (_cache[0].Capacity < needed)
        {
            _cache[0] = model.NewCache(needed);
        }

        return Continue([.. prompt], settings);
    }

    private IEnumerable<GeneratedToken> Continue(List<int> ids, SamplingSettings settings)
    {
        RandomStream stream = new(settings.Seed, "sample", "");
        for (int generated = 0; generated < settings.MaxTokens; generated++)
        {
            ComputeLogits(ids, isFirst: generated == 0);
            ulong uniform = stream.Bits64((ulong)ids.Count) >> (64 - Sampling.UniformBits);
            int id = Sampling.Draw(_logits, settings.Parameters, uniform);
            LogSoftmax.Forward(Compute.Current, 1, _logits.Length, _logits, _logProbabilities);
            ids.Add(id);
            yield return new GeneratedToken(id, _logProbabilities[id], DigestOf(_logits));
            if (settings.StopIds.Contains(id))
            {
                yield break;
            }
        }
    }

    // Fills the logits of the position after the last id.
    private void ComputeLogits(List<int> ids, bool isFirst)
    {
        ReadOnlySpan<int> all = CollectionsMarshal.AsSpan(ids);
        int context = model.Config.ContextLength;
        if (isFirst || all.Length > context)
        {
            _cache[0].Truncate(0);
            model.Forward(all.Length > context ? all[^context..] : all, _cache, _logits);
        }
        else
        {
            model.Forward(all[^1..], _cache, _logits);
        }
    }

    private static Digest DigestOf(float[] logits) =>
        TensorDigest.Compute(NamedTensor.Of("logits", [logits.Length], logits));
}
