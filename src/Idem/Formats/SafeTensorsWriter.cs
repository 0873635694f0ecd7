// Writes safetensors files whose bytes depend on the tensors and the metadata alone: same content, same file.
// The layout is upstream's own (safetensors 0.4-0.6, serialize): dtypes descending, then names ascending by code point;
// metadata sorted; compact JSON padded with spaces so that data starts at a multiple of 8. Wider elements come first,
// so every tensor is aligned to its element.

using System.Buffers.Binary;
using System.Text;

namespace Idem.Formats;

/// <summary>The safetensors writer.</summary>
public static class SafeTensorsWriter
{
    private const int CopyBytes = 1 << 20;

    /// <summary>The metadata Transformers asks for: <c>{"format": "pt"}</c>.</summary>
    public static IReadOnlyDictionary<string, string> TransformersMetadata { get; } =
        new SortedDictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };

    /// <summary>Streams a file. <paramref name="metadata"/> null stands for <see cref="TransformersMetadata"/>; empty writes none.</summary>
    /// <exception cref="ArgumentException">Two tensors of one name, the name <c>__metadata__</c>, or a header over 100 MB.</exception>
    public static void Write(
        Stream destination, IEnumerable<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        NamedTensor[] ordered = InFileOrder(tensors);
        byte[] header = Header(ordered, metadata ?? TransformersMetadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        destination.Write(length);
        destination.Write(header);
        foreach (NamedTensor tensor in ordered)
        {
            for (long offset = 0; offset < tensor.Data.ByteCount; offset += CopyBytes)
            {
                destination.Write(tensor.Data.Bytes(offset, (int)Math.Min(CopyBytes, tensor.Data.ByteCount - offset)));
            }
        }
    }

    private static NamedTensor[] InFileOrder(IEnumerable<NamedTensor> tensors)
    {
        NamedTensor[] ordered = [.. tensors];
        Array.Sort(ordered, (a, b) => a.DType != b.DType ? b.DType.CompareTo(a.DType) : NameOrder.Instance.Compare(a.Name, b.Name));
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        foreach (NamedTensor tensor in ordered)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"tensor name '{tensor.Name}' is taken or reserved; names must be unique in a file", nameof(tensors));
            }
        }

        return ordered;
    }

    private static byte[] Header(NamedTensor[] ordered, IReadOnlyDictionary<string, string> metadata)
    {
        var json = new StringBuilder("{");
        string separator = "";
        if (metadata.Count > 0)
        {
            json.Append("\"__metadata__\":{");
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, NameOrder.Instance))
            {
                json.Append(separator).AppendString(key).Append(':').AppendString(value);
                separator = ",";
            }

            json.Append('}');
        }

        long offset = 0;
        foreach (NamedTensor tensor in ordered)
        {
            json.Append(separator).AppendString(tensor.Name);
            json.Append(":{\"dtype\":\"").Append(tensor.DType.Name()).Append("\",\"shape\":[");
            json.AppendJoin(',', tensor.Shape).Append("],\"data_offsets\":[").AppendInteger(offset);
            offset = checked(offset + tensor.Data.ByteCount);
            json.Append(',').AppendInteger(offset).Append("]}");
            separator = ",";
        }

        json.Append('}');
        int bytes = Encoding.UTF8.GetByteCount(json.ToString());
        json.Append(' ', -bytes & 7);
        byte[] header = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(json.ToString());
        return header.Length <= SafeTensorsHeader.BytesMax
            ? header
            : throw new ArgumentException($"header of {header.Length} bytes exceeds the format's {SafeTensorsHeader.BytesMax}; split the tensors over several files", nameof(ordered));
    }
}
