namespace Idem.Inference.Scheduling;

/// <summary>A sequence of ids that grows, as the scheduler sees it. What it means is its owner's matter.</summary>
internal abstract class Sequence
{
    /// <summary>All its ids: those given, then those drawn.</summary>
    public abstract List<int> Ids { get; }

    /// <summary>Index into <see cref="Ids"/> of position 0: above 0 once the sequence outgrew the model's context.</summary>
    public abstract int Begin { get; }

    /// <summary>Whether it takes no more ids.</summary>
    public abstract bool IsFinished { get; }

    /// <summary>Whether it may begin: another sequence, of which it wants to take much over, may have to come first.</summary>
    public virtual bool IsReady => true;

    /// <summary>Whether positions that are known may be taken over; where each one's logits are wanted they may not.</summary>
    public virtual bool TakesPrefixes => true;

    /// <summary>Positions of it that a step computes at most.</summary>
    public virtual int PositionsMax => int.MaxValue;

    /// <summary>Whom it is for.</summary>
    public virtual string Client => "";

    /// <summary>Tokens it may still take; for estimates.</summary>
    public virtual int TokensLeft => 0;

    // What follows is the scheduler's.

    /// <summary>Positions whose keys and values are in its pages.</summary>
    public int Computed { get; internal set; }

    /// <summary>Of these, positions that were taken over when it first began.</summary>
    public int TakenOver { get; internal set; }

    /// <summary>The pages that hold them, and room for more; shared ones are full.</summary>
    public List<int> Pages { get; } = [];

    /// <summary>Ids that are not computed yet.</summary>
    public int Pending => Ids.Count - Begin - Computed;

    /// <summary>Times that its pages were taken from it.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>In which order it was handed in.</summary>
    internal long Arrival { get; set; }

    /// <summary>In which order it first began, -1 before: lower ones go first, and lose their pages last.</summary>
    internal long Seniority { get; set; } = -1;

    internal SequenceState State { get; set; }

    /// <summary>Where its positions were when its pages were filled: those of a sequence that slid are of no use.</summary>
    internal int PagesBegin { get; set; }
}

internal enum SequenceState
{
    /// <summary>Not handed in.</summary>
    New,

    /// <summary>Handed in, never begun.</summary>
    Waiting,

    /// <summary>In every step.</summary>
    Running,

    /// <summary>Its pages were taken: it begins again before any other.</summary>
    Preempted,

    /// <summary>Finished or cancelled.</summary>
    Ended,
}
