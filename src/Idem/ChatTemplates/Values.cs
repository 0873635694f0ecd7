// The values of templates. None is null, numbers are long and double, text is string; the rest is here. Text counts code points,
// as Python's does.

using System.Text;

namespace Idem.ChatTemplates;

/// <summary>What a name, member or item that is not there gives. It prints as nothing; using it in another way is an error.</summary>
internal sealed record Undefined(string What);

/// <summary>A list, or a tuple, which prints with parentheses.</summary>
internal sealed class Sequence
{
    public Sequence(IEnumerable<object?> items, bool isTuple = false)
    {
        Items = [.. items];
        IsTuple = isTuple;
        foreach (object? item in Items)
        {
            Depth = Nesting.Around(Depth, item);
        }
    }

    public List<object?> Items { get; }

    public bool IsTuple { get; }

    /// <summary>Lists and dictionaries within one another, this one included.</summary>
    public int Depth { get; } = 1;
}

/// <summary>Bounds how deep values lie within one another, so that walking through them ends alike on every stack.</summary>
internal static class Nesting
{
    public const int DepthMax = 200;

    /// <summary>The depth of something of a depth that takes in a value.</summary>
    /// <exception cref="NestingException">It would be too deep.</exception>
    public static int Around(int depth, object? value)
    {
        int inner = value switch
        {
            Sequence list => list.Depth,
            Mapping map => map.Depth,
            _ => 0,
        };
        return inner < DepthMax ? Math.Max(depth, inner + 1) : throw new NestingException();
    }
}

/// <summary>A value would be nested too deep.</summary>
internal sealed class NestingException() : Exception($"values are nested more than {Nesting.DepthMax} deep");

/// <summary>A dictionary in the order its keys came.</summary>
internal sealed class Mapping
{
    private readonly Dictionary<object, int> _index = new(ValueComparer.Instance);

    public List<(object? Key, object? Value)> Entries { get; } = [];

    /// <inheritdoc cref="Sequence.Depth"/>
    public int Depth { get; private set; } = 1;

    public object? this[object? key]
    {
        set
        {
            Depth = Nesting.Around(Nesting.Around(Depth, key), value);
            if (_index.TryGetValue(Wrap(key), out int place))
            {
                Entries[place] = (Entries[place].Key, value);
            }
            else
            {
                _index.Add(Wrap(key), Entries.Count);
                Entries.Add((key, value));
            }
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        bool isThere = _index.TryGetValue(Wrap(key), out int place);
        value = isThere ? Entries[place].Value : null;
        return isThere;
    }

    private static object Wrap(object? key) => key ?? NoneKey.Instance;

    private sealed class NoneKey
    {
        public static readonly NoneKey Instance = new();
    }
}

/// <summary>A <c>namespace()</c>: members that <c>set</c> may change from inside a loop.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}

/// <summary>Something to call: a macro, a method, a function of the environment.</summary>
internal sealed record Callable(string Name, Func<Arguments, object?> Call);

/// <summary>Arguments of a call, filter or test.</summary>
internal sealed record Arguments(RenderContext Context, int Line, IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>The argument at a place or of a name.</summary>
    public object? Get(int place, string name, object? absent = null) =>
        place < Positional.Count ? Positional[place] : Named.GetValueOrDefault(name, absent);

    public bool Has(int place, string name) => place < Positional.Count || Named.ContainsKey(name);

    public object? Required(int place, string name, string of) =>
        Has(place, name) ? Get(place, name) : throw Error($"{of} needs the argument '{name}'");

    public ChatTemplateException Error(string problem) => new(Line, problem);
}

/// <summary>Equality as Python has it: 1, 1.0 and true are one key.</summary>
internal sealed class ValueComparer : IEqualityComparer<object>
{
    public static readonly ValueComparer Instance = new();

    public new bool Equals(object? x, object? y) => Operators.AreEqual(x, y);

    public int GetHashCode(object value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number.GetHashCode(),
        double number when number >= long.MinValue && number < long.MaxValue && Math.Floor(number).Equals(number) => ((long)number).GetHashCode(),
        double number => number.GetHashCode(),
        string text => string.GetHashCode(text, StringComparison.Ordinal),
        _ => 0,
    };
}

/// <summary>Text by code points.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        int count = text.Length;
        foreach (char c in text)
        {
            count -= char.IsLowSurrogate(c) ? 1 : 0;
        }

        return count;
    }

    public static IEnumerable<string> Each(string text) => text.EnumerateRunes().Select(rune => rune.ToString());

    public static string Join(IEnumerable<string> characters) => new StringBuilder().AppendJoin("", characters).ToString();

    /// <summary>Python's white space.</summary>
    public static bool IsWhiteSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
