// The byte-level alphabet of GPT-2: one printable character for each of the 256 byte values, so that a BPE over characters is
// a BPE over bytes. Printable Latin-1 bytes stand for themselves, the 68 others are U+0100, U+0101, ... in ascending order.
// Source: openai/gpt-2 encoder.py, bytes_to_unicode.

using System.Text;

namespace Idem.Tokenizers;

internal static class ByteAlphabet
{
    private const int Unmapped = -1;
    private static readonly char[] CharOfByte = BuildChars();
    private static readonly short[] ByteOfChar = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToChar(byte value) => CharOfByte[value];

    /// <summary>The byte a character stands for; false for a character outside the alphabet.</summary>
    public static bool TryToByte(char c, out byte value)
    {
        short found = c < ByteOfChar.Length ? ByteOfChar[c] : (short)Unmapped;
        value = (byte)found;
        return found != Unmapped;
    }

    /// <summary>The UTF-8 bytes of a well-formed text, spelled in the alphabet; each stands for the whole character it is of.</summary>
    public static TracedText Spell(TracedText text)
    {
        if (!text.IsTraced)
        {
            return new TracedText(Spell(text.Text), null, null);
        }

        var result = new TextRewriter(text);
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            int count = rune.EncodeToUtf8(bytes);
            for (int i = 0; i < count; i++)
            {
                result.Put(CharOfByte[bytes[i]], i > 0 ? 1 : 0);
            }
        }

        return result.ToText();
    }

    private static string Spell(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(bytes.Length, bytes, static (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = CharOfByte[source[i]];
            }
        });
    }

    private static char[] BuildChars()
    {
        char[] chars = new char[256];
        char next = '\u0100';
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            chars[b] = printable ? (char)b : next++;
        }

        return chars;
    }

    private static short[] BuildBytes()
    {
        short[] bytes = new short[0x144];
        Array.Fill(bytes, (short)Unmapped);
        for (int b = 0; b < 256; b++)
        {
            bytes[CharOfByte[b]] = (short)b;
        }

        return bytes;
    }
}
