// A template's text as tokens: the text between tags, and what stands in tags. White space around tags goes as Transformers sets
// it: a line feed right behind a statement or comment (trim_blocks), blanks before one at the start of a line (lstrip_blocks),
// and whatever a `-` asks for; `+` keeps it. Source of the rules: Jinja 3.1, lexer.py.

using System.Globalization;
using System.Text;

namespace Idem.ChatTemplates;

internal enum TokenKind
{
    Text,
    BeginPrint,
    EndPrint,
    BeginStatement,
    EndStatement,
    Name,
    String,
    Integer,
    Float,
    Symbol,
    End,
}

internal readonly record struct Token(TokenKind Kind, string Value, int Line);

internal sealed class Lexer
{
    private static readonly string[] Symbols =
        ["**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "=", ">", "<", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;

    private Lexer(string source) => _source = source;

    public static List<Token> Read(string template)
    {
        string source = template.ReplaceLineEndings("\n");
        var lexer = new Lexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (true)
        {
            int tag = NextTag(_position);
            string text = _source[_position..(tag < 0 ? _source.Length : tag)];
            if (tag < 0)
            {
                AddText(text);
                break;
            }

            char kind = _source[tag + 1];
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            AddText(Trimmed(text, kind, sign, tag));
            _line += CountLines(text);
            _position = tag + (sign is '-' or '+' ? 3 : 2);
            if (kind == '#')
            {
                SkipComment();
            }
            else if (kind == '%' && TryReadRaw())
            {
                continue;
            }
            else
            {
                ReadTag(isPrint: kind == '{');
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextTag(int from)
    {
        for (int i = from; (i = _source.IndexOf('{', i)) >= 0 && i + 1 < _source.Length; i++)
        {
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private string Trimmed(string text, char kind, char sign, int tag)
    {
        if (sign == '-')
        {
            return TrimEnd(text);
        }

        if (sign == '+' || kind == '{')
        {
            return text;
        }

        int lineStart = text.LastIndexOf('\n') + 1;
        bool isWholeLine = lineStart > 0 || tag - text.Length == 0 || _source[tag - text.Length - 1] == '\n';
        return isWholeLine && text.AsSpan(lineStart).Trim().Length == 0 ? text[..lineStart] : text;
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Text, text, _line));
        }
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new ChatTemplateException(_line, "the comment '{#' has no end '#}'");
        }

        char sign = end > _position ? _source[end - 1] : ' ';
        _line += CountLines(_source.AsSpan(_position, end - _position));
        _position = end + 2;
        AfterTag(sign, trimsLineFeed: true);
    }

    // {% raw %}...{% endraw %} is text, tags and all.
    private bool TryReadRaw()
    {
        if (!TryReadWordTag(_position, "raw", out int start, out char before))
        {
            return false;
        }

        for (int tag = start; (tag = _source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag += 2)
        {
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            if (!TryReadWordTag(tag + (sign is '-' or '+' ? 3 : 2), "endraw", out int end, out char after))
            {
                continue;
            }

            _line += CountLines(_source.AsSpan(_position, start - _position));
            _position = start;
            AfterTag(before, trimsLineFeed: true);
            string text = _position < tag ? _source[_position..tag] : "";
            AddText(Trimmed(text, '%', sign, tag));
            _line += CountLines(_source.AsSpan(_position, end - _position));
            _position = end;
            AfterTag(after, trimsLineFeed: true);
            return true;
        }

        throw new ChatTemplateException(_line, "'raw' has no 'endraw'");
    }

    // the sign is that in front of %}
    private bool TryReadWordTag(int from, string word, out int end, out char sign)
    {
        int i = SkipSpace(from);
        (end, sign) = (from, ' ');
        if (!_source.AsSpan(i).StartsWith(word, StringComparison.Ordinal))
        {
            return false;
        }

        i = SkipSpace(i + word.Length);
        sign = i < _source.Length ? _source[i] : ' ';
        i += sign is '-' or '+' ? 1 : 0;
        end = i + 2;
        return _source.AsSpan(i).StartsWith("%}", StringComparison.Ordinal);
    }

    private int SkipSpace(int i)
    {
        while (i < _source.Length && CodePoints.IsWhiteSpace(_source[i]))
        {
            i++;
        }

        return i;
    }

    private void ReadTag(bool isPrint)
    {
        _tokens.Add(new Token(isPrint ? TokenKind.BeginPrint : TokenKind.BeginStatement, "", _line));
        string end = isPrint ? "}}" : "%}";
        var open = new Stack<char>();
        int firstLine = _line;
        while (true)
        {
            if (_position >= _source.Length)
            {
                throw new ChatTemplateException(firstLine, $"the tag that begins here has no end '{end}'");
            }

            ReadOnlySpan<char> rest = _source.AsSpan(_position);
            char sign = rest[0] is '-' or '+' && rest.Length > 1 && rest[1..].StartsWith(end, StringComparison.Ordinal) ? rest[0] : ' ';
            if (open.Count == 0 && (sign == '-' || (sign == '+' && !isPrint) || rest.StartsWith(end, StringComparison.Ordinal)))
            {
                _position += sign == ' ' ? 2 : 3;
                _tokens.Add(new Token(isPrint ? TokenKind.EndPrint : TokenKind.EndStatement, "", _line));
                AfterTag(sign, trimsLineFeed: !isPrint);
                return;
            }

            ReadInTag(rest, open);
        }
    }

    private void ReadInTag(ReadOnlySpan<char> rest, Stack<char> open)
    {
        char c = rest[0];
        if (CodePoints.IsWhiteSpace(c))
        {
            _line += c == '\n' ? 1 : 0;
            _position++;
        }
        else if (c is '"' or '\'')
        {
            ReadString(c);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber(rest);
        }
        else if (c == '_' || char.IsLetter(c))
        {
            int length = 1;
            while (length < rest.Length && (rest[length] == '_' || char.IsLetterOrDigit(rest[length])))
            {
                length++;
            }

            Add(TokenKind.Name, rest[..length].ToString(), length);
        }
        else
        {
            string? symbol = null;
            foreach (string each in Symbols)
            {
                if (symbol is null && rest.StartsWith(each, StringComparison.Ordinal))
                {
                    symbol = each;
                }
            }

            Balance(symbol ?? throw new ChatTemplateException(_line, $"'{c}' means nothing here"), open);
            Add(TokenKind.Symbol, symbol, symbol.Length);
        }
    }

    private void Balance(string symbol, Stack<char> open)
    {
        if (symbol is "(" or "[" or "{")
        {
            open.Push(symbol == "(" ? ')' : symbol == "[" ? ']' : '}');
        }
        else if (symbol is ")" or "]" or "}" && (!open.TryPop(out char expected) || expected != symbol[0]))
        {
            throw new ChatTemplateException(_line, $"'{symbol}' closes nothing that is open");
        }
    }

    private void ReadNumber(ReadOnlySpan<char> rest)
    {
        int length = DigitsEnd(rest, 0);
        bool isFloat = false;
        if (length + 1 < rest.Length && rest[length] == '.' && char.IsAsciiDigit(rest[length + 1]))
        {
            length = DigitsEnd(rest, length + 1);
            isFloat = true;
        }

        int exponent = length + 1;
        if (length < rest.Length && rest[length] is 'e' or 'E')
        {
            exponent += exponent < rest.Length && rest[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < rest.Length && char.IsAsciiDigit(rest[exponent]))
            {
                length = DigitsEnd(rest, exponent);
                isFloat = true;
            }
        }

        string digits = rest[..length].ToString().Replace("_", "", StringComparison.Ordinal);
        if (!isFloat && !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new ChatTemplateException(_line, $"the number {digits} does not fit 64 bits");
        }

        Add(isFloat ? TokenKind.Float : TokenKind.Integer, digits, length);
    }

    private static int DigitsEnd(ReadOnlySpan<char> text, int i)
    {
        while (i < text.Length && (char.IsAsciiDigit(text[i]) || (text[i] == '_' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]))))
        {
            i++;
        }

        return i;
    }

    private void ReadString(char quote)
    {
        int firstLine = _line;
        var text = new StringBuilder();
        int i = _position + 1;
        while (i < _source.Length && _source[i] != quote)
        {
            if (_source[i] == '\\' && i + 1 < _source.Length)
            {
                i = ReadEscape(i + 1, text);
            }
            else
            {
                _line += _source[i] == '\n' ? 1 : 0;
                text.Append(_source[i++]);
            }
        }

        if (i >= _source.Length)
        {
            throw new ChatTemplateException(firstLine, $"the text that begins with {quote} has no end");
        }

        _tokens.Add(new Token(TokenKind.String, text.ToString(), firstLine));
        _position = i + 1;
    }

    // Python's escapes; an unknown one stays as it is.
    private int ReadEscape(int i, StringBuilder text)
    {
        char c = _source[i];
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits > 0)
        {
            ReadOnlySpan<char> hex = _source.AsSpan(i + 1, Math.Min(digits, _source.Length - i - 1));
            if (hex.Length != digits || !uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF)
            {
                throw new ChatTemplateException(_line, $"the escape '\\{c}' needs {digits} hexadecimal digits");
            }

            text.Append(code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
            return i + 1 + digits;
        }

        if (c is >= '0' and <= '7')
        {
            int end = i, value = 0;
            while (end < _source.Length && end < i + 3 && _source[end] is >= '0' and <= '7')
            {
                value = (8 * value) + (_source[end++] - '0');
            }

            text.Append((char)value);
            return end;
        }

        _line += c == '\n' ? 1 : 0;
        _ = c switch
        {
            '\n' => text,
            'n' => text.Append('\n'),
            't' => text.Append('\t'),
            'r' => text.Append('\r'),
            'b' => text.Append('\b'),
            'f' => text.Append('\f'),
            'v' => text.Append('\v'),
            'a' => text.Append('\a'),
            '\\' or '\'' or '"' => text.Append(c),
            _ => text.Append('\\').Append(c),
        };
        return i + 1;
    }

    private void Add(TokenKind kind, string value, int length)
    {
        _tokens.Add(new Token(kind, value, _line));
        _position += length;
    }

    private void AfterTag(char sign, bool trimsLineFeed)
    {
        int end = _position;
        if (sign == '-')
        {
            end = SkipSpace(end);
        }
        else if (trimsLineFeed && sign != '+' && end < _source.Length && _source[end] == '\n')
        {
            end++;
        }

        _line += CountLines(_source.AsSpan(_position, end - _position));
        _position = end;
    }

    private static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && CodePoints.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    private static int CountLines(ReadOnlySpan<char> text) => text.Count('\n');
}
