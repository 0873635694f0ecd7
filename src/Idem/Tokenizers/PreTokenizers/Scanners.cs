// The scanners behind SplitPattern. Each quotes the part of its expression that a block stands for.
//
// `\s+(?!\S)` leaves the last white space of a run to the word behind it; all white space lies in the basic plane, one UTF-16
// unit each. Letters and numbers may be astral.

namespace Idem.Tokenizers;

internal static class Scanners
{
    private static readonly string[] ClipSpecials = ["<|startoftext|>", "<|endoftext|>"];

    public static int Gpt2(ReadOnlySpan<char> text, int start)
    {
        int contraction = ContractionEnd(text, start, ignoreCase: false);
        if (contraction > start)
        {
            return contraction;
        }

        int word = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass c = CharacterClasses.At(text, word, out _);
        return c.IsLetter() ? ClassEnd(text, word, CharacterClasses.IsLetter)
            : c.IsNumber() ? ClassEnd(text, word, CharacterClasses.IsNumber)
            : c.IsSymbol() ? ClassEnd(text, word, CharacterClasses.IsSymbol)
            : WhiteSpaceEnd(text, start);
    }

    public static int Cl100k(ReadOnlySpan<char> text, int start, int digitsMax)
    {
        // (?i:'s|'t|'re|'ve|'m|'ll|'d)
        int contraction = ContractionEnd(text, start, ignoreCase: true);
        if (contraction > start)
        {
            return contraction;
        }

        // [^\r\n\p{L}\p{N}]?\p{L}+
        CharacterClass first = CharacterClasses.At(text, start, out int length);
        if (first.IsLetter())
        {
            return ClassEnd(text, start, CharacterClasses.IsLetter);
        }

        int second = start + length;
        bool mayLead = !first.IsNumber() && text[start] is not ('\r' or '\n');
        if (mayLead && second < text.Length && CharacterClasses.At(text, second, out _).IsLetter())
        {
            return ClassEnd(text, second, CharacterClasses.IsLetter);
        }

        // \p{N}{1,digitsMax}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
        return first.IsNumber() ? NumbersEnd(text, start, digitsMax) : SymbolsOrWhiteSpaceEnd(text, start, slashes: false);
    }

    public static int Cased(ReadOnlySpan<char> text, int start, int digitsMax, bool contractions)
    {
        // [^\r\n\p{L}\p{N}]?A*B+|[^\r\n\p{L}\p{N}]?A+B* : A is not lower case, B is not upper case, marks and uncased are both.
        // The lead is tried first; a mark may be lead or word.
        CharacterClass first = CharacterClasses.At(text, start, out int length);
        bool mayLead = !first.IsNumber() && !first.IsLetter() && text[start] is not ('\r' or '\n');
        int end = mayLead ? CasedEnd(text, start + length, needsLower: true) : start + length;
        end = end > start + length ? end : CasedEnd(text, start, needsLower: true);
        if (end <= start && mayLead)
        {
            end = CasedEnd(text, start + length, needsLower: false);
            end = end > start + length ? end : start;
        }

        end = end > start ? end : CasedEnd(text, start, needsLower: false);
        if (end > start)
        {
            return contractions && end < text.Length ? ContractionEnd(text, end, ignoreCase: true) : end;
        }

        return first.IsNumber() ? NumbersEnd(text, start, digitsMax) : SymbolsOrWhiteSpaceEnd(text, start, slashes: true);
    }

    public static int DeepSeek3(ReadOnlySpan<char> text, int start)
    {
        // [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+
        int second = start + 1;
        if (IsAsciiSymbol(text[start]) && second < text.Length && char.IsAsciiLetter(text[second]))
        {
            return RunEnd(text, second, static code => code < 0x80 && char.IsAsciiLetter((char)code));
        }

        // [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
        int code = CodeAt(text, start, out int length);
        second = start + length;
        bool mayLead = code is not ('\r' or '\n') && !IsLetter(code) && !IsPunctuationOrSymbol(code);
        if (mayLead && second < text.Length && IsLetterOrMark(CodeAt(text, second, out _)))
        {
            return RunEnd(text, second, IsLetterOrMark);
        }

        if (IsLetterOrMark(code))
        {
            return RunEnd(text, start, IsLetterOrMark);
        }

        //  ?[\p{P}\p{S}]+[\r\n]*
        int symbols = code == ' ' && second < text.Length ? second : start;
        if (IsPunctuationOrSymbol(CodeAt(text, symbols, out _)))
        {
            return RunEnd(text, RunEnd(text, symbols, IsPunctuationOrSymbol), static c => c is '\r' or '\n');
        }

        // \s*[\r\n]+|\s+(?!\S)|\s+ ; a number or an unassigned character matches nothing
        return CharacterClasses.Of(code).IsWhiteSpace() ? LinesOrWhiteSpaceEnd(text, start) : start;
    }

    public static int Clip(ReadOnlySpan<char> text, int start)
    {
        foreach (string special in ClipSpecials)
        {
            if (text[start..].StartsWith(special, StringComparison.Ordinal))
            {
                return start + special.Length;
            }
        }

        int contraction = ContractionEnd(text, start, ignoreCase: false);
        CharacterClass c = CharacterClasses.At(text, start, out int length);
        return contraction > start ? contraction
            : c.IsLetter() ? ClassEnd(text, start, CharacterClasses.IsLetter)
            : c.IsNumber() ? start + length
            : c.IsSymbol() ? ClassEnd(text, start, CharacterClasses.IsSymbol)
            : start;
    }

    public static int NumbersEnd(ReadOnlySpan<char> text, int start, int max)
    {
        int end = start;
        for (int i = 0; i < max && end < text.Length && CharacterClasses.At(text, end, out int length).IsNumber(); i++)
        {
            end += length;
        }

        return end;
    }

    public static int ThreeDigits(ReadOnlySpan<char> text, int start) =>
        text[start..].Length >= 3 && !text.Slice(start, 3).ContainsAnyExceptInRange('0', '9') ? start + 3 : start;

    public static int Blanks(ReadOnlySpan<char> text, int start)
    {
        if (text[start] != ' ')
        {
            return start;
        }

        int end = RunEnd(text, start, static code => code == ' ');
        return end >= start + 2 ? end : start;
    }

    public static int RunEnd(ReadOnlySpan<char> text, int start, Func<int, bool> isInside)
    {
        int end = start;
        while (end < text.Length && isInside(CodeAt(text, end, out int length)))
        {
            end += length;
        }

        return end;
    }

    public static int LengthAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length ? 2 : 1;

    // A*B+ (needsLower) or A+B*: a greedy A* gives back only to let B have one, and takes what both may have.
    private static int CasedEnd(ReadOnlySpan<char> text, int start, bool needsLower)
    {
        int upper = RunEnd(text, start, IsNotLower);
        int end = RunEnd(text, upper, IsNotUpper);
        if (!needsLower)
        {
            return upper > start ? end : start;
        }

        // no B behind A*: the last A that is also B ends the word
        while (end == upper && upper > start)
        {
            int last = upper - (char.IsLowSurrogate(text[upper - 1]) && upper - 2 >= start ? 2 : 1);
            if (IsNotUpper(CodeAt(text, last, out _)))
            {
                return upper;
            }

            end = upper = last;
        }

        return end;
    }

    //  ?[^\s\p{L}\p{N}]+[\r\n]*  or [\r\n/]*, else white space
    private static int SymbolsOrWhiteSpaceEnd(ReadOnlySpan<char> text, int start, bool slashes)
    {
        int symbols = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        if (!CharacterClasses.At(text, symbols, out _).IsSymbol())
        {
            return LinesOrWhiteSpaceEnd(text, start);
        }

        int end = ClassEnd(text, symbols, CharacterClasses.IsSymbol);
        while (end < text.Length && (text[end] is '\r' or '\n' || (slashes && text[end] == '/')))
        {
            end++;
        }

        return end;
    }

    // \s*[\r\n]+ reaches to the last line break of the run of white space
    private static int LinesOrWhiteSpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int run = ClassEnd(text, start, CharacterClasses.IsWhiteSpace);
        int lineBreak = text[start..run].LastIndexOfAny('\r', '\n');
        return lineBreak >= 0 ? start + lineBreak + 1 : WhiteSpaceEnd(text, start);
    }

    // \s+(?!\S)|\s+ : the whole run at the end of the text, else all but its last character, else that character
    private static int WhiteSpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int run = ClassEnd(text, start, CharacterClasses.IsWhiteSpace);
        return run == text.Length || run <= start + 1 ? run : run - 1;
    }

    private static int ClassEnd(ReadOnlySpan<char> text, int start, Func<CharacterClass, bool> inside)
    {
        int end = start;
        while (end < text.Length && inside(CharacterClasses.At(text, end, out int length)))
        {
            end += length;
        }

        return end;
    }

    // U+017F, the long s, is the one other character that equals one of these letters when case is ignored.
    private static int ContractionEnd(ReadOnlySpan<char> text, int start, bool ignoreCase)
    {
        if (text[start] != '\'' || start + 1 == text.Length)
        {
            return start;
        }

        char a = Fold(text[start + 1], ignoreCase);
        if (a is 's' or 't' or 'm' or 'd')
        {
            return start + 2;
        }

        char b = start + 2 < text.Length ? Fold(text[start + 2], ignoreCase) : '\0';
        return (a, b) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? start + 3 : start;
    }

    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c
        : c == '\u017F' ? 's'
        : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20)
        : c;

    private static int CodeAt(ReadOnlySpan<char> text, int index, out int length)
    {
        length = LengthAt(text, index);
        return length == 2 ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];
    }

    private static bool IsLetter(int code) => CharacterClasses.Of(code).IsLetter();

    private static bool IsLetterOrMark(int code) => IsLetter(code) || CharacterSet.Mark.Contains(code);

    private static bool IsNotLower(int code) => IsLetterOrMark(code) && !CharacterSet.LowerCase.Contains(code);

    private static bool IsNotUpper(int code) => IsLetterOrMark(code) && !CharacterSet.UpperCase.Contains(code);

    private static bool IsPunctuationOrSymbol(int code) =>
        CharacterSet.RegexPunctuation.Contains(code) || CharacterSet.RegexSymbol.Contains(code);

    private static bool IsAsciiSymbol(char c) => c is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~');
}
