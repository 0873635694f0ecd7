// Parses and checks the JSON header of a safetensors file. Strict: what this accepts tiles the data section exactly, with
// sizes that fit the shapes. Whatever the bytes, it ends with a header or a SafeTensorsException, in memory of the
// order of the header's own size. Format: https://github.com/huggingface/safetensors (README, "Format").

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace Idem.Formats;

internal sealed class SafeTensorsHeader
{
    // Upstream's limit, so that a hostile length cannot make a reader allocate.
    public const int BytesMax = 100_000_000;

    private const int RankMax = 64;
    private const int JsonDepthMax = 3; // file, tensor, array
    private const string Redo = "The file is damaged or was not written by a safetensors writer; fetch or save it again";

    private readonly string _file;
    private readonly List<Entry> _entries = [];
    private readonly SortedDictionary<string, string> _metadata = new(NameOrder.Instance);

    private SafeTensorsHeader(string file) => _file = file;

    /// <summary>One tensor: its bytes are [Begin, End) of the data section.</summary>
    public sealed record Entry(string Name, DType DType, ImmutableArray<long> Shape, long Begin, long End);

    /// <summary>In the order of their bytes.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads the length prefix; throws unless that many header bytes are there.</summary>
    public static int ReadLength(ReadOnlySpan<byte> prefix, long fileBytes, string file)
    {
        if (prefix.Length < 8)
        {
            throw new SafeTensorsException(file, null, $"truncated: {fileBytes} bytes, but the length prefix alone takes 8", Redo);
        }

        if (prefix.StartsWith("GGUF"u8))
        {
            throw new SafeTensorsException(file, null, "begins as a GGUF file does", "Name the file itself, with the ending .gguf");
        }

        ulong length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > BytesMax)
        {
            throw new SafeTensorsException(file, null, $"header of {length} bytes exceeds the limit of {BytesMax}", Redo);
        }

        if ((long)length > fileBytes - 8)
        {
            throw new SafeTensorsException(
                file, null, $"truncated: header of {length} bytes announced, {fileBytes - 8} bytes follow", Redo);
        }

        return (int)length;
    }

    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long dataBytes, string file)
    {
        var header = new SafeTensorsHeader(file);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Bad(null, "the header does not start with '{'");
        }

        if (!Utf8.IsValid(json))
        {
            throw header.Bad(null, "the header is not valid UTF-8");
        }

        string? tensor = null;
        try
        {
            header.ReadTop(json, ref tensor);
        }
        catch (JsonException e)
        {
            throw header.Bad(tensor, $"the header is not the JSON of the format ({e.Message.TrimEnd('.')})", e);
        }
        catch (InvalidOperationException e)
        {
            // Utf8JsonReader.GetString: an escaped lone surrogate.
            throw header.Bad(tensor, "a string of the header is not valid Unicode", e);
        }

        header.CheckTiling(dataBytes);
        return header;
    }

    private void ReadTop(ReadOnlySpan<byte> json, ref string? tensor)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonDepthMax });
        var names = new HashSet<string>(StringComparer.Ordinal);
        bool metadataSeen = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            tensor = null;
            string name = reader.GetString()!;
            if (name == "__metadata__")
            {
                if (metadataSeen)
                {
                    throw Bad(null, "duplicate key '__metadata__'");
                }

                metadataSeen = true;
                ReadMetadata(ref reader);
                continue;
            }

            tensor = name;
            if (!names.Add(name))
            {
                throw Bad(name, "duplicate key");
            }

            _entries.Add(ReadEntry(ref reader, name));
        }

        tensor = null;
        reader.Read(); // only white space may follow; anything else throws here
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, null, "__metadata__ must be an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, null, "values of __metadata__ must be strings");
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Bad(null, "duplicate key in __metadata__");
            }
        }
    }

    private Entry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        DType? dtype = null;
        ImmutableArray<long> shape = default, offsets = default;
        Expect(ref reader, JsonTokenType.StartObject, name, "its entry must be an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype") && dtype is null)
            {
                dtype = ReadDType(ref reader, name);
            }
            else if (reader.ValueTextEquals("shape") && shape.IsDefault)
            {
                shape = ReadIntegers(ref reader, name, "shape", RankMax);
            }
            else if (reader.ValueTextEquals("data_offsets") && offsets.IsDefault)
            {
                offsets = ReadIntegers(ref reader, name, "data_offsets", 2);
            }
            else
            {
                throw Bad(name, "its entry has a duplicate or unknown field (known: dtype, shape, data_offsets)");
            }
        }

        if (dtype is null || shape.IsDefault || offsets.IsDefault || offsets.Length != 2)
        {
            throw Bad(name, "its entry needs dtype, shape and two data_offsets");
        }

        if (offsets[0] > offsets[1])
        {
            throw Bad(name, $"data_offsets [{offsets[0]}, {offsets[1]}] run backwards");
        }

        if (!NamedTensor.TryByteCount(shape.AsSpan(), dtype.Value, out long bytes))
        {
            throw Bad(name, $"the product of shape [{string.Join(", ", shape)}] overflows");
        }

        if (bytes != offsets[1] - offsets[0])
        {
            throw Bad(name, $"shape [{string.Join(", ", shape)}] of {dtype.Value.Name()} takes {bytes} bytes, data_offsets hold {offsets[1] - offsets[0]}");
        }

        return new Entry(name, dtype.Value, shape, offsets[0], offsets[1]);
    }

    private DType ReadDType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, name, "dtype must be a string");
        string text = reader.GetString()!;
        if (!DTypes.TryParse(text, out DType dtype))
        {
            string shown = text.Length <= 32 ? text : string.Concat(text.AsSpan(0, 32), "...");
            throw new SafeTensorsException(
                _file, name, $"dtype '{shown}' is not supported", $"Convert the tensor to one of {DTypes.AllNames}");
        }

        return dtype;
    }

    private ImmutableArray<long> ReadIntegers(ref Utf8JsonReader reader, string name, string field, int countMax)
    {
        Expect(ref reader, JsonTokenType.StartArray, name, $"{field} must be an array");
        var values = ImmutableArray.CreateBuilder<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || reader.ValueSpan[0] == (byte)'-' || !reader.TryGetInt64(out long value))
            {
                throw Bad(name, $"{field} must hold integers from 0 to 2^63-1");
            }

            if (values.Count == countMax)
            {
                throw Bad(name, $"{field} has more than {countMax} elements");
            }

            values.Add(value);
        }

        return values.ToImmutable();
    }

    // Ranges must cover the data section without overlap or hole: nothing hides in a file, and no byte is read twice.
    private void CheckTiling(long dataBytes)
    {
        _entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin)
            : a.End != b.End ? a.End.CompareTo(b.End)
            : NameOrder.Instance.Compare(a.Name, b.Name));
        long end = 0;
        foreach (Entry entry in _entries)
        {
            if (entry.End > dataBytes)
            {
                throw Bad(entry.Name, $"data_offsets [{entry.Begin}, {entry.End}] reach past the {dataBytes} bytes of data: the file is truncated or its header wrong");
            }

            if (entry.Begin != end)
            {
                throw Bad(entry.Name, entry.Begin < end
                    ? $"data_offsets [{entry.Begin}, {entry.End}] overlap the tensor before, which ends at {end}"
                    : $"bytes {end} to {entry.Begin} before it belong to no tensor");
            }

            end = entry.End;
        }

        if (end != dataBytes)
        {
            throw Bad(null, $"the last {dataBytes - end} of {dataBytes} bytes of data belong to no tensor");
        }
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string? tensor, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw Bad(tensor, what);
        }
    }

    private SafeTensorsException Bad(string? tensor, string what, Exception? inner = null) => new(_file, tensor, what, Redo, inner);
}
