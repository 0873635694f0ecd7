// Expressions: each node knows how to give its value.

using System.Runtime.CompilerServices;

namespace Idem.ChatTemplates;

internal abstract record Expression(int Line)
{
    public object? Evaluate(Scope scope, RenderContext context)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Step(Line);
        return Value(scope, context);
    }

    protected abstract object? Value(Scope scope, RenderContext context);
}

internal sealed record Constant(object? Content, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => Content;
}

internal sealed record NameReference(string Name, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => scope.Get(Name);
}

internal sealed record ListLiteral(IReadOnlyList<Expression> Items, bool IsTuple, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => new Sequence(Items.Select(item => item.Evaluate(scope, context)), IsTuple);
}

internal sealed record MappingLiteral(IReadOnlyList<(Expression Key, Expression Value)> Entries, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        var map = new Mapping();
        foreach ((Expression key, Expression value) in Entries)
        {
            map[key.Evaluate(scope, context)] = value.Evaluate(scope, context);
        }

        return map;
    }
}

internal sealed record Conditional(Expression Then, Expression Condition, Expression? Else, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) =>
        Operators.IsTrue(Condition.Evaluate(scope, context)) ? Then.Evaluate(scope, context)
        : Else is not null ? Else.Evaluate(scope, context)
        : new Undefined("the value of an 'if' without 'else'");
}

internal sealed record Logical(bool IsAnd, Expression Left, Expression Right, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        object? left = Left.Evaluate(scope, context);
        return Operators.IsTrue(left) == IsAnd ? Right.Evaluate(scope, context) : left;
    }
}

internal sealed record Not(Expression Operand, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => !Operators.IsTrue(Operand.Evaluate(scope, context));
}

internal sealed record Sign(bool IsNegative, Expression Operand, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        object? value = Operand.Evaluate(scope, context);
        return IsNegative ? Operators.Negate(value, Line)
            : Operators.AsNumber(value) ?? throw new ChatTemplateException(Line, $"'+' before {Operators.Kind(value)}");
    }
}

internal sealed record Arithmetic(string Symbol, Expression Left, Expression Right, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) =>
        Operators.Arithmetic(Symbol, Left.Evaluate(scope, context), Right.Evaluate(scope, context), context, Line);
}

internal sealed record Concatenation(IReadOnlyList<Expression> Parts, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        string text = string.Concat(Parts.Select(part => PythonText.Str(part.Evaluate(scope, context))));
        context.Spend(text.Length, Line);
        return text;
    }
}

/// <summary>A chain such as <c>a &lt; b == c</c>: every link must hold.</summary>
internal sealed record Comparison(Expression First, IReadOnlyList<(string Symbol, Expression Operand)> Links, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        object? left = First.Evaluate(scope, context);
        foreach ((string symbol, Expression operand) in Links)
        {
            object? right = operand.Evaluate(scope, context);
            if (!Holds(symbol, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private bool Holds(string symbol, object? left, object? right)
    {
        switch (symbol)
        {
            case "==":
                return Operators.AreEqual(left, right);
            case "!=":
                return !Operators.AreEqual(left, right);
            case "in":
                return Operators.Contains(left, right, Line);
            case "not in":
                return !Operators.Contains(left, right, Line);
            default:
                break;
        }

        if (left is Undefined || right is Undefined)
        {
            throw Operators.IsUndefined((Undefined)(left is Undefined ? left : right)!, Line);
        }

        int order = Operators.Compare(left, right)
            ?? throw new ChatTemplateException(Line, $"'{symbol}' does not compare {Operators.Kind(left)} with {Operators.Kind(right)}");
        return symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }
}

internal sealed record Member(Expression Owner, string Name, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => Members.OfName(Owner.Evaluate(scope, context), Name, Line);
}

internal sealed record Item(Expression Owner, Expression Index, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) =>
        Members.OfItem(Owner.Evaluate(scope, context), Index.Evaluate(scope, context), Line);
}

internal sealed record Slice(Expression Owner, Expression? Start, Expression? Stop, Expression? Step, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        object? owner = Owner.Evaluate(scope, context);
        long? start = Bound(Start, scope, context), stop = Bound(Stop, scope, context), step = Bound(Step, scope, context);
        if (step == 0)
        {
            throw new ChatTemplateException(Line, "the step of a slice is 0");
        }

        context.Spend(Operators.Length(owner) ?? 0, Line);
        return owner switch
        {
            string text => CodePoints.Join(Take([.. CodePoints.Each(text)], start, stop, step ?? 1)),
            Sequence list => new Sequence(Take(list.Items, start, stop, step ?? 1), list.IsTuple),
            Undefined undefined => throw Operators.IsUndefined(undefined, Line),
            _ => throw new ChatTemplateException(Line, $"{Operators.Kind(owner)} cannot be sliced"),
        };
    }

    private static IEnumerable<T> Take<T>(List<T> items, long? start, long? stop, long step)
    {
        long low = step > 0 ? 0 : -1, high = step > 0 ? items.Count : items.Count - 1;
        long from = start is { } s ? Math.Clamp(s < 0 ? s + items.Count : s, low, high) : step > 0 ? low : high;
        long to = stop is { } e ? Math.Clamp(e < 0 ? e + items.Count : e, low, high) : step > 0 ? high : low;
        for (long i = from; step > 0 ? i < to : i > to; i = Math.Abs(step) > items.Count ? to : i + step)
        {
            yield return items[(int)i];
        }
    }

    private long? Bound(Expression? bound, Scope scope, RenderContext context) => bound?.Evaluate(scope, context) switch
    {
        null => null,
        long number => number,
        var other => throw new ChatTemplateException(Line, $"a slice goes by whole numbers, not by {Operators.Kind(other)}"),
    };
}

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static readonly ArgumentList None = new([], []);

    public Arguments Evaluate(Scope scope, RenderContext context, int line, IEnumerable<object?>? first = null)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        object?[] positional = [.. first ?? [], .. Positional.Select(argument => argument.Evaluate(scope, context))];
        foreach ((string name, Expression value) in Named)
        {
            named[name] = value.Evaluate(scope, context);
        }

        return new Arguments(context, line, positional, named);
    }
}

internal sealed record Call(Expression Callee, ArgumentList Arguments, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) => Callee.Evaluate(scope, context) switch
    {
        Callable callable => callable.Call(Arguments.Evaluate(scope, context, Line)),
        Undefined undefined => throw Operators.IsUndefined(undefined, Line),
        var other => throw new ChatTemplateException(Line, $"{Operators.Kind(other)} cannot be called"),
    };
}

internal sealed record Filter(Func<Arguments, object?> Apply, Expression Operand, ArgumentList Arguments, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context)
    {
        object? operand = Operand.Evaluate(scope, context);
        context.Spend(Operators.Length(operand) ?? 0, Line);
        return Apply(Arguments.Evaluate(scope, context, Line, [operand]));
    }
}

internal sealed record Test(Func<Arguments, bool> Holds, bool IsNegated, Expression Operand, ArgumentList Arguments, int Line) : Expression(Line)
{
    protected override object? Value(Scope scope, RenderContext context) =>
        Holds(Arguments.Evaluate(scope, context, Line, [Operand.Evaluate(scope, context)])) != IsNegated;
}
