// A line of the benchmark's table, and what tells of its progress.

using Idem.Audit;

namespace Idem.Benchmarks;

/// <summary>A measured figure.</summary>
/// <param name="Group">limits, matmul, attention, functions or train.</param>
/// <param name="Name">The case.</param>
/// <param name="Value">The figure: the more the better, except where the unit is a time.</param>
/// <param name="Unit">GFLOP/s, GB/s, ns/row or tokens/s.</param>
/// <param name="Spread">Half the distance between the quartiles of the samples, as a share of the figure.</param>
/// <param name="PeakShare">Floating-point operations as a share of the FMA peak around the measurement; null where they are not counted.</param>
/// <param name="Disturbed">Something else ran on the machine during every attempt.</param>
/// <param name="Digest">Of the weights that the measured training steps computed; the same on every machine.</param>
public sealed record BenchmarkResult(
    string Group, string Name, double Value, string Unit, double Spread, double? PeakShare, bool Disturbed, Digest? Digest = null);

/// <summary>What to measure.</summary>
/// <param name="Model">The model to train: tiny, shakespeare-char or gpt2.</param>
/// <param name="Seconds">Seconds of measuring a case.</param>
/// <param name="Only">Only cases whose group and name contain this; empty for all.</param>
public sealed record BenchmarkRequest(string Model = "tiny", double Seconds = 0.5, string Only = "");
