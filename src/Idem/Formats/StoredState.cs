// Stored weights as a module loads them: float32 as stored, half precision widened (which is exact), blocks of q8 as they are or as
// numbers. Scales stand beside their weights and have no names of their own here.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Formats;

/// <summary>Stored tensors, converted to float32 on copying; other element types are not weights and count as absent.</summary>
public sealed class StoredState : IStateSource
{
    private const int ChunkElements = 1 << 20; // a span of bytes cannot hold the largest tensors

    private readonly SortedDictionary<string, NamedTensor> _tensors = new(NameOrder.Instance);
    private readonly Dictionary<string, Q8Pair> _pairs = new(StringComparer.Ordinal);

    /// <summary>The weights among some tensors.</summary>
    /// <param name="path">Where they are, for messages.</param>
    /// <param name="tensors">The tensors, names unique; open for as long as this is used.</param>
    /// <exception cref="CorruptFileException">A weight is larger than a tensor can be.</exception>
    public StoredState(string path, IEnumerable<NamedTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Dictionary<string, NamedTensor> all = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (NamedTensor tensor in all.Values)
        {
            if (all.TryGetValue(tensor.Name + Q8Pair.ScaleSuffix, out NamedTensor? scales) && Q8Pair.Of(tensor, scales) is { } pair)
            {
                _pairs.Add(tensor.Name, pair);
            }
        }

        foreach (NamedTensor tensor in all.Values)
        {
            bool isScale = tensor.Name.EndsWith(Q8Pair.ScaleSuffix, StringComparison.Ordinal) && _pairs.ContainsKey(tensor.Name[..^Q8Pair.ScaleSuffix.Length]);
            if ((tensor.DType is DType.F32 or DType.BF16 or DType.F16 && !isScale) || _pairs.ContainsKey(tensor.Name))
            {
                RequireHoldable(path, tensor);
                _tensors.Add(tensor.Name, tensor);
            }
        }
    }

    /// <summary>The weights of a folder, open for as long as this is used.</summary>
    public static StoredState Of(SafeTensorsFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return new StoredState(folder.Path, folder.Tensors);
    }

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
        for (int done = 0; done < destination.Length; done += ChunkElements)
        {
            Span<float> chunk = destination.Slice(done, Math.Min(ChunkElements, destination.Length - done));
            ReadOnlySpan<byte> bytes = tensor.Data.Bytes(((long)start + done) * width, chunk.Length * width);
            switch (tensor.DType)
            {
                case DType.BF16: HalfPrecision.WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), chunk); break;
                case DType.F16: HalfPrecision.WidenFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), chunk); break;
                case DType.I8: Dequantize(_pairs[name], start + done, MemoryMarshal.Cast<byte, sbyte>(bytes), chunk); break;
                default: MemoryMarshal.Cast<byte, float>(bytes).CopyTo(chunk); break;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsQ8(string name) => _pairs.ContainsKey(name);

    /// <inheritdoc/>
    public void CopyCodes(string name, int start, Span<sbyte> destination) => Copy(_pairs[name].Codes.Data, start, destination);

    /// <inheritdoc/>
    public void CopyScales(string name, bool alongRows, int start, Span<ushort> destination)
    {
        Q8Pair pair = _pairs[name];
        if (pair.AlongRows != alongRows && pair.Codes.Data.ByteCount > 1) // of one element both are the same
        {
            throw new InvalidOperationException($"'{name}' has blocks along its {(alongRows ? "columns" : "rows")}, but its {(alongRows ? "rows" : "columns")} are what a product sums over; write the file again with 'idem convert'.");
        }

        Copy(pair.Scales.Data, start, destination);
    }

    private static void Copy<T>(TensorData data, int start, Span<T> destination)
        where T : unmanaged
    {
        int width = Marshal.SizeOf<T>();
        for (int done = 0; done < destination.Length; done += ChunkElements)
        {
            Span<T> chunk = destination.Slice(done, Math.Min(ChunkElements, destination.Length - done));
            MemoryMarshal.Cast<byte, T>(data.Bytes(((long)start + done) * width, chunk.Length * width)).CopyTo(chunk);
        }
    }

    // Row by row, as far as the codes go.
    private static void Dequantize(Q8Pair pair, int start, ReadOnlySpan<sbyte> codes, Span<float> values)
    {
        int columns = (int)pair.Codes.Shape[1], blocks = (int)pair.Scales.Shape[1];
        for (int done = 0; done < codes.Length;)
        {
            int row = (start + done) / columns, column = (start + done) % columns, count = Math.Min(columns - column, codes.Length - done);
            int firstBlock = column / Q8Storage.BlockLength;
            if (pair.AlongRows)
            {
                int touched = ((column + count - 1) / Q8Storage.BlockLength) - firstBlock + 1;
                Q8Storage.DequantizeRow(column, codes.Slice(done, count), Scales(pair, ((long)row * blocks) + firstBlock, touched), values.Slice(done, count));
            }
            else
            {
                ReadOnlySpan<ushort> scales = Scales(pair, ((long)(row / Q8Storage.BlockLength) * columns) + column, count);
                Q8Storage.DequantizeColumns(codes.Slice(done, count), scales, values.Slice(done, count));
            }

            done += count;
        }
    }

    private static ReadOnlySpan<ushort> Scales(Q8Pair pair, long start, int count) =>
        MemoryMarshal.Cast<byte, ushort>(pair.Scales.Data.Bytes(start * sizeof(ushort), count * sizeof(ushort)));

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
