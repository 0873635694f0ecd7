// Expressions, by Jinja's grammar and its order of operators: if-else, or, and, not, comparisons, + -, ~, * / // %, **, signs,
// then what hangs behind a value: members, items, calls, filters and tests.

using System.Globalization;

namespace Idem.ChatTemplates;

internal sealed class ExpressionParser(TokenReader reader)
{
    private static readonly string[] Comparisons = ["==", "!=", "<=", ">=", "<", ">"];

    public Expression Parse() => reader.Deeper(ParseConditional);

    /// <summary>An expression, or several with commas between, which are a tuple.</summary>
    public Expression ParseTuple(bool allowsIf = true)
    {
        int line = reader.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!IsEnd())
        {
            items.Add(allowsIf ? Parse() : reader.Deeper(ParseOr));
            if (!reader.Skip(","))
            {
                break;
            }

            isTuple = true;
        }

        return items.Count switch
        {
            0 => throw reader.Error("an expression is missing"),
            1 when !isTuple => items[0],
            _ => new ListLiteral(items, IsTuple: true, line),
        };
    }

    /// <summary>Filters, without their operand, as in <c>{% filter upper %}</c> or <c>{% set x | trim %}</c>.</summary>
    public Func<Expression, Expression> ParseFilters()
    {
        var filters = new List<(Func<Arguments, object?> Apply, ArgumentList Arguments, int Line)>();
        do
        {
            int line = reader.Line;
            filters.Add((Filters.Find(reader.ExpectName(), line), reader.Is("(") ? ParseArguments() : ArgumentList.None, line));
        }
        while (reader.Skip("|"));
        return operand => filters.Aggregate(operand, static (value, filter) => new Filter(filter.Apply, value, filter.Arguments, filter.Line));
    }

    public Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = reader.Line;
            if (reader.Skip("."))
            {
                Token name = reader.Take();
                value = name.Kind switch
                {
                    TokenKind.Name => new Member(value, name.Value, line),
                    TokenKind.Integer => new Item(value, new Constant(Whole(name.Value), line), line),
                    _ => throw new ChatTemplateException(line, "expected the name of a member behind '.'"),
                };
            }
            else if (reader.Is("["))
            {
                value = ParseItem(value);
            }
            else if (reader.Is("("))
            {
                value = new Call(value, ParseArguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private bool IsEnd() => reader.Current.Kind is TokenKind.EndPrint or TokenKind.EndStatement or TokenKind.End || reader.Is(")") || reader.Is("=") || reader.IsName("in");

    private Expression ParseConditional()
    {
        Expression value = ParseOr();
        while (reader.IsName("if"))
        {
            int line = reader.Line;
            reader.Take();
            Expression condition = ParseOr();
            Expression? otherwise = reader.SkipName("else") ? Parse() : null;
            value = new Conditional(value, condition, otherwise, line);
        }

        return value;
    }

    private Expression ParseOr() => ParseLogical("or", isAnd: false, () => ParseLogical("and", isAnd: true, ParseNot));

    private Expression ParseLogical(string name, bool isAnd, Func<Expression> parse)
    {
        Expression left = parse();
        while (reader.IsName(name))
        {
            int line = reader.Line;
            reader.Take();
            left = new Logical(isAnd, left, parse(), line);
        }

        return left;
    }

    private Expression ParseNot()
    {
        int line = reader.Line;
        return reader.SkipName("not") ? new Not(reader.Deeper(ParseNot), line) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        int line = reader.Line;
        Expression first = ParseSum();
        var links = new List<(string, Expression)>();
        while (true)
        {
            string? symbol = Array.Find(Comparisons, reader.Is);
            if (symbol is not null || reader.IsName("in"))
            {
                reader.Take();
                links.Add((symbol ?? "in", ParseSum()));
            }
            else if (reader.IsName("not") && reader.Ahead is { Kind: TokenKind.Name, Value: "in" })
            {
                reader.Take();
                reader.Take();
                links.Add(("not in", ParseSum()));
            }
            else
            {
                return links.Count == 0 ? first : new Comparison(first, links, line);
            }
        }
    }

    private Expression ParseSum() => ParseChain(["+", "-"], ParseConcatenation);

    private Expression ParseConcatenation()
    {
        int line = reader.Line;
        List<Expression> parts = [ParseProduct()];
        while (reader.Skip("~"))
        {
            parts.Add(ParseProduct());
        }

        return parts.Count == 1 ? parts[0] : new Concatenation(parts, line);
    }

    private Expression ParseProduct() => ParseChain(["*", "/", "//", "%"], () => ParseChain(["**"], () => ParseUnary(withFilters: true)));

    private Expression ParseChain(string[] symbols, Func<Expression> parse)
    {
        Expression left = parse();
        while (Array.Find(symbols, reader.Is) is { } symbol)
        {
            int line = reader.Line;
            reader.Take();
            left = new Arithmetic(symbol, left, parse(), line);
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        int line = reader.Line;
        Expression value = reader.Skip("-") ? new Sign(true, reader.Deeper(() => ParseUnary(withFilters: false)), line)
            : reader.Skip("+") ? new Sign(false, reader.Deeper(() => ParseUnary(withFilters: false)), line)
            : ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            int line = reader.Line;
            if (reader.Skip("|"))
            {
                string name = reader.ExpectName();
                value = new Filter(Filters.Find(name, line), value, reader.Is("(") ? ParseArguments() : ArgumentList.None, line);
            }
            else if (reader.SkipName("is"))
            {
                value = ParseTest(value, line);
            }
            else if (reader.Is("("))
            {
                value = new Call(value, ParseArguments(), line);
            }
            else
            {
                return value;
            }
        }
    }

    private Test ParseTest(Expression value, int line)
    {
        bool isNegated = reader.SkipName("not");
        string name = reader.ExpectName();
        Func<Arguments, bool> test = Tests.Find(name, line);
        bool isOperand = reader.Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || reader.Is("[") || reader.Is("{");
        ArgumentList arguments = reader.Is("(") ? ParseArguments()
            : isOperand && !(reader.IsName("else") || reader.IsName("or") || reader.IsName("and") || reader.IsName("is") || reader.IsName("if") || reader.IsName("in") || reader.IsName("not"))
            ? new ArgumentList([ParsePostfix(ParsePrimary())], [])
            : ArgumentList.None;
        return new Test(test, isNegated, value, arguments, line);
    }

    private ArgumentList ParseArguments()
    {
        reader.Expect("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!reader.Is(")"))
        {
            if (reader.Is("*") || reader.Is("**"))
            {
                throw reader.Error("arguments from a list or a mapping ('*', '**') are not supported");
            }

            if (reader.Current.Kind == TokenKind.Name && reader.Ahead is { Kind: TokenKind.Symbol, Value: "=" })
            {
                string name = reader.Take().Value;
                reader.Take();
                named.Add((name, Parse()));
            }
            else if (named.Count == 0)
            {
                positional.Add(Parse());
            }
            else
            {
                throw reader.Error("an argument without a name stands behind one with a name");
            }

            if (!reader.Skip(","))
            {
                break;
            }
        }

        reader.Expect(")");
        return new ArgumentList(positional, named);
    }

    private Expression ParseItem(Expression owner)
    {
        int line = reader.Line;
        reader.Expect("[");
        Expression? start = reader.Is(":") ? null : Parse();
        if (start is not null && !reader.Is(":"))
        {
            reader.Expect("]");
            return new Item(owner, start, line);
        }

        reader.Expect(":");
        Expression? stop = reader.Is(":") || reader.Is("]") ? null : Parse();
        Expression? step = reader.Skip(":") && !reader.Is("]") ? Parse() : null;
        reader.Expect("]");
        return new Slice(owner, start, stop, step, line);
    }

    private Expression ParsePrimary()
    {
        int line = reader.Line;
        Token token = reader.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Value switch
                {
                    "true" or "True" => new Constant(true, line),
                    "false" or "False" => new Constant(false, line),
                    "none" or "None" => new Constant(null, line),
                    _ => new NameReference(token.Value, line),
                };
            case TokenKind.String:
                string text = token.Value;
                while (reader.Current.Kind == TokenKind.String)
                {
                    text += reader.Take().Value;
                }

                return new Constant(text, line);
            case TokenKind.Integer:
                return new Constant(Whole(token.Value), line);
            case TokenKind.Float:
                return new Constant(double.Parse(token.Value, CultureInfo.InvariantCulture), line);
            case TokenKind.Symbol when token.Value == "(":
                Expression inner = reader.Is(")") ? new ListLiteral([], IsTuple: true, line) : reader.Deeper(() => ParseTuple());
                reader.Expect(")");
                return inner;
            case TokenKind.Symbol when token.Value == "[":
                return new ListLiteral(ParseList("]"), IsTuple: false, line);
            case TokenKind.Symbol when token.Value == "{":
                return ParseMapping(line);
            default:
                throw new ChatTemplateException(line, token.Kind == TokenKind.Symbol ? $"an expression cannot begin with '{token.Value}'" : "an expression is missing");
        }
    }

    private List<Expression> ParseList(string end)
    {
        var items = new List<Expression>();
        while (!reader.Is(end))
        {
            items.Add(Parse());
            if (!reader.Skip(","))
            {
                break;
            }
        }

        reader.Expect(end);
        return items;
    }

    private MappingLiteral ParseMapping(int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!reader.Is("}"))
        {
            Expression key = Parse();
            reader.Expect(":");
            entries.Add((key, Parse()));
            if (!reader.Skip(","))
            {
                break;
            }
        }

        reader.Expect("}");
        return new MappingLiteral(entries, line);
    }

    private static long Whole(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
}
