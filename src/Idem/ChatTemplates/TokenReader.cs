// The parsers' place in the tokens of a template, and how deep they are in it.

namespace Idem.ChatTemplates;

internal sealed class TokenReader(List<Token> tokens)
{
    private const int DepthMax = 100;

    private int _position;
    private int _depth;

    public Token Current => tokens[_position];

    public Token Ahead => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    public Token Take() => tokens[_position < tokens.Count - 1 ? _position++ : _position];

    public bool Is(string symbol) => Current.Kind == TokenKind.Symbol && Current.Value == symbol;

    public bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Value == name;

    public bool Skip(string symbol)
    {
        bool isThere = Is(symbol);
        _position += isThere ? 1 : 0;
        return isThere;
    }

    public bool SkipName(string name)
    {
        bool isThere = IsName(name);
        _position += isThere ? 1 : 0;
        return isThere;
    }

    public void Expect(string symbol)
    {
        if (!Skip(symbol))
        {
            throw Error($"expected '{symbol}', found {Found}");
        }
    }

    public void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind)
        {
            throw Error($"expected {what}, found {Found}");
        }

        Take();
    }

    public string ExpectName()
    {
        string name = Current.Value;
        Expect(TokenKind.Name, "a name");
        return name;
    }

    /// <summary>Goes one level deeper into the template for the time of an action.</summary>
    public T Deeper<T>(Func<T> parse)
    {
        if (++_depth > DepthMax)
        {
            throw Error($"the template is nested more than {DepthMax} deep");
        }

        T result = parse();
        _depth--;
        return result;
    }

    public ChatTemplateException Error(string problem) => new(Line, problem);

    private string Found => Current.Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.Text => "text",
        TokenKind.BeginPrint => "'{{'",
        TokenKind.EndPrint => "'}}'",
        TokenKind.BeginStatement => "'{%'",
        TokenKind.EndStatement => "'%}'",
        _ => $"'{Current.Value}'",
    };
}
