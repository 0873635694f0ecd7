using System.Buffers.Binary;
using System.Text;

namespace Idem.Tests.Support;

/// <summary>Writes GGUF files, sound ones and others, by the format's description (ggml-org/ggml, docs/gguf.md).</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, uint Type, byte[] Value)> _values = [];
    private readonly List<(string Name, uint Type, ulong[] Dimensions, byte[] Data, ulong? Offset)> _tensors = [];

    public uint Magic { get; set; } = 0x46554747;

    public uint Version { get; set; } = 3;

    public ulong? TensorCount { get; set; }

    public ulong? ValueCount { get; set; }

    public uint Alignment { get; set; } = 32;

    public GgufBuilder Add(string key, object value)
    {
        (uint type, byte[] bytes) = Encode(value);
        return AddRaw(key, type, bytes);
    }

    public GgufBuilder AddRaw(string key, uint type, byte[] value)
    {
        _values.Add((key, type, value));
        return this;
    }

    /// <summary>Sets a value that may be there already.</summary>
    public GgufBuilder Replace(string key, object value) => Remove(key).Add(key, value);

    public GgufBuilder Remove(string key)
    {
        _values.RemoveAll(entry => entry.Key == key);
        return this;
    }

    /// <param name="name">The tensor.</param>
    /// <param name="type">Its type's number.</param>
    /// <param name="shape">Outermost first.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="offset">Where it says it is, if elsewhere than it is.</param>
    public GgufBuilder Tensor(string name, uint type, IEnumerable<long> shape, byte[] data, ulong? offset = null)
    {
        _tensors.Add((name, type, [.. shape.Reverse().Select(dimension => unchecked((ulong)dimension))], data, offset));
        return this;
    }

    public byte[] Build()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)_tensors.Count);
        writer.Write(ValueCount ?? (ulong)_values.Count);
        foreach ((string key, uint type, byte[] value) in _values)
        {
            writer.Write(Text(key));
            writer.Write(type);
            writer.Write(value);
        }

        ulong offset = 0;
        foreach ((string name, uint type, ulong[] dimensions, byte[] data, ulong? said) in _tensors)
        {
            writer.Write(Text(name));
            writer.Write(dimensions.Length);
            Array.ForEach(dimensions, writer.Write);
            writer.Write(type);
            writer.Write(said ?? offset);
            offset += (ulong)(data.Length + Padding(data.Length));
        }

        foreach ((_, _, _, byte[] data, _) in _tensors)
        {
            writer.Write(new byte[Padding(stream.Position)]);
            writer.Write(data);
        }

        return stream.ToArray();
    }

    public static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private int Padding(long position) => Alignment == 0 ? 0 : (int)((Alignment - (position % Alignment)) % Alignment);

    private static (uint Type, byte[] Bytes) Encode(object value) => value switch
    {
        byte v => (0, [v]),
        sbyte v => (1, [(byte)v]),
        ushort v => (2, BitConverter.GetBytes(v)),
        short v => (3, BitConverter.GetBytes(v)),
        uint v => (4, BitConverter.GetBytes(v)),
        int v => (5, BitConverter.GetBytes(v)),
        float v => (6, BitConverter.GetBytes(v)),
        bool v => (7, [v ? (byte)1 : (byte)0]),
        string v => (8, Text(v)),
        ulong v => (10, BitConverter.GetBytes(v)),
        long v => (11, BitConverter.GetBytes(v)),
        double v => (12, BitConverter.GetBytes(v)),
        Array v => (9, EncodeArray(v)),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "not a type of GGUF"),
    };

    private static byte[] EncodeArray(Array array)
    {
        (uint Type, byte[] Bytes)[] items = [.. array.Cast<object>().Select(Encode)];
        Type element = array.GetType().GetElementType()!;
        uint type = items.Length > 0 ? items[0].Type : Encode(element == typeof(string) ? "" : Activator.CreateInstance(element)!).Type;
        byte[] head = new byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(head, type);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(4), (ulong)items.Length);
        return [.. head, .. items.SelectMany(item => item.Bytes)];
    }
}
