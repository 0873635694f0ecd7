// The metadata of a GGUF file: places of values, read when asked for, so that nothing is held twice. A value of another type than
// the one asked for is an error that names the key.

using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Idem.Formats;

/// <summary>Keys and values.</summary>
public sealed class GgufMetadata
{
    private readonly string _file;
    private readonly TensorData _bytes;
    private readonly SortedDictionary<string, Place> _places = new(NameOrder.Instance);

    internal GgufMetadata(TensorData bytes, string file)
    {
        _bytes = bytes;
        _file = file;
    }

    /// <summary>All keys, in ordinal order.</summary>
    public IReadOnlyCollection<string> Keys => _places.Keys;

    /// <summary>Whether there is such a key.</summary>
    public bool Contains(string key) => _places.ContainsKey(key);

    /// <summary>The type of a value; null if there is no such key.</summary>
    public GgufValueType? TypeOf(string key) => _places.TryGetValue(key, out Place place) ? place.Type : null;

    /// <summary>A text, or null.</summary>
    /// <exception cref="GgufException">It is of another type.</exception>
    public string? Text(string key)
    {
        if (!Find(key, out Place place))
        {
            return null;
        }

        Expect(key, place.Type == GgufValueType.Text, place.Type, "a text");
        long position = place.Position;
        return ReadText(key, ref position);
    }

    /// <summary>An integer of any width, or null.</summary>
    /// <exception cref="GgufException">It is of another type, or exceeds 63 bits.</exception>
    public long? Integer(string key) => Find(key, out Place place) ? ReadInteger(key, place.Type, place.Position) : null;

    /// <summary>A number as float32, or null.</summary>
    /// <exception cref="GgufException">It is no number, or not finite.</exception>
    public float? Number(string key)
    {
        if (!Find(key, out Place place))
        {
            return null;
        }

        Expect(key, place.Type == GgufValueType.Float32, place.Type, "a float32 number");
        float value = BinaryPrimitives.ReadSingleLittleEndian(_bytes.Bytes(place.Position, sizeof(float)));
        return float.IsFinite(value) ? value : throw Bad(key, "is not a finite number");
    }

    /// <summary>A truth value, or null.</summary>
    /// <exception cref="GgufException">It is of another type.</exception>
    public bool? Flag(string key)
    {
        if (!Find(key, out Place place))
        {
            return null;
        }

        Expect(key, place.Type == GgufValueType.Bool, place.Type, "true or false");
        return _bytes.Bytes(place.Position, 1)[0] != 0;
    }

    /// <summary>An array of texts, or null.</summary>
    /// <exception cref="GgufException">It is of another type, or a text is not UTF-8.</exception>
    public string[]? Texts(string key)
    {
        if (!FindArray(key, type => type == GgufValueType.Text, "an array of texts", out _, out int count, out long position))
        {
            return null;
        }

        string[] texts = new string[count];
        for (int i = 0; i < count; i++)
        {
            texts[i] = ReadText(key, ref position);
        }

        return texts;
    }

    /// <summary>An array of float32 numbers, or null.</summary>
    /// <exception cref="GgufException">It is of another type.</exception>
    public float[]? Numbers(string key)
    {
        if (!FindArray(key, type => type == GgufValueType.Float32, "an array of float32 numbers", out _, out int count, out long position))
        {
            return null;
        }

        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = BinaryPrimitives.ReadSingleLittleEndian(_bytes.Bytes(position + (i * (long)sizeof(float)), sizeof(float)));
        }

        return numbers;
    }

    /// <summary>An array of integers, or null.</summary>
    /// <exception cref="GgufException">It is of another type, or one exceeds 63 bits.</exception>
    public long[]? Integers(string key)
    {
        if (!FindArray(key, IsInteger, "an array of integers", out GgufValueType type, out int count, out long position))
        {
            return null;
        }

        int width = GgufTypes.Width((uint)type);
        long[] integers = new long[count];
        for (int i = 0; i < count; i++)
        {
            integers[i] = ReadInteger(key, type, position + (i * (long)width));
        }

        return integers;
    }

    /// <summary>Remembers where a value lies; false if the key is there already.</summary>
    internal bool TryAdd(string key, GgufValueType type, long position) => _places.TryAdd(key, new Place(type, position));

    private static bool IsInteger(GgufValueType type) => type is not (GgufValueType.Float32 or GgufValueType.Float64 or GgufValueType.Bool or GgufValueType.Text or GgufValueType.Array);

    private bool Find(string key, out Place place) => _places.TryGetValue(key, out place);

    private bool FindArray(string key, Func<GgufValueType, bool> isRight, string what, out GgufValueType type, out int count, out long position)
    {
        (type, count, position) = (default, 0, 0);
        if (!Find(key, out Place place))
        {
            return false;
        }

        Expect(key, place.Type == GgufValueType.Array, place.Type, what);
        var cursor = new GgufCursor(_bytes, _file) { Position = place.Position };
        (uint element, ulong elements) = cursor.ArrayHead(key);
        type = (GgufValueType)element;
        if (!isRight(type))
        {
            throw Bad(key, $"is an array of {type} values, but must be {what}");
        }

        count = elements <= (ulong)Array.MaxLength ? (int)elements : throw Bad(key, $"has {elements} elements, more than {Array.MaxLength}");
        position = cursor.Position;
        return true;
    }

    private long ReadInteger(string key, GgufValueType type, long position)
    {
        Expect(key, IsInteger(type), type, "an integer");
        ReadOnlySpan<byte> bytes = _bytes.Bytes(position, GgufTypes.Width((uint)type));
        switch (type)
        {
            case GgufValueType.UInt8: return bytes[0];
            case GgufValueType.Int8: return (sbyte)bytes[0];
            case GgufValueType.UInt16: return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            case GgufValueType.Int16: return BinaryPrimitives.ReadInt16LittleEndian(bytes);
            case GgufValueType.UInt32: return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            case GgufValueType.Int32: return BinaryPrimitives.ReadInt32LittleEndian(bytes);
            case GgufValueType.Int64: return BinaryPrimitives.ReadInt64LittleEndian(bytes);
            default:
                ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                return value <= long.MaxValue ? (long)value : throw Bad(key, $"is {value}, which is out of range");
        }
    }

    private string ReadText(string key, ref long position)
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Bytes(position, sizeof(ulong)));
        ReadOnlySpan<byte> text = _bytes.Bytes(position + sizeof(ulong), length);
        position += sizeof(ulong) + length;
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Bad(key, "a text is not UTF-8");
    }

    private void Expect(string key, bool condition, GgufValueType type, string what)
    {
        if (!condition)
        {
            throw Bad(key, $"is of type {type}, but must be {what}");
        }
    }

    private GgufException Bad(string key, string what) => new(_file, key, what, GgufCursor.Redo);

    private readonly record struct Place(GgufValueType Type, long Position);
}
