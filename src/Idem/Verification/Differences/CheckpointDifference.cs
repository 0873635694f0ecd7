// idem diff of two checkpoints: two models, and what training goes on from beside them: the optimizer's states and the position in the run.
// Checkpoints of equal weights whose next steps would differ are not equal.

using Idem.Formats;
using Idem.Inference;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>Compares checkpoints of runs.</summary>
public static class CheckpointDifference
{
    private const string OptimizerCause = "a changed optimizer state";

    /// <summary>Whether a checkpoint lies at a path.</summary>
    public static bool IsCheckpoint(string path) => File.Exists(Path.Combine(path, RunCheckpoint.StateFile));

    /// <summary>Compares two checkpoints.</summary>
    /// <param name="pathA">One.</param>
    /// <param name="pathB">The other.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="cancellation">Stops between tensors.</param>
    /// <exception cref="CorruptFileException">One is not what was saved.</exception>
    public static DiffReport Find(string pathA, string pathB, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        DiffReport report = ModelDifference.Find("checkpoints", pathA, pathB, progress, cancellation);
        IModelFiles left = IModelFiles.Of(pathA), right = IModelFiles.Of(pathB);
        List<Difference> differences = [.. report.Differences];
        ModelIdentity.AddMembers(differences, "training state", left.Read(RunCheckpoint.StateFile), right.Read(RunCheckpoint.StateFile), []);

        using SafeTensorsFile a = SafeTensorsFile.Open(Path.Combine(pathA, RunCheckpoint.OptimizerFile)), b = SafeTensorsFile.Open(Path.Combine(pathB, RunCheckpoint.OptimizerFile));
        TensorPairs states = TensorPairs.Of(a.Tensors, b.Tensors);
        IReadOnlyList<TensorDifference> different = states.Compare("comparing the optimizer's states", progress, cancellation);
        report = report with { Differences = [.. differences, .. states.Unpaired.Select(difference => difference with { What = $"optimizer {difference.What}" })] };
        if (different.Count == 0)
        {
            return report;
        }

        bool areWeightsEqual = report.Tensors.Count == 0;
        return report with
        {
            Tensors = [.. report.Tensors, .. different],
            Causes = areWeightsEqual && states.Cause(OptimizerCause, different) is { } cause ? [cause] : report.Causes,
            Place = report.Place ?? new DiffPlace(null, "optimizer", "stored", "", different[0].Name, different[0]),
            Notes = areWeightsEqual ? report.Notes : [.. report.Notes, $"{different.Count} of the optimizer's states differ as well, the first is {different[0].Name}"],
        };
    }
}
