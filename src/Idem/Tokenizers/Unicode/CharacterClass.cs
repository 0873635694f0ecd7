// What pre-tokenization asks of a character: \p{L}, \p{N}, \s and \w of the regular expressions in tokenizer files, by
// Unicode 16.0 (the version Hugging Face's tokenizers 0.23 uses). Not a general Unicode library.

namespace Idem.Tokenizers;

internal enum CharacterClass : byte
{
    Other,
    Letter,
    DigitOrLetterNumber,
    OtherNumber,
    WhiteSpace,
    MarkOrConnector,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] Bmp = new CharacterClass[0x10000];
    private static readonly int[] AstralFirst;
    private static readonly int[] AstralLast;
    private static readonly CharacterClass[] AstralClass;

    static CharacterClasses()
    {
        var first = new List<int>();
        var last = new List<int>();
        var classes = new List<CharacterClass>();
        foreach (string line in UnicodeTable.Lines("classes-16.0.txt"))
        {
            int dots = line.IndexOf("..", StringComparison.Ordinal);
            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            int from = UnicodeTable.Hex(line.AsSpan(0, dots));
            int to = UnicodeTable.Hex(line.AsSpan(dots + 2, blank - dots - 2));
            CharacterClass value = line[blank + 1] switch
            {
                'L' => CharacterClass.Letter,
                'D' => CharacterClass.DigitOrLetterNumber,
                'N' => CharacterClass.OtherNumber,
                'S' => CharacterClass.WhiteSpace,
                'W' => CharacterClass.MarkOrConnector,
                _ => throw new InvalidOperationException($"Unknown character class in '{line}'."),
            };
            if (from < 0x10000)
            {
                Array.Fill(Bmp, value, from, to - from + 1);
            }
            else
            {
                first.Add(from);
                last.Add(to);
                classes.Add(value);
            }
        }

        AstralFirst = [.. first];
        AstralLast = [.. last];
        AstralClass = [.. classes];
    }

    public static CharacterClass Of(int codePoint)
    {
        if (codePoint < 0x10000)
        {
            return Bmp[codePoint];
        }

        int index = Array.BinarySearch(AstralFirst, codePoint);
        index = index >= 0 ? index : ~index - 1;
        return index >= 0 && codePoint <= AstralLast[index] ? AstralClass[index] : CharacterClass.Other;
    }

    /// <summary>The class of the character that begins at <paramref name="index"/>, and how many UTF-16 units it takes.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        char c = text[index];
        if (char.IsHighSurrogate(c) && index + 1 < text.Length)
        {
            length = 2;
            return Of(char.ConvertToUtf32(c, text[index + 1]));
        }

        length = 1;
        return Bmp[c];
    }

    public static bool IsLetter(this CharacterClass c) => c == CharacterClass.Letter;

    public static bool IsNumber(this CharacterClass c) => c is CharacterClass.DigitOrLetterNumber or CharacterClass.OtherNumber;

    public static bool IsWhiteSpace(this CharacterClass c) => c == CharacterClass.WhiteSpace;

    /// <summary>Neither letter, number nor white space: <c>[^\s\p{L}\p{N}]</c>.</summary>
    public static bool IsSymbol(this CharacterClass c) => c is CharacterClass.Other or CharacterClass.MarkOrConnector;

    /// <summary><c>\w</c>: letters, decimal digits, letter numbers, marks, connector punctuation.</summary>
    public static bool IsWord(this CharacterClass c) =>
        c is CharacterClass.Letter or CharacterClass.DigitOrLetterNumber or CharacterClass.MarkOrConnector;
}
