// Generation: token ids in, token ids out; it knows no text. Sequences join and leave between steps; a step gives each that is past
// its prompt one token, and computes a part of the others' prompts (Scheduling/ decides whose). What a sequence gets depends on itself
// alone: neighbours, chunks, pages taken over or taken away and the order of submission change when it is computed, never its bits,
// which are those of a forward pass over the whole sequence. A sequence that outgrows the context slides: each further token sees the
// last tokens of the context, as in nanoGPT, computed from those tokens alone.

using System.Runtime.ExceptionServices;
using Idem.Inference.Scheduling;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Nn;

namespace Idem.Inference;

/// <summary>Generates continuations of any number of prompts at once. Not for several threads at once.</summary>
public sealed class Engine
{
    private readonly EngineSettings _settings;
    private readonly KvLayout _layout;
    private readonly Scheduler _scheduler;
    private readonly PagedDecoder _decoder;
    private readonly Dictionary<Generation, GenerationSequence> _sequences = []; // those that have not ended; looked up, never enumerated
    private readonly int _context, _vocabulary;
    private EngineStatistics _counters = new();

    /// <summary>An engine without sequences.</summary>
    /// <param name="model">In evaluation mode.</param>
    /// <param name="settings">How sequences share the machine.</param>
    public Engine(DecoderModel model, EngineSettings? settings = null)
        : this(model, settings, null)
    {
    }

    /// <summary>The same with another computation of logits in the model's place.</summary>
    internal Engine(DecoderModel model, EngineSettings? settings, BatchForward? forward)
    {
        ArgumentNullException.ThrowIfNull(model);
        _settings = settings ?? new EngineSettings();
        _settings.Validate();
        (_context, _vocabulary) = (model.Config.ContextLength, model.Config.VocabSize);
        _layout = model.KvLayout(_settings.PageLength, _settings.CacheDtype);
        int length = _settings.PageLength, perSequence = (int)((Math.Min(_context, _settings.MaxSequenceLength ?? _context) + (long)length - 1) / length);
        int pages = _settings.KvPositions is { } positions ? positions / length : (int)Math.Min((long)perSequence * _settings.MaxSequences, int.MaxValue);
        _scheduler = new Scheduler(
            new PagePool(pages, length, (int)(((long)(_settings.PrefixPositions ?? _context) + length - 1) / length)), _settings.MaxSequences, _settings.MaxBatchedTokens);
        _decoder = new PagedDecoder(forward ?? model.Forward, _layout, _vocabulary, _context);
    }

    /// <summary>Whether a sequence is not finished.</summary>
    public bool HasWork => _scheduler.HasWork;

    /// <summary>What it does now and has done; speed is left out.</summary>
    public EngineStatistics Statistics => _counters with
    {
        Queued = _scheduler.Waiting,
        Running = _scheduler.Running.Count,
        PagesInUse = _scheduler.Pages.InUse,
        PagesCached = _scheduler.Pages.Cached,
        PagesTotal = _scheduler.Pages.Count,
        PageBytes = _layout.PageBytes,
        PromptTokens = _scheduler.BegunPositions,
        CachedTokens = _scheduler.TakenOver,
        Preemptions = _scheduler.Preemptions,
    };

    /// <summary>Positions that waiting sequences may take.</summary>
    internal long QueuedPositions => _scheduler.WaitingPositions;

    /// <summary>Whose pages are whose; for tests.</summary>
    internal Scheduler Scheduler => _scheduler;

    // What a sequence may come to at most: the model's context, or what there is memory for.
    private int LengthMax => (int)Math.Min(_context, (long)_scheduler.Pages.Count * _settings.PageLength);

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
            added[i] = new Generation(request.Prompt, request.Settings, i, _context);
            bool reports = i == 0 && request.PromptTopLogProbabilities is not null;
            if (reports)
            {
                added[i].AddPromptToken(new PromptToken(request.Prompt[0], null, []));
            }

            if (request.Settings.MaxTokens == 0 && !reports)
            {
                added[i].Finished = FinishReason.Length;
            }
            else
            {
                GenerationSequence sequence = new(added[i], request, i == 0 ? null : added[0], _layout);
                _sequences.Add(added[i], sequence);
                _scheduler.Add(sequence);
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
            if ((uint)id >= (uint)_vocabulary)
            {
                throw new ArgumentException($"prompt id {id} is not in the vocabulary of {_vocabulary}");
            }
        }

        foreach ((int id, _) in request.Settings.LogitBias)
        {
            if (id >= _vocabulary)
            {
                throw new ArgumentException($"logit bias of token {id}: it is not in the vocabulary of {_vocabulary}");
            }
        }

        CheckLength(request.Prompt.Count, request.Settings.MaxTokens, request.PromptTopLogProbabilities is not null);
    }

    /// <summary>Ends a sequence; what it has stays.</summary>
    public void Cancel(Generation generation)
    {
        ArgumentNullException.ThrowIfNull(generation);
        if (generation.Finished is null && _sequences.Remove(generation, out GenerationSequence? sequence))
        {
            generation.Finished = FinishReason.Cancelled;
            _counters = _counters with { Cancelled = _counters.Cancelled + 1 };
            _scheduler.Cancel(sequence);
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
        foreach (BatchEntry entry in _scheduler.Batch)
        {
            if (((GenerationSequence)entry.Sequence).Generation.Error is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }
        }

        return drawn;
    }

    /// <summary>A step in which a sequence's own error (logits that are not numbers) ends that sequence and nothing else.</summary>
    internal int StepKeepingErrors()
    {
        if (!_scheduler.Step(_decoder))
        {
            return 0;
        }

        int ended = 0, failed = 0, positions = 0;
        foreach (BatchEntry entry in _scheduler.Batch)
        {
            positions += entry.Count;
            if (((GenerationSequence)entry.Sequence).Generation is { Finished: { } reason } generation)
            {
                _sequences.Remove(generation);
                ended += reason is FinishReason.Stop or FinishReason.Length ? 1 : 0;
                failed += reason is FinishReason.Failed ? 1 : 0;
            }
        }

        int drawn = _decoder.Drawing.Count;
        _counters = _counters with
        {
            Steps = _counters.Steps + 1,
            BatchSequences = _scheduler.Batch.Count,
            BatchPositions = positions,
            GeneratedTokens = _counters.GeneratedTokens + _decoder.Drawing.Count(generation => generation.Error is null && generation.Settings.MaxTokens > 0),
            Completed = _counters.Completed + ended,
            Failed = _counters.Failed + failed,
        };
        return drawn;
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

    private void CheckLength(int prompt, int maxTokens, bool isReported)
    {
        long length = prompt + (long)maxTokens;
        if (_settings.MaxSequenceLength is { } limit && length > limit)
        {
            throw new SequenceLengthException(prompt, maxTokens, limit);
        }

        // One that slides takes the pages of a whole context, however long it is.
        if (Math.Min(length, _context) > LengthMax)
        {
            throw new SequenceLengthException(prompt, maxTokens, LengthMax);
        }

        if (isReported && prompt > _context)
        {
            throw new SequenceLengthException(prompt, 0, _context);
        }
    }
}
