// idem diff of two traces, record by record; and of a trace with another framework's module outputs, layer by layer.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Tracing;

namespace Idem.Verification.Differences;

/// <summary>Compares traces.</summary>
public static class TraceDifference
{
    /// <summary>Compares two traces.</summary>
    public static DiffReport Find(TraceFile a, TraceFile b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        List<Difference> differences = [];
        Add(differences, "kind", a.Header["kind"], b.Header["kind"]);
        Add(differences, "arithmetic", a.Header["arithmetic"], b.Header["arithmetic"]);
        JsonObject left = a.Header["subject"]!.AsObject(), right = b.Header["subject"]!.AsObject();
        foreach (string name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
        {
            if (left[name] is JsonObject objectA && right[name] is JsonObject objectB)
            {
                foreach (string inner in objectA.Select(member => member.Key).Union(objectB.Select(member => member.Key)))
                {
                    Add(differences, $"{name} {inner}", objectA[inner], objectB[inner]);
                }
            }
            else
            {
                Add(differences, name, left[name], right[name]);
            }
        }

        // What the traces are of may differ without a result that does; they are equal if their results are.
        DiffReport report = new("traces", [.. differences.Select(difference => difference with { DecidesBits = false })]);
        int count = Math.Min(a.Records.Count, b.Records.Count), first = 0;
        while (first < count && a.Records[first].IsSamePlace(b.Records[first]) && a.Records[first].Digest == b.Records[first].Digest)
        {
            first++;
        }

        return first == a.Records.Count && first == b.Records.Count ? report : Describe(report, a, b, first);
    }

    private static DiffReport Describe(DiffReport report, TraceFile a, TraceFile b, int first)
    {
        int different = Enumerable.Range(first, Math.Min(a.Records.Count, b.Records.Count) - first)
            .Count(i => !a.Records[i].IsSamePlace(b.Records[i]) || a.Records[i].Digest != b.Records[i].Digest);
        TraceRecord record = first < a.Records.Count ? a.Records[first] : b.Records[first];
        List<string> notes = [$"{different} of {Math.Min(a.Records.Count, b.Records.Count)} results differ, the first is number {first}"];
        if (a.Records.Count != b.Records.Count)
        {
            notes.Add($"a has {a.Records.Count} results, b {b.Records.Count}");
        }

        TensorDifference? tensor = null;
        DiffCause? cause = null;
        if (first < a.Records.Count && first < b.Records.Count)
        {
            if (!record.IsSamePlace(b.Records[first]))
            {
                notes.Add($"there b has: {b.Records[first].Place} [{string.Join(", ", b.Records[first].Shape)}], a: {record.Place} [{string.Join(", ", record.Shape)}]");
            }
            else if (a.Tensor(first) is { } x && b.Tensor(first) is { } y)
            {
                tensor = TensorComparison.Find(record.Result, x, y);
                cause = ValueCauses.Find([(x, y)]);
            }
            else
            {
                notes.Add("write both traces with --trace-tensors to see the values");
            }
        }

        string result = record.Result + (record.Shard is { } shard ? $" of shard {shard}" : "");
        return report with
        {
            FirstStep = record.Step,
            Place = new DiffPlace(record.Step, record.PhaseName, record.Operation, record.Module, result, tensor),
            Causes = cause is null ? [] : [cause],
            Notes = notes,
        };
    }

    /// <summary>
    /// Compares the forward results of a trace's first step with tensors that another framework wrote under its modules' names. Every
    /// layer that both have is measured, in the order in which it ran.
    /// </summary>
    /// <param name="trace">A trace with tensors.</param>
    /// <param name="foreign">The other framework's tensors.</param>
    /// <param name="map">Of the other's names: the module here, or <c>module:op</c>; names that it lacks stand for themselves.</param>
    public static DiffReport FindForeign(TraceFile trace, SafeTensorsFile foreign, IReadOnlyDictionary<string, string>? map)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(foreign);
        List<string> notes = [], alone = [];
        SortedDictionary<int, NamedTensor> pairs = [];
        foreach (NamedTensor tensor in foreign.Tensors)
        {
            // What the other framework calls the output of a module with parts need not be the last operation that ran in it here.
            string? mapped = map?.GetValueOrDefault(tensor.Name);
            string wanted = mapped ?? tensor.Name;
            if ((mapped is null && HasParts(trace, wanted)) || IndexOf(trace, wanted) is not { } index)
            {
                alone.Add(mapped is null ? tensor.Name : $"{tensor.Name} ({mapped})");
            }
            else if (trace.Tensor(index) is null)
            {
                notes.Add($"{tensor.Name}: the trace has only the digest; write it with --trace-tensors '{trace.Records[index].Module}'");
            }
            else
            {
                pairs[index] = tensor;
            }
        }

        if (alone.Count > 0)
        {
            notes.Add($"without a counterpart of its own here, map what is to be compared: {string.Join(", ", alone.Select(name => name.Length == 0 ? "''" : name))}");
        }

        List<TensorDifference> measured = [];
        DiffPlace? place = null;
        foreach ((int index, NamedTensor tensor) in pairs)
        {
            NamedTensor own = trace.Tensor(index)!;
            if (LastRows(tensor, own, notes) is not { } other)
            {
                continue;
            }

            TensorDifference difference = TensorComparison.Measure(tensor.Name, own, other);
            measured.Add(difference);
            TraceRecord record = trace.Records[index];
            place ??= difference.Different == 0 ? null : new DiffPlace(record.Step, record.PhaseName, record.Operation, record.Module, record.Result, difference);
        }

        return measured.Count == 0
            ? throw new CorruptFileException(foreign.Path, "has no tensor that the trace has too" + (notes.Count > 0 ? $" ({notes[0]})" : ""), "Name its tensors as the trace names modules, or map them with --map")
            : new DiffReport("trace and foreign tensors", []) { Tensors = measured, Place = place, Notes = notes };
    }

    /// <summary>Reads a map: one JSON object of texts.</summary>
    /// <exception cref="CorruptFileException">It is not that.</exception>
    public static IReadOnlyDictionary<string, string> ReadMap(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path))!.AsObject().ToDictionary(member => member.Key, member => member.Value!.GetValue<string>(), StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw new CorruptFileException(path, "is not a map: it takes one JSON object of texts", "Write {\"their.name\": \"module\"} or {\"their.name\": \"module:op\"}", exception);
        }
    }

    private static bool HasParts(TraceFile trace, string module) =>
        module.Length == 0 || trace.Records.Any(record => record.Module.StartsWith(module + ".", StringComparison.Ordinal));

    // The last result of a module, or of one of its operations, in the first step.
    private static int? IndexOf(TraceFile trace, string wanted)
    {
        int? found = null;
        for (int i = 0; i < trace.Records.Count && trace.Records[i].Step == trace.Records[0].Step; i++)
        {
            TraceRecord record = trace.Records[i];
            bool isWanted = record.Phase == TracePhase.Forward && (record.Shard ?? 0) == 0 && (record.Module == wanted || $"{record.Module}:{record.Operation}" == wanted);
            found = isWanted ? i : found;
        }

        return found;
    }

    // As many elements as the trace has: of logits it may have the last position alone.
    private static NamedTensor? LastRows(NamedTensor tensor, NamedTensor own, List<string> notes)
    {
        long elements = tensor.Data.ByteCount / tensor.DType.Width(), count = own.Data.ByteCount / own.DType.Width();
        if (elements == count)
        {
            return new NamedTensor(tensor.Name, tensor.DType, own.Shape.AsSpan(), tensor.Data);
        }

        if (count == 0 || elements % count != 0 || own.Shape.Length == 0 || tensor.Shape.Length == 0 || own.Shape[^1] != tensor.Shape[^1])
        {
            notes.Add($"{tensor.Name}: has shape [{string.Join(", ", tensor.Shape)}], the trace's [{string.Join(", ", own.Shape)}]");
            return null;
        }

        notes.Add($"{tensor.Name}: its last rows were compared, which are all that the trace has");
        int width = tensor.DType.Width();
        return new NamedTensor(tensor.Name, tensor.DType, own.Shape.AsSpan(), tensor.Data.Window((elements - count) * width, count * width));
    }

    private static void Add(List<Difference> differences, string what, JsonNode? a, JsonNode? b)
    {
        if (!JsonNode.DeepEquals(a, b))
        {
            differences.Add(new Difference(what, a?.ToJsonString() ?? "absent", b?.ToJsonString() ?? "absent"));
        }
    }
}
