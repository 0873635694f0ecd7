namespace Idem.Nn;

/// <summary>What the rows of an activation belong to: as many rows each of some whole sequences, or any number of rows each over caches.</summary>
/// <param name="Count">Sequences.</param>
/// <param name="PositionsEnd">One past the largest position among the rows.</param>
/// <param name="Context">The address of dropout; null where there is none.</param>
/// <param name="Caches">What came before, a cache each; null where the rows are whole sequences.</param>
/// <param name="Rows">The number of rows of each cache, at least <paramref name="Count"/> of them; null where there are no caches.</param>
internal readonly record struct SequenceRows(int Count, int PositionsEnd, ForwardContext? Context, IReadOnlyList<KvCache>? Caches, int[]? Rows);
