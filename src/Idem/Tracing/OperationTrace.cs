// Watches one thread's operations and keeps their digests, and the values of those that are chosen. Reads, never writes.

using System.Runtime.InteropServices;
using Idem.Audit;
using Idem.Formats;
using Idem.Tensors;

namespace Idem.Tracing;

/// <summary>A record, and the values if they were chosen.</summary>
internal sealed record TraceEntry(TraceRecord Record, NamedTensor? Values);

/// <summary>The results of one shard, of one forward pass, or of a step as a whole, in the order in which they were computed.</summary>
/// <param name="step">The step or pass.</param>
/// <param name="shard">The shard, or null.</param>
/// <param name="keeps">Chooses the results whose values are kept, by their record and their number in this trace.</param>
internal sealed class OperationTrace(long step, int? shard, Func<TraceRecord, int, bool>? keeps) : OperationObserver
{
    private readonly List<TraceEntry> _entries = [];

    public IReadOnlyList<TraceEntry> Entries => _entries;

    public override void Forward(string operation, Tensor output) =>
        Add<float>(TracePhase.Forward, Module, operation, "output", DType.F32, output.Shape, output.Data);

    public override void Backward(string operation, string module, string input, Shape shape, Span<float> gradient) =>
        Add<float>(TracePhase.Backward, module, operation, "grad:" + input, DType.F32, shape, gradient);

    public void Add<T>(TracePhase phase, string module, string operation, string result, DType dtype, Shape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        long[] dimensions = new long[shape.Rank];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = shape[i];
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        TraceRecord record = new(step, shard, phase, module, operation, result, dtype, [.. dimensions], TensorDigest.Compute(dtype, dimensions, bytes));
        bool isKept = keeps?.Invoke(record, _entries.Count) == true;
        _entries.Add(new TraceEntry(record, isKept ? new NamedTensor("", dtype, dimensions, TensorData.Of<byte>(bytes.ToArray())) : null));
    }
}
