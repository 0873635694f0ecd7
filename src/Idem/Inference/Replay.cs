// Computes known continuations again, without generating: all ids are given, so that one pass over them gives the logits of every
// place. That these are the bits of generating them one by one is the contract (docs/contract.md), and what a replay relies on.

using System.Runtime.InteropServices;
using Idem.Inference.Constraints;
using Idem.Models;
using Idem.Nn;

namespace Idem.Inference;

/// <summary>What a model draws at the places of given continuations of one prompt.</summary>
/// <param name="model">In evaluation mode.</param>
/// <param name="cacheDtype">How keys and values are held.</param>
/// <param name="prompt">The ids that are continued, at least one, of the vocabulary.</param>
/// <param name="settings">How to draw.</param>
internal sealed class Replay(DecoderModel model, CacheDtype cacheDtype, IReadOnlyList<int> prompt, SamplingSettings settings)
{
    private const int PromptChunk = 512, RowChunk = 32; // positions a pass: of prompts, and of places whose logits are wanted

    private float[] _logits = [];
    private KvCache? _prompt;

    private int Context => model.Config.ContextLength;

    /// <summary>
    /// What the model draws at each place, after the given ids before it; null where a constraint lets nothing follow. Computed as it is
    /// asked for, up to the first place where another id is given.
    /// </summary>
    /// <param name="continuation">The given ids, of the vocabulary but for the last.</param>
    /// <param name="sample">Which sample it is.</param>
    public IEnumerable<GeneratedToken?> Places(IReadOnlyList<int> continuation, int sample)
    {
        Generation sequence = new(prompt, settings, sample, Context);
        int[] ids = [.. prompt, .. continuation];
        int inContext = Math.Min(continuation.Count, Math.Max(0, Context - prompt.Count + 1)); // places whose ids before fit
        KvCache? cache = inContext > 0 ? PromptCache(Math.Min(Context, ids.Length)) : null;
        for (int place = 0; place < inContext; place += RowChunk)
        {
            int count = Math.Min(RowChunk, inContext - place);
            ReadOnlyMemory<float> rows = Forward(ids.AsMemory(prompt.Count - 1 + place, count), cache!, count);
            for (int i = 0; i < count; i++)
            {
                GeneratedToken? drawn = TokenSampler.Draw(sequence, rows.Slice(i * model.Config.VocabSize, model.Config.VocabSize));
                yield return drawn;
                if (!TryContinue(sequence, drawn, continuation[place + i]))
                {
                    yield break;
                }
            }
        }

        for (int place = inContext; place < continuation.Count; place++)
        {
            GeneratedToken? drawn = TokenSampler.Draw(sequence, Window(ids.AsMemory(0, prompt.Count + place)));
            yield return drawn;
            if (!TryContinue(sequence, drawn, continuation[place]))
            {
                yield break;
            }
        }
    }

    /// <summary>
    /// What the model draws at one place, from a pass over the ids before it alone; null where a constraint lets nothing follow, or does
    /// not allow what is before.
    /// </summary>
    /// <param name="before">The given ids before it, of the vocabulary.</param>
    /// <param name="sample">Which sample it is.</param>
    /// <param name="withAll">Whether the token has the log-probabilities of the whole vocabulary.</param>
    public GeneratedToken? Place(IReadOnlyList<int> before, int sample, bool withAll = false) =>
        After(before, sample, withAll) is { } sequence ? TokenSampler.Draw(sequence, Window(CollectionsMarshal.AsSpan(sequence.Ids).ToArray())) : null;

    /// <summary>Whether a constraint lets nothing follow these ids.</summary>
    public bool IsComplete(IReadOnlyList<int> continuation, int sample)
    {
        TokenMask mask = new(model.Config.VocabSize);
        return settings.Constraint is not null && After(continuation, sample, withAll: false) is { ConstraintState: { } state } && !state.Allow(mask);
    }

    // A sequence of given ids; null where its constraint does not allow them.
    private Generation? After(IReadOnlyList<int> ids, int sample, bool withAll)
    {
        Generation sequence = new(prompt, withAll ? settings with { TopLogProbabilities = model.Config.VocabSize } : settings, sample, Context);
        TokenMask? mask = settings.Constraint is null ? null : new(model.Config.VocabSize);
        foreach (int id in ids)
        {
            mask?.Clear();
            if (mask is not null && !(sequence.ConstraintState!.Allow(mask) && mask.IsAllowed(id)))
            {
                return null;
            }

            sequence.Append(Given(id), Context);
        }

        return sequence;
    }

    private bool TryContinue(Generation sequence, GeneratedToken? drawn, int given)
    {
        bool isSame = drawn?.Id == given;
        if (isSame)
        {
            sequence.Append(Given(given), Context);
        }

        return isSame;
    }

    private static GeneratedToken Given(int id) => new(id, 0f, default, []);

    // All of the prompt but its last id, computed once for all samples.
    private KvCache PromptCache(int capacity)
    {
        int length = prompt.Count - 1;
        KvCache cache = model.NewCache(capacity, cacheDtype);
        if (_prompt is null)
        {
            _prompt = model.NewCache(Math.Max(1, length), cacheDtype);
            Prefill(prompt.Take(length).ToArray(), _prompt);
        }

        cache.CopyFrom(_prompt, length);
        return cache;
    }

    // The logits after the last ids of the context, by themselves.
    private ReadOnlyMemory<float> Window(ReadOnlyMemory<int> ids)
    {
        ReadOnlyMemory<int> window = ids[Math.Max(0, ids.Length - Context)..];
        KvCache cache = model.NewCache(window.Length, cacheDtype);
        Prefill(window[..^1], cache);
        return Forward(window[^1..], cache, 1);
    }

    private void Prefill(ReadOnlyMemory<int> ids, KvCache cache)
    {
        for (int begin = 0; begin < ids.Length; begin += PromptChunk)
        {
            Forward(ids.Slice(begin, Math.Min(PromptChunk, ids.Length - begin)), cache, 0);
        }
    }

    // Continues a sequence; the logits of its last rows, [rows, V].
    private ReadOnlyMemory<float> Forward(ReadOnlyMemory<int> ids, KvCache cache, int rows)
    {
        int size = checked(rows * model.Config.VocabSize);
        _logits = _logits.Length < size ? new float[size] : _logits;
        model.Forward(ids.Span, [cache], [ids.Length], [.. Enumerable.Range(ids.Length - rows, rows)], _logits.AsSpan(0, size));
        return _logits.AsMemory(0, size);
    }
}
