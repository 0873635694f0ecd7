namespace Idem.Nn;

/// <summary>What the rows of an activation belong to: as many rows each of some sequences, in training or over caches.</summary>
/// <param name="Count">Sequences.</param>
/// <param name="PositionsEnd">One past the largest position among the rows.</param>
/// <param name="Context">The address of dropout; null where there is none.</param>
/// <param name="Caches">What came before, a cache each; null where the rows are whole sequences.</param>
internal readonly record struct SequenceRows(int Count, int PositionsEnd, ForwardContext? Context, IReadOnlyList<KvCache>? Caches);
