// What may change between two executions without changing a bit, by name: the contract for machines (docs/contract.md, "Across what").
// Runs and receipts state the names that were in force, so that a reader need not guess. A name never changes its meaning; the list
// of a format is part of that format's bytes.

namespace Idem.Audit;

/// <summary>The invariances that hold, as runs and receipts state them.</summary>
public static class Invariances
{
    /// <summary>How many threads compute.</summary>
    public const string Threads = "threads";

    /// <summary>The vector path, its width, or none.</summary>
    public const string Simd = "simd";

    /// <summary>Processor architecture, operating system and runtime.</summary>
    public const string Architecture = "architecture";

    /// <summary>Which thread computes which shard of a batch.</summary>
    public const string ShardAssignment = "shard-assignment";

    /// <summary>How a batch is cut for gradient accumulation.</summary>
    public const string GradientAccumulation = "gradient-accumulation";

    /// <summary>Interruption and continuation from a checkpoint.</summary>
    public const string Resume = "resume";

    /// <summary>Other sequences computed beside one, that come and go.</summary>
    public const string Batch = "batch";

    /// <summary>In which parts a prompt is computed; all in one pass as well as id by id.</summary>
    public const string PrefillChunking = "prefill-chunking";

    /// <summary>Keys and values taken over from a sequence that began alike.</summary>
    public const string PrefixCache = "prefix-cache";

    /// <summary>Memory given up to others, and what was in it computed again later.</summary>
    public const string Preemption = "preemption";

    /// <summary>Those of training.</summary>
    public static IReadOnlyList<string> OfTraining { get; } = [Threads, Simd, Architecture, ShardAssignment, GradientAccumulation, Resume];

    /// <summary>Those of generation.</summary>
    public static IReadOnlyList<string> OfInference { get; } = [Threads, Simd, Architecture, Batch, PrefillChunking, PrefixCache, Preemption];
}
