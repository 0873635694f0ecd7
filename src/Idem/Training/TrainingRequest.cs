// What a caller asks of the trainer, what it finds when it prepares, and how it ends.

using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Tracing;

namespace Idem.Training;

/// <summary>A request to train.</summary>
/// <param name="RunFolder">The folder to write, or with <paramref name="Resume"/> to continue.</param>
/// <param name="Data">Files or folders of text; empty with <paramref name="Resume"/> takes those of run.json.</param>
/// <param name="Preset">A name of <see cref="Presets"/>, or null.</param>
/// <param name="ConfigFile">A JSON file of settings, or null.</param>
/// <param name="Overrides">Single settings by name; they win over preset and file.</param>
/// <param name="Resume">Null: a new run. <c>latest</c>, a step, or the path of a checkpoint: continue there.</param>
/// <param name="From">A model folder to begin from; null draws a model, or on resuming takes the one of run.json.</param>
/// <param name="Trace">A trace to write; null for none. It decides no bit.</param>
public sealed record TrainingRequest(
    string RunFolder,
    IReadOnlyList<string> Data,
    string? Preset = null,
    string? ConfigFile = null,
    IReadOnlyList<KeyValuePair<string, JsonNode?>>? Overrides = null,
    string? Resume = null,
    string? From = null,
    TraceRequest? Trace = null);

/// <summary>How training ended.</summary>
/// <param name="RunFolder">Where the run is.</param>
/// <param name="Step">The last step executed.</param>
/// <param name="CheckpointPath">The checkpoint after it, a Hugging Face model folder.</param>
/// <param name="ModelDigest">Digest of its model.</param>
/// <param name="Loss">The last step's training loss; null when no step was executed.</param>
/// <param name="ValLoss">The last validation loss; null when none was computed.</param>
/// <param name="Interrupted">Whether it was stopped before the last step.</param>
public sealed record TrainingOutcome(
    string RunFolder, long Step, string CheckpointPath, Digest ModelDigest, double? Loss, double? ValLoss, bool Interrupted);

/// <summary>A run that cannot start or go on as asked; the message names the cause and the remedy.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
