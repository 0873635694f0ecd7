// The bytes of a precompiled character map: a double-array trie over UTF-8 (Darts-clone, sentencepiece's builder), its size in
// bytes in front, then the replacements, each ended by a zero byte. A unit of the trie is 32 bits, little-endian: bits 0..7
// and 31 the label, 8 whether a value hangs here, 9 whether the offset is shifted by eight, 10..30 the offset; a value is bits
// 0..30. The shortest key that begins a text decides.

using System.Buffers.Binary;
using System.Text;

namespace Idem.Tokenizers;

internal sealed class Charsmap
{
    private const uint ValueMask = 0x7FFFFFFF, LabelMask = 0x800000FF, LeafBit = 0x100, WideBit = 0x200;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private Charsmap(string base64, uint[] units, byte[] replacements)
    {
        Base64 = base64;
        _units = units;
        _replacements = replacements;
    }

    /// <summary>The bytes as the file has them.</summary>
    public string Base64 { get; }

    /// <summary>The replacement of the shortest key that begins a text, or null.</summary>
    public string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        uint position = Offset(_units[0]);
        foreach (byte label in bytes)
        {
            position ^= label;
            if (label == 0 || position >= _units.Length || (_units[position] & LabelMask) != label)
            {
                return null;
            }

            uint unit = _units[position];
            position ^= Offset(unit);
            if ((unit & LeafBit) != 0)
            {
                return position < _units.Length ? Replacement(_units[position] & ValueMask) : null;
            }
        }

        return null;
    }

    public static Charsmap Read(JsonNode node)
    {
        string base64 = node.Text();
        byte[] bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out int count))
        {
            throw node.Error("the character map is not base64.");
        }

        bytes = bytes[..count];
        uint size = count >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        if (size < 4 || size % 4 != 0 || size > count - 4)
        {
            throw node.Error($"the character map says that its trie has {size} bytes; {Math.Max(count - 4, 0)} follow.");
        }

        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 + (4 * i)));
        }

        byte[] replacements = bytes[(int)(4 + size)..];
        try
        {
            Strict.GetCharCount(replacements);
        }
        catch (DecoderFallbackException e)
        {
            throw node.Error("the replacements of the character map are not UTF-8.", inner: e);
        }

        return new Charsmap(base64, units, replacements);
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & WideBit) >> 6);

    private string? Replacement(uint start)
    {
        if (start >= _replacements.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = _replacements.AsSpan((int)start);
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
