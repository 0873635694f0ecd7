// The weights of a model folder as a module loads them: float32 as stored, half precision widened (which is exact).

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Tensors;

namespace Idem.Formats;

/// <summary>A folder's tensors, converted to float32 on copying; other element types are not weights and count as absent.</summary>
/// <param name="folder">The folder, open for as long as this is used.</param>
public sealed class SafeTensorsState(SafeTensorsFolder folder) : IStateSource
{
    private readonly SortedDictionary<string, NamedTensor> _tensors = Weights(folder);

    /// <inheritdoc/>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <inheritdoc/>
    public bool TryGetShape(string name, out Shape shape)
    {
        shape = default;
        if (!_tensors.TryGetValue(name, out NamedTensor? tensor))
        {
            return false;
        }

        Span<int> dimensions = stackalloc int[tensor.Shape.Length];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = (int)tensor.Shape[i];
        }

        shape = new Shape(dimensions);
        return true;
    }

    /// <inheritdoc/>
    public void CopyTo(string name, int start, Span<float> destination)
    {
        NamedTensor tensor = _tensors[name];
        int width = tensor.DType.Width();
        const int ChunkElements = 1 << 20; // a span of bytes cannot hold the largest tensors
        for (int done = 0; done < destination.Length; done += ChunkElements)
        {
            Span<float> chunk = destination.Slice(done, Math.Min(ChunkElements, destination.Length - done));
            ReadOnlySpan<byte> bytes = tensor.Data.Bytes(((long)start + done) * width, chunk.Length * width);
            switch (tensor.DType)
            {
                case DType.BF16: HalfPrecision.WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), chunk); break;
                case DType.F16: HalfPrecision.WidenFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), chunk); break;
                default: MemoryMarshal.Cast<byte, float>(bytes).CopyTo(chunk); break;
            }
        }
    }

    private static SortedDictionary<string, NamedTensor> Weights(SafeTensorsFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var weights = new SortedDictionary<string, NamedTensor>(NameOrder.Instance);
        foreach (NamedTensor tensor in folder.Tensors)
        {
            if (tensor.DType is DType.F32 or DType.BF16 or DType.F16)
            {
                RequireHoldable(folder.Path, tensor);
                weights.Add(tensor.Name, tensor);
            }
        }

        return weights;
    }

    // A header may state any shape whose bytes the file has: none at all, if a dimension is 0.
    private static void RequireHoldable(string path, NamedTensor tensor)
    {
        Int128 elements = 1;
        foreach (long dimension in tensor.Shape)
        {
            elements = dimension > int.MaxValue ? Int128.MaxValue : elements > int.MaxValue ? elements : elements * dimension;
        }

        if (tensor.Shape.Length > Shape.RankMax || elements > int.MaxValue)
        {
            throw new SafeTensorsException(
                path, tensor.Name, $"has shape [{string.Join(", ", tensor.Shape)}]", $"Weights have at most {Shape.RankMax} dimensions and 2^31-1 elements each");
        }
    }
}
