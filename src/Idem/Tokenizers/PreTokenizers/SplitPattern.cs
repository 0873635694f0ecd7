// The regular expressions of tokenizer files, each as a hand-written scanner. A scanner gives the end of the match that begins
// at a position, or the position itself where none does. Time is linear in the text: a run of one class is walked a fixed number
// of times. Alternatives are tried in the order of the expression, as a backtracking engine does. An expression that is not in
// the list is refused, never approximated.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class SplitPattern
{
    /// <summary>GPT-2's pattern (openai/gpt-2 encoder.py).</summary>
    public static readonly SplitPattern Gpt2 = new(
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", Scanners.Gpt2);

    /// <summary>Llama 3's pattern: contractions in either case, numbers in groups of three, line feeds kept together.</summary>
    public static readonly SplitPattern Llama3 = new(Cl100k("{1,3}"), static (text, start) => Scanners.Cl100k(text, start, 3));

    /// <summary>Qwen 2's pattern: Llama 3's with every digit on its own.</summary>
    public static readonly SplitPattern Qwen2 = new(Cl100k(""), static (text, start) => Scanners.Cl100k(text, start, 1));

    /// <summary>GPT-4o's pattern: words end where the case falls; contractions belong to them.</summary>
    public static readonly SplitPattern Gpt4o = new(
        CasedWords(Contraction + "?", "{1,3}"), static (text, start) => Scanners.Cased(text, start, 3, contractions: true));

    /// <summary>Mistral's "tekken": GPT-4o's without contractions, every digit on its own.</summary>
    public static readonly SplitPattern Tekken = new(
        CasedWords("", ""), static (text, start) => Scanners.Cased(text, start, 1, contractions: false));

    /// <summary>DeepSeek V3's words, after its numbers and its Chinese and Japanese were cut out.</summary>
    public static readonly SplitPattern DeepSeek3 = new(
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Scanners.DeepSeek3);

    /// <summary>DeepSeek V3's Chinese and Japanese.</summary>
    public static readonly SplitPattern DeepSeek3Cjk = new(
        "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
        static (text, start) => Scanners.RunEnd(text, start, static code => code is (>= 0x4E00 and <= 0x9FA5) or (>= 0x3040 and <= 0x30FF)));

    /// <summary>CLIP's pattern.</summary>
    public static readonly SplitPattern Clip = new(
        @"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", Scanners.Clip);

    /// <summary>Numbers in groups of up to three.</summary>
    public static readonly SplitPattern NumbersOfThree = new(
        @"\p{N}{1,3}", static (text, start) => Scanners.NumbersEnd(text, start, 3));

    /// <summary>Every number character on its own.</summary>
    public static readonly SplitPattern Number = new(@"\p{N}", static (text, start) => Scanners.NumbersEnd(text, start, 1));

    /// <summary>Three ASCII digits.</summary>
    public static readonly SplitPattern ThreeDigits = new("[0-9][0-9][0-9]", Scanners.ThreeDigits);

    /// <summary>A run of white space.</summary>
    public static readonly SplitPattern WhiteSpace = new(
        @"\s+", static (text, start) => Scanners.RunEnd(text, start, static code => CharacterClasses.Of(code).IsWhiteSpace()));

    /// <summary>Two blanks or more.</summary>
    public static readonly SplitPattern Blanks = new(" {2,}", Scanners.Blanks);

    /// <summary>Every code point on its own.</summary>
    public static readonly SplitPattern Character = new(@"[\s\S]", static (text, start) => start + Scanners.LengthAt(text, start));

    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private static readonly SplitPattern[] All =
        [Gpt2, Llama3, Qwen2, Gpt4o, Tekken, DeepSeek3, DeepSeek3Cjk, Clip, NumbersOfThree, Number, ThreeDigits, WhiteSpace, Blanks, Character];

    private readonly Scanner _scan;

    private SplitPattern(string regex, Scanner scan)
    {
        Regex = regex;
        _scan = scan;
    }

    private delegate int Scanner(ReadOnlySpan<char> text, int start);

    /// <summary>The regular expression as it is spelled in a file.</summary>
    public string Regex { get; }

    /// <summary>The scanner for a regular expression, or null where there is none.</summary>
    public static SplitPattern? Find(string regex) =>
        Array.Find(All, pattern => string.Equals(pattern.Regex, regex, StringComparison.Ordinal));

    /// <summary>The first match at or after a place.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start += Scanners.LengthAt(text, start))
        {
            end = _scan(text, start);
            if (end > start)
            {
                return true;
            }
        }

        end = start;
        return false;
    }

    private static string Cl100k(string digits) =>
        Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + digits +
        @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static string CasedWords(string ending, string digits)
    {
        const string NotLower = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", NotUpper = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
        return new StringBuilder()
            .Append(@"[^\r\n\p{L}\p{N}]?").Append(NotLower).Append('*').Append(NotUpper).Append('+').Append(ending)
            .Append(@"|[^\r\n\p{L}\p{N}]?").Append(NotLower).Append('+').Append(NotUpper).Append('*').Append(ending)
            .Append(@"|\p{N}").Append(digits)
            .Append(@"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
            .ToString();
    }
}
