// Statements of a template. What Jinja has beyond chat templates (inheritance, includes, imports, recursive loops) is refused by name.

namespace Idem.ChatTemplates;

internal sealed class TemplateParser
{
    private readonly TokenReader _reader;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(List<Token> tokens)
    {
        _reader = new TokenReader(tokens);
        _expressions = new ExpressionParser(_reader);
    }

    public static Block Parse(string template)
    {
        var parser = new TemplateParser(Lexer.Read(template));
        Block block = parser.ParseBlock([]);
        return parser._reader.Current.Kind == TokenKind.End ? block : throw parser._reader.Error("an end tag closes nothing that is open");
    }

    // Up to a statement that one of these names begins; it is left at that name.
    private Block ParseBlock(string[] ends) => _reader.Deeper(() =>
    {
        var statements = new List<Statement>();
        while (true)
        {
            Token token = _reader.Take();
            switch (token.Kind)
            {
                case TokenKind.Text:
                    statements.Add(new TextStatement(token.Value, token.Line));
                    break;
                case TokenKind.BeginPrint:
                    statements.Add(new PrintStatement(_expressions.ParseTuple(), token.Line));
                    _reader.Expect(TokenKind.EndPrint, "'}}'");
                    break;
                case TokenKind.BeginStatement when Array.Exists(ends, _reader.IsName):
                    return new Block(statements);
                case TokenKind.BeginStatement:
                    statements.Add(ParseStatement());
                    break;
                default:
                    return ends.Length == 0 ? new Block(statements) : throw _reader.Error($"'{ends[^1]}' is missing at the end of the template");
            }
        }
    });

    private Statement ParseStatement()
    {
        int line = _reader.Line;
        string name = _reader.ExpectName();
        return name switch
        {
            "if" => ParseIf(line),
            "for" => ParseFor(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCall(line),
            "filter" => ParseFilter(line),
            "with" => ParseWith(line),
            "generation" => new WithStatement([], ParseBody("endgeneration"), line),
            "break" or "continue" => ParseBreak(name, line),
            _ when name.StartsWith("end", StringComparison.Ordinal) || name is "else" or "elif" => throw new ChatTemplateException(line, $"'{name}' closes nothing that is open"),
            _ => throw new ChatTemplateException(line, $"the statement '{name}' is not supported"),
        };
    }

    private Block ParseBody(string end)
    {
        EndStatement();
        Block body = ParseBlock([end]);
        _reader.Take();
        EndStatement();
        return body;
    }

    private void EndStatement() => _reader.Expect(TokenKind.EndStatement, "'%}'");

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Block)>();
        do
        {
            Expression condition = _expressions.ParseTuple();
            EndStatement();
            branches.Add((condition, ParseBlock(["elif", "else", "endif"])));
        }
        while (_reader.SkipName("elif"));
        return new IfStatement(branches, ParseElse("endif"), line);
    }

    private Block ParseElse(string end)
    {
        Block body = Block.Empty;
        if (_reader.SkipName("else"))
        {
            EndStatement();
            body = ParseBlock([end]);
        }

        _reader.Take();
        EndStatement();
        return body;
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget(allowsMember: false);
        if (!_reader.SkipName("in"))
        {
            throw _reader.Error("expected 'in' behind the names of a 'for'");
        }

        Expression items = _expressions.ParseTuple(allowsIf: false);
        Expression? condition = _reader.SkipName("if") ? _expressions.Parse() : null;
        if (_reader.IsName("recursive"))
        {
            throw _reader.Error("a recursive 'for' is not supported");
        }

        EndStatement();
        _loops++;
        Block body = ParseBlock(["else", "endfor"]);
        _loops--;
        return new ForStatement(target, items, condition, body, ParseElse("endfor"), line);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget(allowsMember: true);
        if (_reader.Skip("="))
        {
            Expression value = _expressions.ParseTuple();
            EndStatement();
            return new SetStatement(target, value, line);
        }

        Func<Expression, Expression> filter = _reader.Skip("|") ? _expressions.ParseFilters() : static value => value;
        return new SetBlockStatement(target, filter, ParseBody("endset"), line);
    }

    private Target ParseTarget(bool allowsMember)
    {
        bool isEnclosed = _reader.Skip("(");
        List<string> names = [_reader.ExpectName()];
        if (allowsMember && !isEnclosed && _reader.Skip("."))
        {
            return new Target(names, _reader.ExpectName(), IsTuple: false);
        }

        bool isTuple = false;
        while (_reader.Skip(","))
        {
            isTuple = true;
            if (_reader.Current.Kind != TokenKind.Name || _reader.IsName("in"))
            {
                break;
            }

            names.Add(_reader.ExpectName());
        }

        if (isEnclosed)
        {
            _reader.Expect(")");
        }

        return new Target(names, null, isTuple);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _reader.ExpectName();
        List<Parameter> parameters = ParseParameters();
        return new MacroStatement(name, parameters, ParseBodyOutsideLoops("endmacro"), line);
    }

    private CallStatement ParseCall(int line)
    {
        List<Parameter> parameters = _reader.Is("(") ? ParseParameters() : [];
        Call call = _expressions.Parse() as Call ?? throw _reader.Error("'call' needs a call of a macro");
        return new CallStatement(call, new MacroStatement("caller", parameters, ParseBodyOutsideLoops("endcall"), line), line);
    }

    private Block ParseBodyOutsideLoops(string end)
    {
        int loops = _loops;
        _loops = 0;
        Block body = ParseBody(end);
        _loops = loops;
        return body;
    }

    private List<Parameter> ParseParameters()
    {
        var parameters = new List<Parameter>();
        _reader.Expect("(");
        while (!_reader.Is(")"))
        {
            string name = _reader.ExpectName();
            parameters.Add(new Parameter(name, _reader.Skip("=") ? _expressions.Parse() : null));
            if (!_reader.Skip(","))
            {
                break;
            }
        }

        _reader.Expect(")");
        return parameters;
    }

    private FilterStatement ParseFilter(int line)
    {
        Func<Expression, Expression> filter = _expressions.ParseFilters();
        return new FilterStatement(filter, ParseBody("endfilter"), line);
    }

    private WithStatement ParseWith(int line)
    {
        var values = new List<(Target, Expression)>();
        while (_reader.Current.Kind == TokenKind.Name)
        {
            string name = _reader.ExpectName();
            _reader.Expect("=");
            values.Add((new Target([name], null, IsTuple: false), _expressions.Parse()));
            if (!_reader.Skip(","))
            {
                break;
            }
        }

        return new WithStatement(values, ParseBody("endwith"), line);
    }

    private BreakStatement ParseBreak(string name, int line)
    {
        EndStatement();
        return _loops > 0 ? new BreakStatement(name == "continue", line) : throw new ChatTemplateException(line, $"'{name}' stands outside a loop");
    }
}
