// Decides what each step computes: which sequences begin, which positions of whom, whose memory is shared, whose is taken. A state
// machine of what was handed in and of the ids that were drawn; it reads no clock, and knows neither the model nor the network. What it
// decides changes when something is computed, never what: a model's result for a position depends on the ids up to it alone.
//
// A step: sequences begin while there is room (those that lost their pages before all others, then by FairQueue); each sequence past
// its prompt gets one position, the others share what is left of the step's positions, senior ones first. A sequence that needs a page
// when there is none takes those of the most junior one, which begins again later with all its ids: seniority is for good, so the most
// senior sequence always goes on, and everyone becomes that in time.

using System.Runtime.InteropServices;

namespace Idem.Inference.Scheduling;

/// <summary>Runs sequences over a pool of pages.</summary>
/// <param name="pages">The pool.</param>
/// <param name="sequencesMax">Sequences that advance at once.</param>
/// <param name="positionsMax">Positions a step; more only where more sequences are past their prompts.</param>
internal sealed class Scheduler(PagePool pages, int sequencesMax, int positionsMax)
{
    private readonly FairQueue _queue = new();
    private readonly List<Sequence> _preempted = [], _running = []; // by seniority
    private readonly List<BatchEntry> _batch = [];
    private readonly List<int> _matched = [];
    private long _arrivals, _begun;

    /// <summary>The pool.</summary>
    public PagePool Pages => pages;

    /// <summary>Whether a sequence has not ended.</summary>
    public bool HasWork => _running.Count + _preempted.Count + _queue.Count > 0;

    /// <summary>Sequences that wait, those that lost their pages among them.</summary>
    public int Waiting => _queue.Count + _preempted.Count;

    /// <summary>Sequences that run.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences that lost their pages and have not begun again.</summary>
    public IReadOnlyList<Sequence> Preempted => _preempted;

    /// <summary>Sequences that have not begun.</summary>
    public FairQueue Queue => _queue;

    /// <summary>Times that a sequence lost its pages.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Positions that sequences had when they first began.</summary>
    public long BegunPositions { get; private set; }

    /// <summary>Of these, positions that were taken over.</summary>
    public long TakenOver { get; private set; }

    /// <summary>The last step's batch.</summary>
    public IReadOnlyList<BatchEntry> Batch => _batch;

    /// <summary>Positions that are yet to be computed for those who wait, as far as can be said.</summary>
    public long WaitingPositions => _queue.All().Concat(_preempted).Sum(sequence => sequence.Pending + (long)sequence.TokensLeft);

    /// <summary>Hands in a sequence. The whole of it must fit into the pool.</summary>
    public void Add(Sequence sequence)
    {
        if (sequence.State != SequenceState.New)
        {
            throw new InvalidOperationException("a sequence is handed in once");
        }

        sequence.State = SequenceState.Waiting;
        sequence.Arrival = _arrivals++;
        _queue.Add(sequence);
    }

    /// <summary>Ends a sequence, wherever it is; nothing happens to one that has ended.</summary>
    public void Cancel(Sequence sequence)
    {
        switch (sequence.State)
        {
            case SequenceState.Waiting:
                _queue.Remove(sequence, begins: false);
                sequence.State = SequenceState.Ended;
                break;
            case SequenceState.Running or SequenceState.Preempted:
                End(sequence);
                break;
            default:
                break;
        }
    }

    /// <summary>One step.</summary>
    /// <returns>Whether anything was computed.</returns>
    public bool Step(IPagedModel model)
    {
        _batch.Clear();
        Begin(model);
        Plan();
        if (_batch.Count == 0)
        {
            return _preempted.Count == 0 ? false : throw new InvalidOperationException("a sequence takes more pages than there are");
        }

        model.Run(_batch);
        foreach (BatchEntry entry in _batch)
        {
            Commit(entry);
        }

        return true;
    }

    /// <summary>Throws unless all is as it must be; for tests.</summary>
    public void Verify()
    {
        pages.Verify(_running.SelectMany(sequence => sequence.Pages));
        if (_running.Count > sequencesMax || _preempted.Exists(sequence => sequence.Pages.Count > 0) || _queue.All().Any(sequence => sequence.Pages.Count > 0))
        {
            throw new InvalidOperationException("too many sequences run, or one that waits holds pages");
        }
    }

    private void Begin(IPagedModel model)
    {
        while (_running.Count < sequencesMax && (_preempted.Count > 0 ? _preempted[0] : _queue.Next()) is { } next && TryBegin(next, model))
        {
            if (next.State == SequenceState.Preempted)
            {
                _preempted.RemoveAt(0);
            }
            else
            {
                _queue.Remove(next, begins: true);
                next.Seniority = _begun++;
                next.TakenOver = next.Computed;
                _queue.Charge(next, next.Pending);
                BegunPositions += next.Computed + next.Pending;
                TakenOver += next.Computed;
            }

            next.State = SequenceState.Running;
            InsertBySeniority(_running, next);
        }
    }

    // Pages for all ids that it has: those that others have computed, and new ones. While others run, a page is left for them.
    private bool TryBegin(Sequence sequence, IPagedModel model)
    {
        ReadOnlySpan<int> ids = CollectionsMarshal.AsSpan(sequence.Ids)[sequence.Begin..];
        _matched.Clear();
        int partial = -1, common = 0;
        if (sequence.Begin == 0 && sequence.TakesPrefixes)
        {
            common = pages.Match(ids[..^1], _matched, out partial); // at least the last id is computed: its logits are wanted
        }

        foreach (int page in _matched)
        {
            pages.Hold(page);
        }

        if (partial >= 0)
        {
            pages.Hold(partial); // while it is copied
        }

        int needed = pages.PagesFor(ids.Length) - _matched.Count;
        bool fits = pages.Available >= needed + (_running.Count > 0 ? 1 : 0);
        if (!fits && partial >= 0)
        {
            pages.Release(partial); // its own memory may be what is missing
            (partial, common) = (-1, 0);
            fits = pages.Available >= needed + (_running.Count > 0 ? 1 : 0);
        }

        if (fits)
        {
            sequence.Pages.AddRange(_matched);
            sequence.Computed = (_matched.Count * pages.PageLength) + common;
            sequence.PagesBegin = sequence.Begin;
            Extend(sequence, ids.Length);
            if (partial >= 0)
            {
                model.Copy(partial, sequence.Pages[_matched.Count], common);
            }
        }
        else
        {
            pages.Release(_matched);
        }

        if (partial >= 0)
        {
            pages.Release(partial);
        }

        return fits;
    }

    private void Plan()
    {
        int left = positionsMax;
        for (int i = 0; i < _running.Count; i++) // shrinks at its end
        {
            Sequence sequence = _running[i];
            if (HasRoom(sequence) && sequence.Pending == 1)
            {
                _batch.Add(new BatchEntry(sequence, 1, true));
                left--;
            }
        }

        PlanPrompts(Math.Max(left, 1)); // prompts go on, however many are past theirs
    }

    private void PlanPrompts(int left)
    {
        foreach (Sequence sequence in _running)
        {
            int pending = sequence.Pending, count = Math.Min(Math.Min(pending, left), sequence.PositionsMax);
            if (pending > 1 && count > 0)
            {
                _batch.Add(new BatchEntry(sequence, count, count == pending));
                left -= count;
            }
        }
    }

    // Pages for all that a sequence has, if need be those of more junior ones; else it gives up its own.
    private bool HasRoom(Sequence sequence)
    {
        int needed = pages.PagesFor(sequence.Ids.Count - sequence.Begin);
        while (sequence.Pages.Count < needed && pages.Available < needed - sequence.Pages.Count)
        {
            Sequence victim = _running[^1];
            Preempt(victim);
            if (victim == sequence)
            {
                return false;
            }
        }

        Extend(sequence, sequence.Ids.Count - sequence.Begin);
        return true;
    }

    private void Extend(Sequence sequence, int positions)
    {
        while (sequence.Pages.Count < pages.PagesFor(positions))
        {
            sequence.Pages.Add(pages.Take());
        }
    }

    private void Preempt(Sequence victim)
    {
        _running.Remove(victim);
        Empty(victim);
        victim.State = SequenceState.Preempted;
        victim.Preemptions++;
        Preemptions++;
        InsertBySeniority(_preempted, victim);
    }

    private void Commit(BatchEntry entry)
    {
        Sequence sequence = entry.Sequence;
        if (sequence.State != SequenceState.Running)
        {
            return; // cancelled while it was computed
        }

        sequence.Computed += entry.Count;
        Publish(sequence, entry.Count);
        if (entry.Draws)
        {
            _queue.Charge(sequence, 1);
        }

        if (sequence.IsFinished)
        {
            End(sequence);
        }
        else if (sequence.Begin != sequence.PagesBegin)
        {
            Empty(sequence); // it slid: all positions are others now
            sequence.PagesBegin = sequence.Begin;
        }
    }

    // Says what the pages hold that were written to. Where another sequence has filled a page with the same ids, that one is kept.
    private void Publish(Sequence sequence, int count)
    {
        if (sequence.PagesBegin > 0)
        {
            return; // positions that do not begin a text are nobody's prefix
        }

        ReadOnlySpan<int> ids = CollectionsMarshal.AsSpan(sequence.Ids)[..sequence.Computed];
        for (int i = (sequence.Computed - count) / pages.PageLength; i * pages.PageLength < ids.Length; i++)
        {
            int begin = i * pages.PageLength;
            sequence.Pages[i] = pages.Publish(sequence.Pages[i], i == 0 ? -1 : sequence.Pages[i - 1], ids[begin..Math.Min(ids.Length, begin + pages.PageLength)]);
        }
    }

    private void End(Sequence sequence)
    {
        _running.Remove(sequence);
        _preempted.Remove(sequence);
        Empty(sequence);
        sequence.State = SequenceState.Ended;
        _queue.End(sequence);
    }

    private void Empty(Sequence sequence)
    {
        pages.Release(sequence.Pages);
        sequence.Computed = 0;
    }

    private static void InsertBySeniority(List<Sequence> sequences, Sequence sequence)
    {
        int at = sequences.Count;
        while (at > 0 && sequences[at - 1].Seniority > sequence.Seniority)
        {
            at--;
        }

        sequences.Insert(at, sequence);
    }
}
