namespace Idem.Inference.Scheduling;

/// <summary>What a step computes of one sequence.</summary>
/// <param name="Sequence">The sequence; its positions before <see cref="Sequence.Computed"/> lie in its pages.</param>
/// <param name="Count">How many positions are computed now.</param>
/// <param name="Draws">Whether those are all that it has, so that an id is drawn after them.</param>
internal readonly record struct BatchEntry(Sequence Sequence, int Count, bool Draws);

/// <summary>What a <see cref="Scheduler"/> drives: memory in pages, and a computation over them.</summary>
internal interface IPagedModel
{
    /// <summary>Copies the first rows of a page to another.</summary>
    void Copy(int from, int to, int rows);

    /// <summary>
    /// Computes a batch: keys and values of the positions into the sequences' pages, and for those that draw the next id, which it adds to
    /// <see cref="Sequence.Ids"/>, or the end.
    /// </summary>
    void Run(IReadOnlyList<BatchEntry> batch);
}
