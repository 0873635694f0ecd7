// The tokens <0x00> to <0xFF>, into which a model with byte fallback spells what it has no token for.

using System.Globalization;
using System.Text;

namespace Idem.Tokenizers;

internal sealed class ByteTokens
{
    private const int None = -1;

    private readonly int[] _idOfByte = new int[256];

    public ByteTokens(Vocabulary vocabulary)
    {
        for (int value = 0; value < 256; value++)
        {
            string token = string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
            _idOfByte[value] = vocabulary.TryGetId(token, out int id) ? id : None;
        }
    }

    /// <summary>The byte that a token spells: <c>&lt;0x</c>, two hexadecimal digits in either case, <c>&gt;</c>.</summary>
    public static bool TryParse(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Adds the tokens of a stretch's UTF-8 bytes, each standing for all of it; false, with none added, where one lacks.</summary>
    public bool TryAdd(string piece, int start, int end, TokenList tokens)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(piece[start..end]);
        if (!Array.TrueForAll(bytes, value => _idOfByte[value] != None))
        {
            return false;
        }

        foreach (byte value in bytes)
        {
            tokens.Add(_idOfByte[value], start, end);
        }

        return true;
    }
}
