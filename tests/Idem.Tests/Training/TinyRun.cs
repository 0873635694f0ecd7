// The smallest run there is: a model of two numbers width, trained by the real trainer in a file system in memory.

using System.Text.Json.Nodes;
using Idem.Tests.Formats;
using Idem.Training;

namespace Idem.Tests.Training;

internal static class TinyRun
{
    public const string Path = "/runs/demo";

    /// <summary>The files of the run that are evidence: all but the times (docs/contract.md).</summary>
    public static IEnumerable<string> Evidence(FaultyFileSystem files) => files.AllFiles(Path).Where(file => !file.EndsWith(RunTiming.FileName, StringComparison.Ordinal));

    /// <param name="files">Where the run is written.</param>
    /// <param name="data">A text file on the real disk.</param>
    /// <param name="steps">Steps; every second has a checkpoint, and the last.</param>
    /// <param name="observer">Watches.</param>
    /// <param name="resume">As of <see cref="TrainingRequest"/>.</param>
    /// <param name="digestEvery">Steps between digests in the ledger.</param>
    /// <param name="cancellation">Interrupts the run.</param>
    public static TrainingOutcome Train(
        FaultyFileSystem files, string data, int steps, ITrainingObserver? observer = null, string? resume = null, int digestEvery = 1, CancellationToken cancellation = default)
    {
        JsonNode?[] values = [1, 1, 2, 2, 1, steps, 2, digestEvery, 0, 0, 0, 0.0, false];
        string[] names = ["n_layer", "n_head", "n_embd", "n_positions", "batch_size", "steps", "checkpoint_every", "digest_every", "eval_every", "sample_every", "warmup_steps", "val_fraction", "bias"];
        TrainingRequest request = new(Path, [data], Overrides: [.. names.Zip(values, KeyValuePair.Create)], Resume: resume);
        return Trainer.Run(Trainer.Prepare(request, files), observer, cancellation);
    }
}
