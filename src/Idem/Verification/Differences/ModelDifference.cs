// idem diff of two models or checkpoints: configuration, tokenizer, tensors; then both read the same ids, and the first operation that
// gives different results is named.

using System.Text.Json.Nodes;
using Idem.Audit;
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
        List<Difference> differences = [];
        bool areFolders = IsModel(pathA) && IsModel(pathB);
        if (areFolders)
        {
            IModelFiles left = ModelFolder.OpenFiles(pathA), right = ModelFolder.OpenFiles(pathB);
            AddConfig(differences, left.Read(IModelFiles.Config), right.Read(IModelFiles.Config));
            AddFile(differences, "tokenizer", left.Read(IModelFiles.Tokenizer), right.Read(IModelFiles.Tokenizer));
            AddFile(differences, IModelFiles.Generation, left.Read(IModelFiles.Generation), right.Read(IModelFiles.Generation));
        }

        using IDisposable fileA = Open(pathA, out IReadOnlyCollection<NamedTensor> tensorsA), fileB = Open(pathB, out IReadOnlyCollection<NamedTensor> tensorsB);
        List<(NamedTensor A, NamedTensor B)> pairs = Pairs(differences, tensorsA, tensorsB);
        List<TensorDifference> different = [];
        for (int i = 0; i < pairs.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(new DiffProgress("comparing tensors", i, pairs.Count));
            if (Find(pairs[i].A, pairs[i].B) is { } difference)
            {
                different.Add(difference);
            }
        }

        DiffReport report = new(kind, differences) { Tensors = different };
        if (different.Count == 0)
        {
            return report;
        }

        bool areSameShapes = pairs.Count == tensorsA.Count && pairs.Count == tensorsB.Count;
        return report with
        {
            Causes = areSameShapes && Cause(pairs, different) is { } cause ? [cause] : [],
            Place = (areFolders && areSameShapes ? FirstOperation(pathA, pathB, progress) : null)
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

    private static void AddConfig(List<Difference> differences, byte[]? a, byte[]? b)
    {
        try
        {
            JsonObject left = a is null ? [] : JsonNode.Parse(a)!.AsObject(), right = b is null ? [] : JsonNode.Parse(b)!.AsObject();
            foreach (string name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
            {
                if (!JsonNode.DeepEquals(left[name], right[name]))
                {
                    differences.Add(new Difference($"config {name}", left[name]?.ToJsonString() ?? "absent", right[name]?.ToJsonString() ?? "absent", name is not ("torch_dtype" or "dtype" or "transformers_version" or "_name_or_path")));
                }
            }
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException)
        {
            AddFile(differences, IModelFiles.Config, a, b);
        }
    }

    private static void AddFile(List<Difference> differences, string what, byte[]? a, byte[]? b)
    {
        string left = a is null ? "absent" : Digest.Of(a).ToString(), right = b is null ? "absent" : Digest.Of(b).ToString();
        if (left != right)
        {
            differences.Add(new Difference(what, left, right));
        }
    }

    private static List<(NamedTensor A, NamedTensor B)> Pairs(List<Difference> differences, IReadOnlyCollection<NamedTensor> a, IReadOnlyCollection<NamedTensor> b)
    {
        Dictionary<string, NamedTensor> right = b.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        List<(NamedTensor, NamedTensor)> pairs = [];
        foreach (NamedTensor tensor in a)
        {
            if (!right.Remove(tensor.Name, out NamedTensor? other))
            {
                differences.Add(new Difference($"tensor {tensor.Name}", Describe(tensor), "absent"));
            }
            else if (!tensor.Shape.AsSpan().SequenceEqual(other.Shape.AsSpan()))
            {
                differences.Add(new Difference($"tensor {tensor.Name}", Describe(tensor), Describe(other)));
            }
            else
            {
                pairs.Add((tensor, other));
            }
        }

        differences.AddRange(right.Values.OrderBy(tensor => tensor.Name, NameOrder.Instance).Select(tensor => new Difference($"tensor {tensor.Name}", "absent", Describe(tensor))));
        return pairs;
    }

    private static string Describe(NamedTensor tensor) => $"{tensor.DType.Name()} [{string.Join(", ", tensor.Shape)}]";

    // Types that hold no numbers of a model (masks, position ids) are compared as bytes.
    private static TensorDifference? Find(NamedTensor a, NamedTensor b)
    {
        try
        {
            return TensorComparison.Find(a.Name, a, b);
        }
        catch (ArgumentException)
        {
            return TensorDigest.Compute(a) == TensorDigest.Compute(b) ? null : new TensorDifference(a.Name, a.DType, b.DType, a.Shape, 0, 0, null, null, 0, 0);
        }
    }

    private static DiffCause? Cause(List<(NamedTensor A, NamedTensor B)> pairs, List<TensorDifference> different)
    {
        if (different is [{ Different: 1, First: { } first } only] && only.DTypeA == only.DTypeB)
        {
            ulong bits = Convert.ToUInt64(first.BitsA, 16) ^ Convert.ToUInt64(first.BitsB, 16);
            string what = System.Numerics.BitOperations.PopCount(bits) == 1 ? "one bit" : "one element";
            return new DiffCause(WeightCauses.Name, $"{what} of {only.Name}[{string.Join(", ", first.Index)}]", "b", true, "");
        }

        return pairs.TrueForAll(pair => IsNumbers(pair.A) && IsNumbers(pair.B)) ? ValueCauses.Find(pairs) : null;
    }

    private static bool IsNumbers(NamedTensor tensor) => tensor.DType is DType.F16 or DType.BF16 or DType.F32 or DType.F64;

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
