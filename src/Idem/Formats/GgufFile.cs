// An open GGUF file (ggml-org/ggml, docs/gguf.md), versions 2 and 3: mapped, checked once, tensors as spans into the mapping.
// Deliberately not here: what keys and tensor names mean for a model (Inference/Gguf), writing.

using System.Diagnostics.CodeAnalysis;

namespace Idem.Formats;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">How elements are stored.</param>
/// <param name="Shape">Dimensions, outermost first (the file lists them the other way round).</param>
/// <param name="Data">The bytes, row by row.</param>
public sealed record GgufTensor(string Name, GgufTensorType Type, IReadOnlyList<long> Shape, TensorData Data);

/// <summary>The metadata and tensors of a GGUF file. Spans into it are valid until it is disposed.</summary>
public sealed class GgufFile : IDisposable
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const uint DefaultAlignment = 32;
    private const int RankMax = 4;
    private const string AlignmentKey = "general.alignment";

    private readonly IDisposable? _mapped;
    private readonly List<GgufTensor> _tensors = [];
    private readonly Dictionary<string, GgufTensor> _byName = new(StringComparer.Ordinal);

    private GgufFile(string path, TensorData bytes, IDisposable? mapped)
    {
        Path = path;
        _mapped = mapped;
        Metadata = new GgufMetadata(bytes, path);
        Read(new GgufCursor(bytes, path));
    }

    /// <summary>Where it was opened.</summary>
    public string Path { get; }

    /// <summary>The metadata.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors, in the order of the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Whether a path is that of a GGUF file: by its name, or by its first four bytes.</summary>
    public static bool IsGguf(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        if (System.IO.Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        using FileStream stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("GGUF"u8);
    }

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="GgufException">The file is absent, malformed or of a kind that is not read.</exception>
    /// <exception cref="IOException">The disk failed, or the file may not be read.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile mapped;
        try
        {
            mapped = new MappedFile(path);
        }
        catch (Exception e) when (ReadFailure.Is(path, e))
        {
            throw ReadFailure.Of(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new GgufException(path, null, $"cannot be opened ({e.Message.TrimEnd('.')})", "Check the path", e);
        }

        try
        {
            return new GgufFile(path, mapped.Window(0, mapped.Length), mapped);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    /// <summary>Checks a file held in memory; <paramref name="name"/> stands for its path in messages.</summary>
    /// <exception cref="GgufException">The bytes are malformed or of a kind that is not read.</exception>
    public static GgufFile Parse(ReadOnlyMemory<byte> bytes, string name) => new(name, TensorData.Of(bytes), null);

    /// <summary>Looks a tensor up.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out GgufTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Unmaps the file; spans into it are invalid from here on.</summary>
    public void Dispose() => _mapped?.Dispose();

    private void Read(GgufCursor cursor)
    {
        if (cursor.UInt32(null) != Magic)
        {
            throw cursor.Bad(null, "does not start with 'GGUF'", "Name a GGUF file, or a model folder");
        }

        uint version = cursor.UInt32(null);
        if (version is not (2 or 3))
        {
            throw (version & 0xFFFF) == 0 && version != 0
                ? cursor.Bad(null, "is big-endian, which is not read", "Convert the model again, without --bigendian")
                : cursor.Bad(null, $"is of GGUF version {version}; versions 2 and 3 are read", "Convert the model again with a current llama.cpp");
        }

        ulong tensors = cursor.UInt64(null), values = cursor.UInt64(null);
        for (ulong i = 0; i < values; i++)
        {
            ReadValue(cursor);
        }

        List<Info> infos = [];
        for (ulong i = 0; i < tensors; i++)
        {
            infos.Add(ReadInfo(cursor));
        }

        Place(cursor, infos);
    }

    private void ReadValue(GgufCursor cursor)
    {
        string key = cursor.Text(null, "a key");
        uint type = cursor.UInt32(key);
        long position = cursor.Position;
        cursor.SkipValue(key, type);
        if (!Metadata.TryAdd(key, (GgufValueType)type, position))
        {
            throw cursor.Bad(key, "duplicate key");
        }
    }

    private static Info ReadInfo(GgufCursor cursor)
    {
        string name = cursor.Text(null, "a tensor's name");
        uint rank = cursor.UInt32(name);
        if (rank > RankMax)
        {
            throw cursor.Bad(name, $"has {rank} dimensions; tensors have at most {RankMax}");
        }

        long[] shape = new long[rank];
        for (int i = shape.Length - 1; i >= 0; i--) // innermost first in the file
        {
            ulong dimension = cursor.UInt64(name);
            shape[i] = dimension <= long.MaxValue ? (long)dimension : throw cursor.Bad(name, $"has a dimension of {dimension}");
        }

        uint type = cursor.UInt32(name);
        return Enum.IsDefined((GgufTensorType)type)
            ? new Info(name, (GgufTensorType)type, shape, cursor.UInt64(name))
            : throw cursor.Bad(
                name, $"has elements {GgufTypes.NameOf(type)}; F32, F16, BF16 and Q8_0 are read",
                "Convert the original model with convert_hf_to_gguf.py --outtype f16, bf16 or q8_0, or use its safetensors");
    }

    private void Place(GgufCursor cursor, List<Info> infos)
    {
        long alignment = Alignment(cursor);
        UInt128 start = ((UInt128)cursor.Position + (UInt128)alignment - 1) / (UInt128)alignment * (UInt128)alignment; // of the data
        var ranges = new List<(UInt128 Begin, UInt128 End, string Name)>();
        foreach (Info info in infos)
        {
            UInt128 begin = start + info.Offset, length = Bytes(cursor, info);
            if (info.Offset % (ulong)alignment != 0)
            {
                throw cursor.Bad(info.Name, $"begins at {info.Offset}, which is no multiple of the alignment {alignment}");
            }

            if (length > 0 && begin + length > (UInt128)cursor.File.ByteCount)
            {
                throw cursor.Bad(info.Name, $"truncated: its {length} bytes end at {begin + length}, the file at {cursor.File.ByteCount}");
            }

            TensorData data = length == 0 ? TensorData.Of(ReadOnlyMemory<byte>.Empty) : cursor.File.Window((long)begin, (long)length);
            var tensor = new GgufTensor(info.Name, info.Type, info.Shape, data);
            if (!_byName.TryAdd(info.Name, tensor))
            {
                throw cursor.Bad(info.Name, "duplicate tensor");
            }

            _tensors.Add(tensor);
            ranges.Add((begin, begin + length, info.Name));
        }

        ranges.RemoveAll(range => range.Begin == range.End);
        ranges.Sort((a, b) => a.Begin.CompareTo(b.Begin));
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Begin < ranges[i - 1].End)
            {
                throw cursor.Bad(ranges[i].Name, $"overlaps '{ranges[i - 1].Name}'");
            }
        }
    }

    private long Alignment(GgufCursor cursor)
    {
        long alignment = Metadata.Integer(AlignmentKey) ?? DefaultAlignment;
        return alignment is > 0 and <= uint.MaxValue && long.IsPow2(alignment)
            ? alignment
            : throw cursor.Bad(AlignmentKey, $"is {alignment}, which is no power of two");
    }

    private static UInt128 Bytes(GgufCursor cursor, Info info)
    {
        (int elements, int bytes) = GgufTypes.Block(info.Type);
        bool isEmpty = info.Shape.Contains(0);
        UInt128 count = 1;
        foreach (long dimension in info.Shape)
        {
            count *= (UInt128)Math.Max(dimension, 1); // an empty tensor must not have a shape that overflows either
            if (count * sizeof(float) > long.MaxValue)
            {
                throw cursor.Bad(info.Name, $"has shape [{string.Join(", ", info.Shape)}], which overflows");
            }
        }

        count = isEmpty ? 0 : count;
        long row = info.Shape.Length == 0 ? 1 : info.Shape[^1];
        return row % elements == 0
            ? count / (UInt128)elements * (UInt128)bytes
            : throw cursor.Bad(info.Name, $"has rows of {row} elements, which do not divide into blocks of {elements}");
    }

    private sealed record Info(string Name, GgufTensorType Type, long[] Shape, ulong Offset);
}
