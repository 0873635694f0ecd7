// What a rendering has: its output, its limits, its clock.

using System.Text;

namespace Idem.ChatTemplates;

internal sealed class RenderContext(ChatTemplateLimits limits, DateTime now)
{
    private const int CharactersPerStep = 64;
    private const int DepthMax = 100;

    private long _stepsLeft = limits.StepsMax;
    private int _depth;

    public StringBuilder Output { get; private set; } = new();

    /// <summary>The line of the last step.</summary>
    public int Line { get; private set; } = 1;

    public DateTime Now { get; } = now;

    public int RangeMax { get; } = 100_000; // as in Jinja's sandbox

    /// <summary>One step of work.</summary>
    public void Step(int line)
    {
        Line = line;
        if (--_stepsLeft < 0)
        {
            throw new ChatTemplateException(line, $"the template takes more than {limits.StepsMax} steps");
        }
    }

    /// <summary>Work on so many characters or items.</summary>
    public void Spend(long size, int line)
    {
        if (size > limits.OutputCharactersMax)
        {
            throw new ChatTemplateException(line, $"a value has more than {limits.OutputCharactersMax} characters");
        }

        _stepsLeft -= size / CharactersPerStep;
        Step(line);
    }

    public void Write(string text, int line)
    {
        Spend(text.Length, line);
        if (Output.Length + (long)text.Length > limits.OutputCharactersMax)
        {
            throw new ChatTemplateException(line, $"the output has more than {limits.OutputCharactersMax} characters");
        }

        Output.Append(text);
    }

    /// <summary>What an action writes, instead of writing it.</summary>
    public string Capture(int line, Action write)
    {
        if (++_depth > DepthMax)
        {
            throw new ChatTemplateException(line, $"calls are more than {DepthMax} deep");
        }

        StringBuilder before = Output;
        Output = new StringBuilder();
        try
        {
            write();
            return Output.ToString();
        }
        finally
        {
            Output = before;
            _depth--;
        }
    }
}

/// <summary>The names that a piece of a template sees; what is set inside stays inside.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _names[name] = value;

    public object? Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return new Undefined($"'{name}'");
    }

    private Scope? Parent { get; } = parent;
}
