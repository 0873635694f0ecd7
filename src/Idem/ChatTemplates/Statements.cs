// Statements: each node knows how to write its part of the output.

using System.Runtime.CompilerServices;

namespace Idem.ChatTemplates;

/// <summary>How a statement ends: the next one follows, or the loop around it is left or goes on.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

internal abstract record Statement(int Line)
{
    public Flow Execute(Scope scope, RenderContext context)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Step(Line);
        return Run(scope, context);
    }

    protected abstract Flow Run(Scope scope, RenderContext context);
}

internal sealed record Block(IReadOnlyList<Statement> Statements)
{
    public static readonly Block Empty = new([]);

    public Flow Execute(Scope scope, RenderContext context)
    {
        foreach (Statement statement in Statements)
        {
            if (statement.Execute(scope, context) is not Flow.Next and var flow)
            {
                return flow;
            }
        }

        return Flow.Next;
    }
}

internal sealed record TextStatement(string Text, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        context.Write(Text, Line);
        return Flow.Next;
    }
}

internal sealed record PrintStatement(Expression Value, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        context.Write(PythonText.Str(Value.Evaluate(scope, context)), Line);
        return Flow.Next;
    }
}

internal sealed record IfStatement(IReadOnlyList<(Expression Condition, Block Body)> Branches, Block Else, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        foreach ((Expression condition, Block body) in Branches)
        {
            if (Operators.IsTrue(condition.Evaluate(scope, context)))
            {
                return body.Execute(scope, context);
            }
        }

        return Else.Execute(scope, context);
    }
}

internal sealed record ForStatement(Target Target, Expression Items, Expression? Condition, Block Body, Block Else, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        object? value = Items.Evaluate(scope, context);
        context.Spend(Operators.Length(value) ?? 0, Line);
        List<object?> items = [.. Operators.Iterate(value, Line).Where(item => IsIncluded(item, scope, context))];
        var loop = new LoopState(items);
        for (loop.Index = 0; loop.Index < items.Count; loop.Index++)
        {
            context.Step(Line);
            var inner = new Scope(scope);
            Target.Assign(items[loop.Index], inner, Line);
            inner.Set("loop", loop);
            if (Body.Execute(inner, context) == Flow.Break)
            {
                break;
            }
        }

        return items.Count == 0 ? Else.Execute(new Scope(scope), context) : Flow.Next;
    }

    private bool IsIncluded(object? item, Scope scope, RenderContext context)
    {
        if (Condition is null)
        {
            return true;
        }

        var inner = new Scope(scope);
        Target.Assign(item, inner, Line);
        return Operators.IsTrue(Condition.Evaluate(inner, context));
    }
}

/// <summary>What a loop's body may ask of <c>loop</c>.</summary>
internal sealed class LoopState(List<object?> items)
{
    private object? _changed = new Undefined("'loop.changed'");

    public int Index { get; set; }

    public object? Member(string name, int line) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => (long)items.Count - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => 1L,
        "depth0" => 0L,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("'loop.previtem'"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("'loop.nextitem'"),
        "cycle" => new Callable("loop.cycle", arguments => arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw arguments.Error("loop.cycle needs values to go through")),
        "changed" => new Callable("loop.changed", arguments => Changed(arguments)),
        _ => throw new ChatTemplateException(line, $"'loop.{name}' is not supported"),
    };

    private bool Changed(Arguments arguments)
    {
        var now = new Sequence(arguments.Positional, isTuple: true);
        bool isChanged = !Operators.AreEqual(_changed, now);
        _changed = now;
        return isChanged;
    }
}

internal sealed record BreakStatement(bool IsContinue, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context) => IsContinue ? Flow.Continue : Flow.Break;
}

internal sealed record SetStatement(Target Target, Expression Value, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        Target.Assign(Value.Evaluate(scope, context), scope, Line);
        return Flow.Next;
    }
}

/// <summary>A statement whose body is written into a value: <c>{% set x %}...{% endset %}</c>.</summary>
internal sealed record SetBlockStatement(Target Target, Func<Expression, Expression> Filter, Block Body, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        var inner = new Scope(scope);
        string text = context.Capture(Line, () => Body.Execute(inner, context));
        Target.Assign(Filter(new Constant(text, Line)).Evaluate(inner, context), scope, Line);
        return Flow.Next;
    }
}

internal sealed record FilterStatement(Func<Expression, Expression> Filter, Block Body, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        var inner = new Scope(scope);
        string text = context.Capture(Line, () => Body.Execute(inner, context));
        context.Write(PythonText.Str(Filter(new Constant(text, Line)).Evaluate(inner, context)), Line);
        return Flow.Next;
    }
}

/// <summary>Names of its own for a stretch: <c>with</c>, and <c>generation</c>, which has none.</summary>
internal sealed record WithStatement(IReadOnlyList<(Target Target, Expression Value)> Values, Block Body, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        var inner = new Scope(scope);
        foreach ((Target target, Expression value) in Values)
        {
            target.Assign(value.Evaluate(scope, context), inner, Line);
        }

        return Body.Execute(inner, context);
    }
}

internal sealed record Parameter(string Name, Expression? Default);

internal sealed record MacroStatement(string Name, IReadOnlyList<Parameter> Parameters, Block Body, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        scope.Set(Name, ToCallable(scope, context));
        return Flow.Next;
    }

    public Callable ToCallable(Scope scope, RenderContext context) => new(Name, arguments =>
    {
        var inner = new Scope(scope);
        Bind(arguments, inner, context);
        return context.Capture(arguments.Line, () => Body.Execute(inner, context));
    });

    private void Bind(Arguments arguments, Scope inner, RenderContext context)
    {
        for (int i = 0; i < Parameters.Count; i++)
        {
            Parameter parameter = Parameters[i];
            inner.Set(parameter.Name, arguments.Has(i, parameter.Name) ? arguments.Get(i, parameter.Name)
                : parameter.Default is not null ? parameter.Default.Evaluate(inner, context)
                : new Undefined($"the parameter '{parameter.Name}'"));
        }

        var rest = new Mapping();
        foreach ((string name, object? value) in arguments.Named.Where(named => Parameters.All(parameter => parameter.Name != named.Key)))
        {
            if (name == "caller")
            {
                inner.Set("caller", value);
            }
            else
            {
                rest[name] = value;
            }
        }

        inner.Set("varargs", new Sequence(arguments.Positional.Skip(Parameters.Count), isTuple: true));
        inner.Set("kwargs", rest);
    }
}

internal sealed record CallStatement(Call Call, MacroStatement Caller, int Line) : Statement(Line)
{
    protected override Flow Run(Scope scope, RenderContext context)
    {
        Expression caller = new Constant(Caller.ToCallable(scope, context), Line);
        Call call = Call with { Arguments = Call.Arguments with { Named = [.. Call.Arguments.Named, ("caller", caller)] } };
        context.Write(PythonText.Str(call.Evaluate(scope, context)), Line);
        return Flow.Next;
    }
}

/// <summary>What a value may be assigned to: a name, several, or the member of a namespace.</summary>
internal sealed record Target(IReadOnlyList<string> Names, string? Member, bool IsTuple)
{
    public void Assign(object? value, Scope scope, int line)
    {
        if (Member is not null)
        {
            Namespace owner = scope.Get(Names[0]) as Namespace
                ?? throw new ChatTemplateException(line, $"'{Names[0]}' is no namespace, so its member '{Member}' cannot be set");
            owner.Members[Member] = value;
        }
        else if (!IsTuple)
        {
            scope.Set(Names[0], value);
        }
        else
        {
            object?[] parts = [.. Operators.Iterate(value, line)];
            if (parts.Length != Names.Count)
            {
                throw new ChatTemplateException(line, $"{parts.Length} values for {Names.Count} names");
            }

            for (int i = 0; i < parts.Length; i++)
            {
                scope.Set(Names[i], parts[i]);
            }
        }
    }
}
