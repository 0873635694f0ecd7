// What operators do to values, as in Python.


namespace Idem.ChatTemplates;

internal static class Operators
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        Sequence list => list.Items.Count > 0,
        Mapping map => map.Entries.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (Undefined, Undefined) => true,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (Sequence a, Sequence b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
        (Mapping a, Mapping b) => a.Entries.Count == b.Entries.Count
            && a.Entries.TrueForAll(entry => b.TryGet(entry.Key, out object? other) && AreEqual(entry.Value, other)),
        _ when AsNumber(left) is { } a && AsNumber(right) is { } b => (a, b) is (long x, long y) ? x == y : ToDouble(a).Equals(ToDouble(b)),
        _ => ReferenceEquals(left, right),
    };

    /// <summary>Below, equal or above; null where the values have no order.</summary>
    public static int? Compare(object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                return CompareText(a, b);
            case (Sequence a, Sequence b):
                for (int i = 0; i < Math.Min(a.Items.Count, b.Items.Count); i++)
                {
                    if (!AreEqual(a.Items[i], b.Items[i]))
                    {
                        return Compare(a.Items[i], b.Items[i]);
                    }
                }

                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                return AsNumber(left) is { } x && AsNumber(right) is { } y
                    ? (x, y) is (long m, long n) ? m.CompareTo(n) : ToDouble(x).CompareTo(ToDouble(y))
                    : null;
        }
    }

    public static bool Contains(object? item, object? container, int line) => container switch
    {
        string text => item is string part
            ? text.Contains(part, StringComparison.Ordinal)
            : throw new ChatTemplateException(line, $"'in' looks for text in text, not for {Kind(item)}"),
        Mapping map => map.TryGet(item, out _),
        Namespace or Callable or null or bool or long or double => throw new ChatTemplateException(line, $"{Kind(container)} holds nothing for 'in' to look at"),
        _ => Iterate(container, line).Any(each => AreEqual(each, item)),
    };

    public static object? Arithmetic(string symbol, object? left, object? right, RenderContext context, int line)
    {
        context.Spend(Size(left) + Size(right), line);
        switch (symbol, left, right)
        {
            case (_, Undefined undefined, _):
                throw IsUndefined(undefined, line);
            case (_, _, Undefined undefined):
                throw IsUndefined(undefined, line);
            case ("+", string a, string b):
                return a + b;
            case ("+", Sequence a, Sequence b) when a.IsTuple == b.IsTuple:
                return new Sequence(a.Items.Concat(b.Items), a.IsTuple);
            case ("*", string text, long times):
                return string.Concat(Enumerable.Repeat(text, Repetitions(text.Length, times, context, line)));
            case ("*", Sequence list, long times):
                return new Sequence(
                    Enumerable.Repeat(list.Items, Repetitions(list.Items.Count, times, context, line)).SelectMany(items => items), list.IsTuple);
            default:
                break;
        }

        if (AsNumber(left) is not { } x || AsNumber(right) is not { } y)
        {
            throw new ChatTemplateException(line, $"'{symbol}' does not join {Kind(left)} and {Kind(right)}");
        }

        try
        {
            return (x, y) is (long m, long n) && symbol != "/" ? (object)Whole(symbol, m, n, line) : Floating(symbol, ToDouble(x), ToDouble(y), line);
        }
        catch (OverflowException e)
        {
            throw new ChatTemplateException(line, $"the result of '{symbol}' does not fit 64 bits", e);
        }
    }

    // Nothing repeated any number of times is nothing, without counting so far.
    private static int Repetitions(int length, long times, RenderContext context, int line)
    {
        if (length == 0 || times <= 0)
        {
            return 0;
        }

        times = Math.Min(times, int.MaxValue);
        context.Spend(length * times, line);
        return (int)times;
    }

    public static object Negate(object? value, int line) => AsNumber(value) switch
    {
        long number and > long.MinValue => (object)-number,
        double number => -number,
        _ => throw new ChatTemplateException(line, $"{Kind(value)} has no negative"),
    };

    /// <summary>The items of a value, as a for loop sees them.</summary>
    public static IEnumerable<object?> Iterate(object? value, int line) => value switch
    {
        Sequence list => list.Items,
        Mapping map => map.Entries.Select(entry => entry.Key),
        string text => CodePoints.Each(text),
        Undefined => [],
        _ => throw new ChatTemplateException(line, $"{Kind(value)} is not a list, a mapping or text: there is nothing to go through"),
    };

    /// <summary>The length of a value, or null where it has none.</summary>
    public static long? Length(object? value) => value switch
    {
        string text => CodePoints.Count(text),
        Sequence list => list.Items.Count,
        Mapping map => map.Entries.Count,
        Undefined => 0,
        _ => null,
    };

    public static object? AsNumber(object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long or double => value,
        _ => null,
    };

    public static double ToDouble(object number) => number is long whole ? whole : (double)number;

    public static string Kind(object? value) => value switch
    {
        null => "none",
        bool => "true or false",
        long or double => "a number",
        string => "text",
        Sequence { IsTuple: true } => "a tuple",
        Sequence => "a list",
        Mapping => "a mapping",
        Namespace => "a namespace",
        Callable callable => $"the function {callable.Name}",
        Undefined undefined => $"the undefined {undefined.What}",
        _ => "a loop",
    };

    public static ChatTemplateException IsUndefined(Undefined undefined, int line) => new(line, $"{undefined.What} is undefined");

    private static long Size(object? value) => value switch
    {
        string text => text.Length,
        Sequence list => list.Items.Count,
        _ => 0,
    };

    private static int CompareText(string a, string b)
    {
        // ordinal by code point: surrogates stand above the basic plane
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] != b[i])
            {
                bool isSurrogateA = char.IsSurrogate(a[i]), isSurrogateB = char.IsSurrogate(b[i]);
                return isSurrogateA == isSurrogateB ? a[i].CompareTo(b[i]) : isSurrogateA.CompareTo(isSurrogateB);
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private static long Whole(string symbol, long a, long b, int line)
    {
        if (symbol is "//" or "%" && b == 0)
        {
            throw new ChatTemplateException(line, $"division by zero in '{symbol}'");
        }

        return symbol switch
        {
            "+" => checked(a + b),
            "-" => checked(a - b),
            "*" => checked(a * b),
            "//" => checked((a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)),
            "%" => b == -1 ? 0L : ((a % b) + b) % b,
            "**" when b >= 0 => Power(a, b),
            _ => throw new ChatTemplateException(line, $"'{symbol}' of these numbers is not supported"),
        };
    }

    private static double Floating(string symbol, double a, double b, int line) => symbol switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" when b != 0 => a / b,
        "/" => throw new ChatTemplateException(line, "division by zero in '/'"),
        _ => throw new ChatTemplateException(line, $"'{symbol}' of numbers with a fraction is not supported"),
    };

    private static long Power(long a, long b)
    {
        long result = 1;
        for (long i = 0; i < b && result is not 0 && (a is not (0 or 1 or -1) || i < 2 + (b % 2)); i++)
        {
            result = checked(result * a);
        }

        return result;
    }
}
