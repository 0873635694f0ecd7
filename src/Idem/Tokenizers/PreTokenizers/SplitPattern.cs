// The regular expressions of byte-level tokenizers, each as a hand-written scanner. A scanner gives the end of the match that
// begins at a position; every pattern here matches everywhere, so matches tile the text. Time is linear in the text: a run of
// one class is walked at most three times. Alternatives are tried in the order of the expression, as a backtracking engine does.
//
// `\s+(?!\S)` leaves the last white space of a run to the word behind it; all white space lies in the basic plane, one UTF-16
// unit each. Letters and numbers may be astral.

namespace Idem.Tokenizers;

internal sealed class SplitPattern
{
    /// <summary>GPT-2's pattern (openai/gpt-2 encoder.py).</summary>
    public static readonly SplitPattern Gpt2 = new(
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", ScanGpt2);

    /// <summary>Llama 3's pattern: contractions in either case, numbers in groups of three, line feeds kept together.</summary>
    public static readonly SplitPattern Llama3 = new(Cl100k("{1,3}"), static (text, start) => ScanCl100k(text, start, 3));

    /// <summary>Qwen 2's pattern: Llama 3's with every digit on its own.</summary>
    public static readonly SplitPattern Qwen2 = new(Cl100k(""), static (text, start) => ScanCl100k(text, start, 1));

    /// <summary>Every code point on its own.</summary>
    public static readonly SplitPattern Character = new(@"[\s\S]", static (text, start) => start + LengthAt(text, start));

    private static readonly SplitPattern[] All = [Gpt2, Llama3, Qwen2, Character];

    private readonly Scanner _scan;

    private SplitPattern(string regex, Scanner scan)
    {
        Regex = regex;
        _scan = scan;
    }

    private delegate int Scanner(ReadOnlySpan<char> text, int start);

    /// <summary>The regular expression as it is spelled in a file.</summary>
    public string Regex { get; }

    /// <summary>The end of the match that begins at <paramref name="start"/>, always behind it.</summary>
    public int NextEnd(ReadOnlySpan<char> text, int start) => _scan(text, start);

    /// <summary>The scanner for a regular expression, or null where there is none.</summary>
    public static SplitPattern? Find(string regex) =>
        Array.Find(All, pattern => string.Equals(pattern.Regex, regex, StringComparison.Ordinal));

    private static string Cl100k(string digits) =>
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + digits +
        @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static int ScanGpt2(ReadOnlySpan<char> text, int start)
    {
        int contraction = ContractionEnd(text, start, ignoreCase: false);
        if (contraction > start)
        {
            return contraction;
        }

        int word = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterClass c = CharacterClasses.At(text, word, out _);
        return c.IsLetter() ? RunEnd(text, word, CharacterClasses.IsLetter)
            : c.IsNumber() ? RunEnd(text, word, CharacterClasses.IsNumber)
            : c.IsSymbol() ? RunEnd(text, word, CharacterClasses.IsSymbol)
            : WhiteSpaceEnd(text, start);
    }

    private static int ScanCl100k(ReadOnlySpan<char> text, int start, int digitsMax)
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
            return RunEnd(text, start, CharacterClasses.IsLetter);
        }

        int second = start + length;
        bool mayLead = !first.IsNumber() && text[start] is not ('\r' or '\n');
        if (mayLead && second < text.Length && CharacterClasses.At(text, second, out _).IsLetter())
        {
            return RunEnd(text, second, CharacterClasses.IsLetter);
        }

        // \p{N}{1,digitsMax}
        if (first.IsNumber())
        {
            int end = start;
            for (int i = 0; i < digitsMax && end < text.Length && CharacterClasses.At(text, end, out length).IsNumber(); i++)
            {
                end += length;
            }

            return end;
        }

        // ' '?[^\s\p{L}\p{N}]+[\r\n]*
        int symbols = text[start] == ' ' && second < text.Length ? second : start;
        if (CharacterClasses.At(text, symbols, out _).IsSymbol())
        {
            int end = RunEnd(text, symbols, CharacterClasses.IsSymbol);
            while (end < text.Length && text[end] is '\r' or '\n')
            {
                end++;
            }

            return end;
        }

        // \s*[\r\n]+ reaches to the last line break of the run of white space
        int run = RunEnd(text, start, CharacterClasses.IsWhiteSpace);
        int lineBreak = text[start..run].LastIndexOfAny('\r', '\n');
        return lineBreak >= 0 ? start + lineBreak + 1 : WhiteSpaceEnd(text, start);
    }

    // \s+(?!\S)|\s+ : the whole run at the end of the text, else all but its last character, else that character
    private static int WhiteSpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int run = RunEnd(text, start, CharacterClasses.IsWhiteSpace);
        return run == text.Length || run == start + 1 ? run : run - 1;
    }

    private static int RunEnd(ReadOnlySpan<char> text, int start, Func<CharacterClass, bool> inside)
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

    private static int LengthAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length ? 2 : 1;
}
