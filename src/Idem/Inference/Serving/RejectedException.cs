namespace Idem.Inference.Serving;

/// <summary>A request that was not taken: nothing of it was computed.</summary>
public abstract class RejectedException(string message) : Exception(message);

/// <summary>As many requests wait as may.</summary>
public sealed class QueueFullException(int queued, TimeSpan retryAfter)
    : RejectedException(FormattableString.Invariant($"{queued} requests are waiting, as many as may: try again in {retryAfter.TotalSeconds:F0} s"))
{
    /// <summary>Requests that wait.</summary>
    public int Queued { get; } = queued;

    /// <summary>When a place is likely free, at least a second: estimated from the work that waits and the speed of late.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>The host takes no more requests: it drains, has stopped, or its engine failed (<see cref="Exception.InnerException"/>).</summary>
public sealed class EngineStoppedException : RejectedException
{
    /// <summary>A host that drains or has stopped.</summary>
    public EngineStoppedException()
        : base("the server is shutting down and takes no more requests")
    {
    }

    /// <summary>An engine that failed.</summary>
    public EngineStoppedException(Exception failure)
        : base($"the engine failed: {failure.Message}") => Failure = failure;

    /// <summary>What the engine failed with; null if it did not.</summary>
    public Exception? Failure { get; }
}
