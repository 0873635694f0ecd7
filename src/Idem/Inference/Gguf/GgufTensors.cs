// The tensors of a GGUF file as Hugging Face's files have them: names, shapes and order of elements. Elements stay as they are stored,
// blocks of Q8_0 become codes and scales; only norms that are stored with one added become other numbers.

using Idem.Formats;

namespace Idem.Inference;

/// <summary>GGUF tensors under Hugging Face's names.</summary>
internal static class GgufTensors
{
    /// <summary>All tensors that are parameters.</summary>
    /// <exception cref="GgufException">A tensor is not one of the architecture's, or has a shape that it cannot have.</exception>
    public static IReadOnlyList<NamedTensor> Of(GgufFile file)
    {
        string architecture = GgufConfig.ArchitectureOf(file);
        bool tied = GgufConfig.IsTied(file);
        var named = new List<NamedTensor>();
        foreach (GgufTensor tensor in file.Tensors)
        {
            if (tensor.Name == GgufNames.RotaryFactors || (tied && tensor.Name == GgufNames.Head))
            {
                continue; // the configuration says both
            }

            string name = GgufNames.HuggingFace(architecture, tensor.Name)
                ?? throw new GgufException(file.Path, tensor.Name, $"is not a tensor of the architecture '{architecture}' as it is known here", GgufKeys.Remedy);
            Add(named, file, tensor, name, GgufNames.LayoutOf(architecture, tensor.Name));
        }

        return named;
    }

    private static void Add(List<NamedTensor> named, GgufFile file, GgufTensor tensor, string name, GgufLayout layout)
    {
        long[] shape = [.. tensor.Shape];
        TensorData data = layout is GgufLayout.RotaryQueries or GgufLayout.RotaryKeys or GgufLayout.StackedHeads ? Reordered(file, tensor, layout) : tensor.Data;
        DType dtype = tensor.Type.ToDType();
        if (tensor.Type == GgufTensorType.Q8)
        {
            if (shape.Length != 2 || layout == GgufLayout.OneAdded)
            {
                throw new GgufException(file.Path, tensor.Name, $"has {shape.Length} dimensions in Q8_0, in which only matrices are read", GgufKeys.Remedy);
            }

            AddBlocks(named, name, shape, data, layout == GgufLayout.Transposed);
            return;
        }

        if (layout == GgufLayout.OneAdded)
        {
            data = new NormWeights(data, dtype);
            dtype = DType.F32;
        }
        else if (layout == GgufLayout.Transposed && shape.Length == 2)
        {
            data = new TransposedElements(data, shape[0], shape[1], dtype.Width());
            shape = [shape[1], shape[0]];
        }

        named.Add(new NamedTensor(name, dtype, shape, data));
    }

    private static void AddBlocks(List<NamedTensor> named, string name, long[] shape, TensorData data, bool transposed)
    {
        (long rows, long columns, long blocks) = (shape[0], shape[1], shape[1] / GgufTypes.Q8Elements);
        TensorData codes = new Q8Codes(data), scales = new Q8Scales(data);
        if (transposed)
        {
            codes = new TransposedElements(codes, rows, columns, sizeof(sbyte));
            scales = new TransposedElements(scales, rows, blocks, sizeof(ushort));
        }

        named.Add(new NamedTensor(name, DType.I8, transposed ? [columns, rows] : [rows, columns], codes));
        named.Add(new NamedTensor(name + Q8Pair.ScaleSuffix, DType.F16, transposed ? [blocks, rows] : [rows, blocks], scales));
    }

    private static ReorderedRows Reordered(GgufFile file, GgufTensor tensor, GgufLayout layout)
    {
        GgufKeys keys = new(file, GgufConfig.ArchitectureOf(file));
        long heads = keys.Count("attention.head_count");
        heads = layout == GgufLayout.RotaryKeys ? keys.CountOrNull("attention.head_count_kv") ?? heads : heads;
        long parts = layout == GgufLayout.StackedHeads ? 3 : 2; // q, k, v; or the halves of a head
        long rows = tensor.Shape.Count > 0 ? tensor.Shape[0] : 0, size = rows / heads / parts;
        if (rows == 0 || size * heads * parts != rows)
        {
            throw new GgufException(file.Path, tensor.Name, $"has shape [{string.Join(", ", tensor.Shape)}], which {heads} heads do not divide", GgufKeys.Remedy);
        }

        return new ReorderedRows(tensor.Data, tensor.Data.ByteCount / rows, layout == GgufLayout.StackedHeads ? Stacked : Alternating);

        // Hugging Face's row (head, part, i); the file's is (part, head, i), or (head, i, part).
        long Stacked(long row) => ((row / size % parts * heads) + (row / size / parts)) * size + (row % size);

        long Alternating(long row) => (((row / size / parts * size) + (row % size)) * parts) + (row / size % parts);
    }
}
