// idem diff of two models: what they are made of, their tensors; then both read the same ids, and the first operation that gives
// different results is named.

using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tensors;
using Idem.Tracing;

namespace Idem.Verification.Differences;

/// <summary>Compares models: folders, GGUF files, or single safetensors files.</summary>
public static class ModelDifference
{
    private const int IdsRead = 8;

    /// <summary>Compares what lies at two paths.</summary>
    /// <param name="kind">What a report calls them: models, checkpoints.</param>
    /// <param name="pathA">One.</param>
    /// <param name="pathB">The other.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="cancellation">Stops between tensors.</param>
    /// <exception cref="CorruptFileException">There is no model, or it is malformed.</exception>
    public static DiffReport Find(string kind, string pathA, string pathB, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        bool areFolders = IsModel(pathA) && IsModel(pathB);
        List<Difference> differences = areFolders ? ModelIdentity.Differences(ModelFolder.OpenFiles(pathA), ModelFolder.OpenFiles(pathB)) : [];
        using IDisposable fileA = Open(pathA, out IReadOnlyCollection<NamedTensor> tensorsA), fileB = Open(pathB, out IReadOnlyCollection<NamedTensor> tensorsB);
        TensorPairs pairs = TensorPairs.Of(tensorsA, tensorsB);
        IReadOnlyList<TensorDifference> different = pairs.Compare("comparing tensors", progress, cancellation);
        DiffReport report = new(kind, [.. differences, .. pairs.Unpaired]) { Tensors = different };
        if (different.Count == 0)
        {
            return report;
        }

        return report with
        {
            Causes = pairs.Cause(WeightCauses.Name, different) is { } cause ? [cause] : [],
            Place = (areFolders && pairs.IsComplete ? FirstOperation(pathA, pathB, progress) : null)
                ?? new DiffPlace(null, "weights", "stored", "", different[0].Name, different[0]),
        };
    }

    private static bool IsModel(string path) => Directory.Exists(path) || GgufFile.IsGguf(path);

    private static IDisposable Open(string path, out IReadOnlyCollection<NamedTensor> tensors)
    {
        if (IsModel(path))
        {
            OpenWeights weights = IModelFiles.Of(path).OpenWeights();
            tensors = [.. weights.Tensors.OrderBy(tensor => tensor.Name, NameOrder.Instance)];
            return weights;
        }

        SafeTensorsFile file = SafeTensorsFile.Open(path);
        tensors = [.. file.Tensors];
        return file;
    }

    // Both read the ids 0, 1, 2, ...
    private static DiffPlace? FirstOperation(string pathA, string pathB, Action<DiffProgress>? progress)
    {
        progress?.Invoke(new DiffProgress("tracing both models", 0, 0));
        try
        {
            LanguageModel a = ModelFolder.Load(pathA).Model, b = ModelFolder.Load(pathB).Model;
            int[] ids = [.. Enumerable.Range(0, Math.Min(IdsRead, Math.Min(a.Config.ContextLength, a.Config.VocabSize)))];
            IReadOnlyList<TraceEntry> left = Trace(a, ids), right = Trace(b, ids);
            for (int i = 0; i < Math.Min(left.Count, right.Count); i++)
            {
                TraceRecord record = left[i].Record;
                if (record.IsSamePlace(right[i].Record) && record.Digest != right[i].Record.Digest)
                {
                    return new DiffPlace(null, record.PhaseName, record.Operation, record.Module, record.Result, TensorComparison.Find(record.Result, left[i].Values!, right[i].Values!));
                }
            }
        }
        catch (Exception exception) when (exception is ModelConfigException or Nn.StateDictException or FileNotFoundException or CorruptFileException)
        {
            // Tensors can be compared where no model can be made of them.
        }

        return null;
    }

    private static IReadOnlyList<TraceEntry> Trace(LanguageModel model, int[] ids)
    {
        OperationTrace trace = new(1, null, (_, _) => true);
        using NoGradScope none = Autograd.NoGrad();
        using ObserverScope watched = Tape.Watch(trace);
        _ = model.Logits(ids);
        return trace.Entries;
    }
}
