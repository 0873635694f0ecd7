// Tensors as files and digests take them, without a copy.

using System.Runtime.InteropServices;
using Idem.Tensors;

namespace Idem.Formats;

/// <summary>Tensors in memory as <see cref="NamedTensor"/>.</summary>
public static class TensorValues
{
    /// <summary>A state dict as float32 tensors for files and digests; do not change the tensors while these are in use.</summary>
    public static IReadOnlyList<NamedTensor> ToNamedTensors(this IEnumerable<KeyValuePair<string, Tensor>> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var named = new List<NamedTensor>();
        foreach ((string name, Tensor tensor) in state)
        {
            long[] shape = Array.ConvertAll(tensor.Shape.ToArray(), dimension => (long)dimension);
            named.Add(new NamedTensor(name, DType.F32, shape, new Values(tensor)));
        }

        return named;
    }

    private sealed class Values(Tensor tensor) : TensorData
    {
        public override long ByteCount => (long)tensor.Length * sizeof(float);

        public override ReadOnlySpan<byte> Bytes(long offset, int count)
        {
            CheckWindow(ByteCount, offset, count);

            // Cut on whole elements first: the byte length of a large tensor does not fit a span.
            int first = (int)(offset / sizeof(float)), skip = (int)(offset % sizeof(float));
            int elements = (int)(((long)skip + count + sizeof(float) - 1) / sizeof(float));
            return MemoryMarshal.AsBytes(tensor.Data.Slice(first, elements)).Slice(skip, count);
        }
    }
}
