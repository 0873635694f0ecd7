// What a training run tells while it runs. Observers show; nothing that they do can change a bit.

using Idem.Audit;

namespace Idem.Training;

/// <summary>Facts that are known when training starts or resumes.</summary>
/// <param name="Manifest">The run's identity.</param>
/// <param name="RunFolder">Where it is written; null for a re-execution that writes nothing.</param>
/// <param name="Parameters">Trainable numbers of the model.</param>
/// <param name="TrainTokens">Tokens of the training split.</param>
/// <param name="ValTokens">Tokens of the validation split.</param>
/// <param name="FirstStep">The first step that will be executed, from 1.</param>
public sealed record TrainingStart(RunManifest Manifest, string? RunFolder, long Parameters, long TrainTokens, long ValTokens, long FirstStep);

/// <summary>One executed step.</summary>
/// <param name="Record">What the ledger holds of it.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Seconds">Time of the step without evaluation; shown, never stored.</param>
public readonly record struct TrainingStep(LedgerRecord Record, long Tokens, double Seconds);

/// <summary>Receives the progress of a training run.</summary>
public interface ITrainingObserver
{
    /// <summary>Before the first step.</summary>
    void Started(TrainingStart start);

    /// <summary>After each step; the record carries a validation loss on steps that evaluate.</summary>
    void Stepped(TrainingStep step);

    /// <summary>During an evaluation: windows done of all.</summary>
    void Evaluating(long step, int done, int total);

    /// <summary>After a checkpoint is safe on disk.</summary>
    void Saved(long step, string path, Digest model);

    /// <summary>A text sampled from the model as it stands.</summary>
    void Sampled(long step, string text);
}
