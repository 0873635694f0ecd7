// Reads a GGUF file's front part step by step. Nothing is read or allocated on the word of a count: bytes are there first.

using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Idem.Formats;

/// <summary>A place in a file.</summary>
internal sealed class GgufCursor(TensorData bytes, string file)
{
    public const string Redo = "The file is damaged or was not written by a GGUF writer; fetch or convert it again";

    /// <summary>The longest text: far above any chat template.</summary>
    private const long TextBytesMax = 1 << 26;

    private const int DepthMax = 4;

    public long Position { get; set; }

    public TensorData File => bytes;

    public GgufException Bad(string? item, string what, string remedy = Redo) => new(file, item, what, remedy);

    public uint UInt32(string? item) => BinaryPrimitives.ReadUInt32LittleEndian(Take(item, sizeof(uint)));

    public ulong UInt64(string? item) => BinaryPrimitives.ReadUInt64LittleEndian(Take(item, sizeof(ulong)));

    /// <summary>A text, checked to be UTF-8.</summary>
    /// <param name="item">What it belongs to, for messages.</param>
    /// <param name="what">What it is, for messages.</param>
    public string Text(string? item, string what)
    {
        ReadOnlySpan<byte> text = Take(item, TextLength(item));
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Bad(item, $"{what} is not UTF-8");
    }

    /// <summary>Moves behind the value of a type.</summary>
    public void SkipValue(string key, uint type)
    {
        int width = Width(key, type);
        if (width > 0)
        {
            CheckBool(key, type, Take(key, width));
        }
        else if (type == (uint)GgufValueType.Text)
        {
            SkipText(key);
        }
        else
        {
            SkipArray(key, 1);
        }
    }

    /// <summary>Reads an array's element type and count; its elements follow.</summary>
    public (uint Type, ulong Count) ArrayHead(string key) => (UInt32(key), UInt64(key));

    private void SkipArray(string key, int depth)
    {
        if (depth > DepthMax)
        {
            throw Bad(key, $"arrays are nested more than {DepthMax} deep");
        }

        (uint type, ulong count) = ArrayHead(key);
        int width = Width(key, type);
        if (width > 0)
        {
            UInt128 length = (UInt128)count * (UInt128)width;
            Require(key, length);
            SkipElements(key, type, (long)length);
            return;
        }

        Require(key, (UInt128)count * sizeof(ulong)); // each element has a length at least
        for (ulong i = 0; i < count; i++)
        {
            if (type == (uint)GgufValueType.Text)
            {
                SkipText(key);
            }
            else
            {
                SkipArray(key, depth + 1);
            }
        }
    }

    private void SkipElements(string key, uint type, long length)
    {
        const int Window = 1 << 20;
        for (long done = 0; type == (uint)GgufValueType.Bool && done < length; done += Window)
        {
            CheckBool(key, type, bytes.Bytes(Position + done, (int)Math.Min(Window, length - done)));
        }

        Position += length;
    }

    private void CheckBool(string key, uint type, ReadOnlySpan<byte> values)
    {
        if (type == (uint)GgufValueType.Bool && values.ContainsAnyExcept((byte)0, (byte)1))
        {
            throw Bad(key, "a truth value is neither 0 nor 1");
        }
    }

    private int Width(string key, uint type) => GgufTypes.Width(type) is >= 0 and int width ? width : throw Bad(key, $"type {type} is no type of values");

    private void SkipText(string key)
    {
        int length = TextLength(key); // it moves behind the length itself
        Position += length;
    }

    private int TextLength(string? item)
    {
        ulong length = UInt64(item);
        Require(item, length);
        return length <= TextBytesMax ? (int)length : throw Bad(item, $"a text of {length} bytes exceeds the limit of {TextBytesMax}");
    }

    private ReadOnlySpan<byte> Take(string? item, int count)
    {
        Require(item, (UInt128)count);
        ReadOnlySpan<byte> taken = bytes.Bytes(Position, count);
        Position += count;
        return taken;
    }

    private void Require(string? item, UInt128 count)
    {
        if (count > (UInt128)(bytes.ByteCount - Position))
        {
            throw Bad(item, $"truncated: {count} bytes announced at {Position}, {bytes.ByteCount - Position} follow");
        }
    }
}
