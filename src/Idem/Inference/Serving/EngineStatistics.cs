namespace Idem.Inference.Serving;

/// <summary>What an <see cref="EngineHost"/> does at a moment, and what it has done since it began. For eyes and graphs: no result depends on it.</summary>
public sealed record EngineStatistics
{
    /// <summary>Samples that wait to be computed.</summary>
    public int Queued { get; init; }

    /// <summary>Samples that are being computed.</summary>
    public int Running { get; init; }

    /// <summary>Sequences of the last step.</summary>
    public int BatchSequences { get; init; }

    /// <summary>Positions of the last step, those of prompts among them.</summary>
    public int BatchPositions { get; init; }

    /// <summary>Generated tokens a second over the last seconds.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Pages of keys and values that sequences hold.</summary>
    public int PagesInUse { get; init; }

    /// <summary>Pages that no sequence holds, kept for prompts that begin alike.</summary>
    public int PagesCached { get; init; }

    /// <summary>All pages.</summary>
    public int PagesTotal { get; init; }

    /// <summary>Bytes of a page.</summary>
    public long PageBytes { get; init; }

    /// <summary>Steps computed.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Positions of prompts computed or taken over, each prompt once.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Of these, positions whose keys and values were taken over.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Times that a sequence gave its memory to others.</summary>
    public long Preemptions { get; init; }

    /// <summary>Requests taken.</summary>
    public long Accepted { get; init; }

    /// <summary>Requests refused because too many waited.</summary>
    public long Rejected { get; init; }

    /// <summary>Samples that ended by a stop id or their length.</summary>
    public long Completed { get; init; }

    /// <summary>Samples that were cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Samples that met an error.</summary>
    public long Failed { get; init; }
}
