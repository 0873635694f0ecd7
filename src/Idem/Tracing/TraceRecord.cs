// One line of a trace: which operation gave which result, and the result's digest (docs/formats.md, "Traces").
// What may never change within idem-trace-1: the fields, their order, and that there is one way to write a line.

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Idem.Audit;
using Idem.Formats;

namespace Idem.Tracing;

/// <summary>The part of a step that an operation belongs to.</summary>
public enum TracePhase
{
    /// <summary>From inputs to losses or logits.</summary>
    Forward,

    /// <summary>From losses to each shard's gradients.</summary>
    Backward,

    /// <summary>From the shards' losses and gradients to the step's.</summary>
    Reduce,

    /// <summary>From gradients to new states and parameters.</summary>
    Optimizer,
}

/// <summary>A result of an operation.</summary>
/// <param name="Step">The step of training, or the forward pass of a generation, from 1.</param>
/// <param name="Shard">The shard that computed it; null for what belongs to the whole step.</param>
/// <param name="Phase">The part of the step.</param>
/// <param name="Module">The path of the module that it ran in, as PyTorch names modules; empty outside any.</param>
/// <param name="Operation">The operation, e.g. <c>mat_mul</c>.</param>
/// <param name="Result">Which result: <c>output</c>, <c>grad:</c> and the input it belongs to, or a name.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Digest">idem-tensor-1 of the values, under an empty name.</param>
public sealed record TraceRecord(
    long Step, int? Shard, TracePhase Phase, string Module, string Operation, string Result, DType DType, ImmutableArray<long> Shape, Digest Digest)
{
    private static readonly string[] PhaseNames = ["forward", "backward", "reduce", "optimizer"];

    /// <summary>The phase as it is written.</summary>
    public string PhaseName => PhaseNames[(int)Phase];

    /// <summary>Whether another record is of the same result of the same operation.</summary>
    public bool IsSamePlace(TraceRecord other) =>
        (Step, Shard, Phase, Module, Operation, Result, DType) == (other.Step, other.Shard, other.Phase, other.Module, other.Operation, other.Result, other.DType)
        && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

    /// <summary>Module, operation and result, for people.</summary>
    public string Place => $"{PhaseName} {(Module.Length == 0 ? "" : Module + " ")}{Operation} {Result}" + (Shard is { } shard ? $" (shard {shard})" : "");

    /// <summary>The key of the tensor in the file beside the trace.</summary>
    /// <param name="index">Number of the record in its trace, from 0.</param>
    public string TensorName(long index) => string.Create(CultureInfo.InvariantCulture, $"{index:D8}:{Module}:{Operation}:{Result}");

    /// <summary>The line, without its line feed.</summary>
    internal byte[] Encode()
    {
        StringBuilder line = new("{\"step\":");
        line.AppendInteger(Step);
        if (Shard is { } shard)
        {
            line.Append(",\"shard\":").AppendInteger(shard);
        }

        line.Append(",\"phase\":").AppendString(PhaseName).Append(",\"module\":").AppendString(Module).Append(",\"op\":").AppendString(Operation)
            .Append(",\"result\":").AppendString(Result).Append(",\"dtype\":").AppendString(DType.Name()).Append(",\"shape\":[").AppendJoin(',', Shape)
            .Append("],\"digest\":").AppendString(Digest.ToString()).Append('}');
        return Encoding.UTF8.GetBytes(line.ToString());
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="FormatException">It is not what <see cref="Encode"/> writes.</exception>
    internal static TraceRecord Decode(ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            using JsonDocument json = JsonDocument.ParseValue(ref reader);
            JsonElement root = json.RootElement;
            TraceRecord record = new(
                root.GetProperty("step").GetInt64(),
                root.TryGetProperty("shard", out JsonElement shard) ? shard.GetInt32() : null,
                (TracePhase)Array.IndexOf(PhaseNames, Text(root, "phase")),
                Text(root, "module"), Text(root, "op"), Text(root, "result"),
                DTypes.TryParse(Text(root, "dtype"), out DType dtype) ? dtype : throw new FormatException("has an unknown dtype"),
                [.. root.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
                Digest.Parse(Text(root, "digest")));
            return record.Phase >= 0 && record.Encode().AsSpan().SequenceEqual(line) ? record : throw new FormatException("is not written as traces are");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("is not a record of a trace", exception);
        }
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? "";
}
