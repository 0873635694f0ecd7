// Generation: token ids in, token ids out; it knows no text. Sequences join and leave between steps; a step gives each that is past
// its prompt one token, and computes a part of the others' prompts. What a sequence gets depends on itself alone: neighbours,
// chunks, prefixes taken over and the order of submission change when it is computed, never its bits, which are those of a forward
// pass over the whole sequence. A sequence that outgrows the context slides: each further token sees the last tokens of the
// context, as in nanoGPT, computed from those tokens alone.

using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;

namespace Idem.Inference;

/// <summary>Generates continuations of any number of prompts at once. Not for several threads at once.</summary>
public sealed class Engine
{
    private readonly DecoderModel _model;
    private readonly EngineSettings _settings;
    private readonly PrefixCache _prefixes;
    private readonly List<Generation> _waiting = [];
    private readonly List<Generation> _active = [];
    private EngineStatistics _counters = new();

    // One step's batch.
    private readonly List<int> _ids = [], _counts = [], _rows = [];
    private readonly List<KvCache> _caches = [];
    private readonly List<Generation> _drawing = [];
    private float[] _logits;

    /// <summary>An engine without sequences.</summary>
    /// <param name="model">In evaluation mode.</param>
    /// <param name="settings">How sequences share the machine.</param>
    public Engine(DecoderModel model, EngineSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _settings = settings ?? new EngineSettings();
        _settings.Validate();
        _prefixes = new PrefixCache(_settings.PrefixPositions ?? Context);
        _logits = new float[Vocabulary];
    }

    /// <summary>Whether a sequence is not finished.</summary>
    public bool HasWork => _active.Count + _waiting.Count > 0;

    private int Context => _model.Config.ContextLength;

    private int Vocabulary => _model.Config.VocabSize;

    /// <summary>What it does now and has done; speed and pages are left out.</summary>
    public EngineStatistics Statistics => _counters with { Queued = _waiting.Count, Running = _active.Count };

    /// <summary>Positions that waiting sequences may take.</summary>
    internal long QueuedPositions => _waiting.Sum(generation => generation.Ids.Count + (long)generation.Settings.MaxTokens);

    /// <summary>Adds a sequence; <see cref="Step"/> advances it.</summary>
    /// <param name="prompt">At least one id.</param>
    /// <param name="settings">How to draw.</param>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, or a setting is out of range.</exception>
    public Generation Submit(IReadOnlyList<int> prompt, SamplingSettings settings) => Submit(prompt, settings, 1)[0];

    /// <summary>Adds samples of one prompt, each with its own draws; number 0 is what <see cref="Submit(IReadOnlyList{int}, SamplingSettings)"/> gives.</summary>
    /// <param name="prompt">At least one id; computed once.</param>
    /// <param name="settings">How to draw.</param>
    /// <param name="samples">How many, at least one.</param>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, or a setting is out of range.</exception>
    public IReadOnlyList<Generation> Submit(IReadOnlyList<int> prompt, SamplingSettings settings, int samples) =>
        Submit(new GenerationRequest { Prompt = prompt, Settings = settings, Samples = samples });

    /// <summary>Adds what is asked for; <see cref="Step"/> advances it.</summary>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, or a setting is out of range.</exception>
    public IReadOnlyList<Generation> Submit(GenerationRequest request)
    {
        Check(request);
        Generation[] added = new Generation[request.Samples];
        for (int i = 0; i < added.Length; i++)
        {
            added[i] = new Generation(request.Prompt, request.Settings, i, i == 0 ? null : added[0], Context);
            if (request.Settings.MaxTokens == 0)
            {
                added[i].Finished = FinishReason.Length;
            }
            else
            {
                _waiting.Add(added[i]);
            }
        }

        _counters = _counters with { Accepted = _counters.Accepted + 1 };
        return added;
    }

    /// <summary>Throws unless a request can be generated. Safe beside a step on another thread.</summary>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, a setting is out of range, or it is too long (<see cref="SequenceLengthException"/>).</exception>
    public void Check(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        foreach (int id in request.Prompt)
        {
            if ((uint)id >= (uint)Vocabulary)
            {
                throw new ArgumentException($"prompt id {id} is not in the vocabulary of {Vocabulary}");
            }
        }

        foreach ((int id, _) in request.Settings.LogitBias)
        {
            if (id >= Vocabulary)
            {
                throw new ArgumentException($"logit bias of token {id}: it is not in the vocabulary of {Vocabulary}");
            }
        }

        if (_settings.MaxSequenceLength is { } limit && request.Prompt.Count + (long)request.Settings.MaxTokens > limit)
        {
            throw new SequenceLengthException(request.Prompt.Count, request.Settings.MaxTokens, limit);
        }
    }

    /// <summary>Ends a sequence; what it has stays.</summary>
    public void Cancel(Generation generation)
    {
        ArgumentNullException.ThrowIfNull(generation);
        if (generation.Finished is null)
        {
            generation.Finished = FinishReason.Cancelled;
            _counters = _counters with { Cancelled = _counters.Cancelled + 1 };
            _waiting.Remove(generation);
            Retire();
        }
    }

    /// <summary>
    /// One forward pass: a token for each sequence past its prompt, a chunk of the prompts of others. Tokens appear in
    /// <see cref="Generation.Tokens"/>.
    /// </summary>
    /// <returns>How many sequences took a token or ended without one.</returns>
    public int Step()
    {
        int drawn = StepKeepingErrors();
        foreach (Generation generation in _drawing)
        {
            if (generation.Error is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }
        }

        return drawn;
    }

    /// <summary>A step in which a sequence's own error (logits that are not numbers) ends that sequence and nothing else.</summary>
    internal int StepKeepingErrors()
    {
        Admit();
        Collect();
        if (_caches.Count == 0)
        {
            return 0;
        }

        int size = checked(_rows.Count * Vocabulary);
        if (_logits.Length < size)
        {
            _logits = new float[size];
        }

        _model.Forward(
            CollectionsMarshal.AsSpan(_ids), _caches, CollectionsMarshal.AsSpan(_counts), CollectionsMarshal.AsSpan(_rows), _logits.AsSpan(0, size));
        Compute.Current.For(_drawing.Count, index => Draw(_drawing[index], _logits.AsMemory(index * Vocabulary, Vocabulary)));
        Count();
        Retire();
        return _drawing.Count;
    }

    /// <summary>Generates one continuation token by token; each is computed when it is asked for. Other sequences advance with it.</summary>
    /// <param name="prompt">At least one id.</param>
    /// <param name="settings">How to draw.</param>
    /// <exception cref="ArgumentException">An id is not in the vocabulary, or a setting is out of range.</exception>
    public IEnumerable<GeneratedToken> Generate(IReadOnlyList<int> prompt, SamplingSettings settings)
    {
        Generation generation = Submit(prompt, settings);
        return Continue();

        IEnumerable<GeneratedToken> Continue()
        {
            try
            {
                for (int given = 0; given < generation.Tokens.Count || generation.Finished is null;)
                {
                    if (given == generation.Tokens.Count)
                    {
                        Step();
                        continue;
                    }

                    yield return generation.Tokens[given++];
                }
            }
            finally
            {
                Cancel(generation); // does nothing where it has ended
            }
        }
    }

    // Waiting sequences begin, in order, while there is room. Samples wait until the first one of their prompt has computed it.
    private void Admit()
    {
        for (int i = 0; i < _waiting.Count && _active.Count < _settings.MaxSequences;)
        {
            Generation generation = _waiting[i];
            if (generation.First is { Finished: null, Tokens.Count: 0 })
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            generation.Cache = CacheFor(generation);
            _active.Add(generation);
        }
    }

    private KvCache CacheFor(Generation generation)
    {
        int capacity = (int)Math.Min(Context, generation.Ids.Count + (long)generation.Settings.MaxTokens);
        if (generation.Begin > 0)
        {
            return NewCache(capacity);
        }

        // At least the last id is computed: its logits are wanted.
        ReadOnlySpan<int> ids = CollectionsMarshal.AsSpan(generation.Ids)[..^1];
        int kept = _prefixes.Match(ids, out int entry);
        KvCache? living = null;
        foreach (Generation other in _active)
        {
            int common = other.Begin > 0 ? 0 : ids.CommonPrefixLength(CollectionsMarshal.AsSpan(other.Ids)[..other.Cache!.Length]);
            if (common > kept)
            {
                (kept, living) = (common, other.Cache);
            }
        }

        if (living is null && kept > 0)
        {
            return _prefixes.Take(entry, kept, capacity, NewCache);
        }

        KvCache cache = NewCache(capacity);
        if (living is not null)
        {
            cache.CopyFrom(living, kept);
        }

        return cache;
    }

    private KvCache NewCache(int capacity) => _model.NewCache(capacity, _settings.CacheDtype);

    private void Collect()
    {
        _ids.Clear();
        _counts.Clear();
        _rows.Clear();
        _caches.Clear();
        _drawing.Clear();
        int budget = _settings.PrefillChunk;
        foreach (Generation generation in _active)
        {
            int pending = generation.Pending;
            int count = pending == 1 ? 1 : Math.Min(pending, budget);
            if (count == 0)
            {
                continue;
            }

            budget -= pending == 1 ? 0 : count;
            int begin = generation.Begin + generation.Cache!.Length;
            _ids.AddRange(CollectionsMarshal.AsSpan(generation.Ids).Slice(begin, count));
            _counts.Add(count);
            _caches.Add(generation.Cache);
            if (count == pending)
            {
                _rows.Add(_ids.Count - 1);
                _drawing.Add(generation);
            }
        }
    }

    private void Draw(Generation generation, ReadOnlyMemory<float> row)
    {
        try
        {
            if (TokenSampler.Draw(generation, row) is { } token)
            {
                generation.Append(token, Context);
            }
            else
            {
                generation.Finished = FinishReason.Stop;
            }
        }
#pragma warning disable CA1031 // Whatever a constraint or a row of logits makes go wrong is that generation's error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            generation.Fail(exception);
        }
    }

    private void Count() => _counters = _counters with
    {
        Steps = _counters.Steps + 1,
        BatchSequences = _caches.Count,
        BatchPositions = _ids.Count,
        GeneratedTokens = _counters.GeneratedTokens + _drawing.Count(generation => generation.Error is null),
        Completed = _counters.Completed + _drawing.Count(generation => generation.Finished is FinishReason.Stop or FinishReason.Length),
        Failed = _counters.Failed + _drawing.Count(generation => generation.Error is not null),
    };

    private void Retire()
    {
        for (int i = 0; i < _active.Count;)
        {
            Generation generation = _active[i];
            if (generation.Finished is null)
            {
                i++;
                continue;
            }

            _active.RemoveAt(i);
            if (generation.Begin == 0)
            {
                _prefixes.Add(generation.Ids, generation.Cache!);
            }

            generation.Cache = null;
        }
    }
}
