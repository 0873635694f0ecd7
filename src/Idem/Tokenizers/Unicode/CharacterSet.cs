// Sets of characters from the project's own table. Each follows the version of Unicode that Hugging Face's library uses in the
// place concerned, which is why they differ: that library takes its properties from several sources.

namespace Idem.Tokenizers;

internal sealed class CharacterSet
{
    /// <summary>Nd, Nl, No: what the pre-tokenizer Digits calls a digit.</summary>
    public static readonly CharacterSet Numeric = Read('N');

    /// <summary>P and the symbols of ASCII.</summary>
    public static readonly CharacterSet Punctuation = Read('P');

    /// <summary>Cc, Cf, Co, tab and line breaks not among them: what the BERT normalizer drops.</summary>
    public static readonly CharacterSet Control = Read('C');

    /// <summary>Mn: the accents of the BERT normalizer.</summary>
    public static readonly CharacterSet NonspacingMark = Read('M');

    /// <summary>M: the accents of the normalizer StripAccents.</summary>
    public static readonly CharacterSet CombiningMark = Read('A');

    /// <summary>Extends the grapheme cluster before it.</summary>
    public static readonly CharacterSet Extender = Read('E');

    /// <summary>Begins a grapheme cluster that the next character continues.</summary>
    public static readonly CharacterSet Prepended = Read('R');

    /// <summary>Is a grapheme cluster of its own.</summary>
    public static readonly CharacterSet Separate = Read('K');

    /// <summary>May be joined to another of its kind by U+200D.</summary>
    public static readonly CharacterSet Pictographic = Read('G');

    /// <summary>Lu, Lt.</summary>
    public static readonly CharacterSet UpperCase = Read('U');

    /// <summary>Ll.</summary>
    public static readonly CharacterSet LowerCase = Read('W');

    /// <summary><c>\p{M}</c>.</summary>
    public static readonly CharacterSet Mark = Read('B');

    /// <summary><c>\p{P}</c>.</summary>
    public static readonly CharacterSet RegexPunctuation = Read('Q');

    /// <summary><c>\p{S}</c>.</summary>
    public static readonly CharacterSet RegexSymbol = Read('S');

    private readonly int[] _first;
    private readonly int[] _last;

    private CharacterSet(int[] first, int[] last) => (_first, _last) = (first, last);

    public bool Contains(int codePoint)
    {
        int index = Array.BinarySearch(_first, codePoint);
        index = index >= 0 ? index : ~index - 1;
        return index >= 0 && codePoint <= _last[index];
    }

    private static CharacterSet Read(char name)
    {
        List<int> first = [], last = [];
        foreach (string line in UnicodeTable.Lines("sets.txt").Where(line => line[0] == name))
        {
            int dots = line.IndexOf("..", StringComparison.Ordinal);
            first.Add(UnicodeTable.Hex(line.AsSpan(2, dots - 2)));
            last.Add(UnicodeTable.Hex(line.AsSpan(dots + 2)));
        }

        return new CharacterSet([.. first], [.. last]);
    }
}
