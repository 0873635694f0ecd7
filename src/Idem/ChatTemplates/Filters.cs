// Filters by name. Unknown ones are refused when the template is read.

using System.Globalization;

namespace Idem.ChatTemplates;

internal static class Filters
{
    private static readonly Dictionary<string, Func<Arguments, object?>> All = new(StringComparer.Ordinal)
    {
        ["abs"] = a => Operators.AsNumber(Value(a)) is { } number && Operators.Compare(number, 0L) < 0 ? Operators.Negate(number, a.Line) : Number(a),
        ["capitalize"] = a => TextMethods.Capitalize(Text(a)),
        ["count"] = a => Length(a),
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = DictSort,
        ["e"] = a => Escape(Text(a)),
        ["escape"] = a => Escape(Text(a)),
        ["first"] = a => Items(a).FirstOrDefault(new Undefined("the first of nothing")),
        ["float"] = Float,
        ["indent"] = Indent,
        ["int"] = Int,
        ["items"] = a => Value(a) switch
        {
            Undefined => new Sequence([]),
            Mapping map => new Sequence(map.Entries.Select(entry => new Sequence([entry.Key, entry.Value], isTuple: true))),
            var other => throw a.Error($"'items' of {Operators.Kind(other)}"),
        },
        ["join"] = a => Join(
            a,
            a.Get(2, "attribute") is { } attribute ? Items(a).Select(item => Path(item, attribute, a)) : Items(a),
            PythonText.Str(a.Get(1, "d", ""))),
        ["last"] = a => Items(a).LastOrDefault(new Undefined("the last of nothing")),
        ["length"] = a => Length(a),
        ["list"] = a => new Sequence(Items(a)),
        ["lower"] = a => Text(a).ToLowerInvariant(),
        ["map"] = Map,
        ["max"] = a => Extreme(a, 1),
        ["min"] = a => Extreme(a, -1),
        ["reject"] = a => Select(a, byMember: false, keeps: false),
        ["rejectattr"] = a => Select(a, byMember: true, keeps: false),
        ["replace"] = a => TextMethods.Replace(
            Text(a), PythonText.Str(a.Required(1, "old", "replace")), PythonText.Str(a.Required(2, "new", "replace")), a.Get(3, "count") as long? ?? -1, a),
        ["reverse"] = a => Value(a) is string text ? CodePoints.Join(CodePoints.Each(text).Reverse()) : new Sequence(Items(a).Reverse()),
        ["safe"] = Text,
        ["select"] = a => Select(a, byMember: false, keeps: true),
        ["selectattr"] = a => Select(a, byMember: true, keeps: true),
        ["sort"] = Sort,
        ["string"] = Text,
        ["sum"] = Sum,
        ["title"] = a => TextMethods.Title(Text(a)),
        ["tojson"] = ToJson,
        ["trim"] = a => TextMethods.Strip(Text(a), a.Get(1, "chars") as string, left: true, right: true),
        ["unique"] = a => new Sequence(Items(a).Distinct(UniqueComparer(a))),
        ["upper"] = a => Text(a).ToUpperInvariant(),
        ["wordcount"] = a => (long)TextMethods.Split(Text(a), null, -1, fromRight: false, a).Items.Count,
    };

    /// <summary>The filter of a name.</summary>
    public static Func<Arguments, object?> Find(string name, int line) => All.TryGetValue(name, out Func<Arguments, object?>? filter)
        ? filter
        : throw new ChatTemplateException(line, $"the filter '{name}' is not supported");

    public static string Join(Arguments arguments, IEnumerable<object?> items, string separator)
    {
        string text = string.Join(separator, items.Select(PythonText.Str));
        arguments.Context.Spend(text.Length, arguments.Line);
        return text;
    }

    private static object? Value(Arguments arguments) => arguments.Positional[0];

    private static string Text(Arguments arguments) => PythonText.Str(Value(arguments));

    private static IEnumerable<object?> Items(Arguments arguments) => Operators.Iterate(Value(arguments), arguments.Line);

    private static object? Number(Arguments arguments) =>
        Operators.AsNumber(Value(arguments)) ?? throw arguments.Error($"expected a number, found {Operators.Kind(Value(arguments))}");

    private static long Length(Arguments arguments) =>
        Operators.Length(Value(arguments)) ?? throw arguments.Error($"{Operators.Kind(Value(arguments))} has no length");

    private static object? Default(Arguments arguments)
    {
        object? value = Value(arguments);
        bool isMissing = value is Undefined || (Operators.IsTrue(arguments.Get(2, "boolean")) && !Operators.IsTrue(value));
        return isMissing ? arguments.Get(1, "default_value", "") : value;
    }

    private static Sequence DictSort(Arguments arguments)
    {
        Mapping map = Value(arguments) as Mapping ?? throw arguments.Error($"'dictsort' of {Operators.Kind(Value(arguments))}");
        bool byValue = arguments.Get(2, "by") is "value", isCaseSensitive = Operators.IsTrue(arguments.Get(1, "case_sensitive"));
        IEnumerable<(object? Key, object? Value)> sorted = map.Entries.OrderBy(
            entry => Fold(byValue ? entry.Value : entry.Key, isCaseSensitive), Order(arguments));
        sorted = Operators.IsTrue(arguments.Get(3, "reverse")) ? sorted.Reverse() : sorted;
        return new Sequence(sorted.Select(entry => new Sequence([entry.Key, entry.Value], isTuple: true)));
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static object? Float(Arguments arguments) => Value(arguments) switch
    {
        bool or long or double => Operators.ToDouble(Number(arguments)!),
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
        _ => arguments.Get(1, "default", 0.0),
    };

    private static object? Int(Arguments arguments)
    {
        switch (Value(arguments))
        {
            case bool or long:
                return Number(arguments);
            case double number and > -9e18 and < 9e18:
                return (long)number;
            case string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole):
                return whole;
            case string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > -9e18 and < 9e18:
                return (long)number;
            default:
                return arguments.Get(1, "default", 0L);
        }
    }

    private static string Indent(Arguments arguments)
    {
        object? width = arguments.Get(1, "width", 4L);
        string indent = width as string ?? new string(' ', (int)Math.Clamp(width as long? ?? 4, 0, 1000));
        bool first = Operators.IsTrue(arguments.Get(2, "first")), blank = Operators.IsTrue(arguments.Get(3, "blank"));
        string[] lines = (Text(arguments) + "\n").Split('\n')[..^1];
        lines = [.. lines.Select((line, i) => (i > 0 || first) && (line.Length > 0 || blank) ? indent + line : line)];
        return Join(arguments, lines, "\n");
    }

    private static Sequence Map(Arguments arguments)
    {
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            return new Sequence(Items(arguments).Select(item => Path(item, attribute, arguments) is var found && found is Undefined && arguments.Named.TryGetValue("default", out object? absent) ? absent : found));
        }

        string name = arguments.Required(1, "filter", "map") as string ?? throw arguments.Error("'map' needs the name of a filter");
        Func<Arguments, object?> filter = Find(name, arguments.Line);
        return new Sequence(Items(arguments).Select(item => filter(arguments with { Positional = [item, .. arguments.Positional.Skip(2)] })));
    }

    private static Sequence Select(Arguments arguments, bool byMember, bool keeps)
    {
        int first = byMember ? 2 : 1;
        object? attribute = byMember ? arguments.Required(1, "attribute", "the filter") : null;
        string? test = arguments.Get(first, "test") as string;
        Func<Arguments, bool> holds = test is null ? static a => Operators.IsTrue(a.Positional[0]) : Tests.Find(test, arguments.Line);
        return new Sequence(Items(arguments).Where(item =>
        {
            object? value = byMember ? Path(item, attribute, arguments) : item;
            return holds(arguments with { Positional = [value, .. arguments.Positional.Skip(first + 1)] }) == keeps;
        }));
    }

    private static Sequence Sort(Arguments arguments)
    {
        bool isCaseSensitive = Operators.IsTrue(arguments.Get(2, "case_sensitive"));
        object? attribute = arguments.Get(3, "attribute");
        List<object?> sorted = [.. Items(arguments).OrderBy(item => Fold(attribute is null ? item : Path(item, attribute, arguments), isCaseSensitive), Order(arguments))];
        if (Operators.IsTrue(arguments.Get(1, "reverse")))
        {
            // reversed, yet stable, as Python's sort
            sorted = [.. Items(arguments).OrderByDescending(item => Fold(attribute is null ? item : Path(item, attribute, arguments), isCaseSensitive), Order(arguments))];
        }

        return new Sequence(sorted);
    }

    private static object? Sum(Arguments arguments)
    {
        object? attribute = arguments.Get(1, "attribute");
        return Items(arguments).Aggregate(
            arguments.Get(2, "start", 0L),
            (sum, item) => Operators.Arithmetic("+", sum, attribute is null ? item : Path(item, attribute, arguments), arguments.Context, arguments.Line));
    }

    private static object? Extreme(Arguments arguments, int sign)
    {
        object?[] items = [.. Items(arguments)];
        return items.Length == 0
            ? new Undefined("the greatest or least of nothing")
            : items.Aggregate((best, item) => sign * Order(arguments).Compare(Fold(item, false), Fold(best, false)) > 0 ? item : best);
    }

    // Transformers' own tojson: nothing escaped for HTML, nothing outside ASCII escaped.
    private static string ToJson(Arguments arguments)
    {
        string? indent = arguments.Get(2, "indent") switch
        {
            null => null,
            long width => new string(' ', (int)Math.Clamp(width, 0, 100)),
            string text => text,
            var other => throw arguments.Error($"'tojson': the indent is {Operators.Kind(other)}"),
        };
        if (Operators.IsTrue(arguments.Get(1, "ensure_ascii")))
        {
            throw arguments.Error("'tojson' with ensure_ascii is not supported");
        }

        Sequence? separators = arguments.Get(3, "separators") as Sequence;
        string item = separators is { Items: [string first, string] } ? first : indent is null ? ", " : ",";
        string key = separators is { Items: [string, string second] } ? second : ": ";
        string json = PythonText.Json(Value(arguments), indent, item, key, Operators.IsTrue(arguments.Get(4, "sort_keys")), arguments.Line);
        arguments.Context.Spend(json.Length, arguments.Line);
        return json;
    }

    // "a.b.0": members and items, one after another
    private static object? Path(object? item, object? attribute, Arguments arguments)
    {
        if (attribute is not string path)
        {
            return Members.OfItem(item, attribute, arguments.Line);
        }

        foreach (string part in path.Split('.'))
        {
            item = Members.OfItem(item, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long place) ? place : part, arguments.Line);
        }

        return item;
    }

    private static object? Fold(object? value, bool isCaseSensitive) => value is string text && !isCaseSensitive ? text.ToLowerInvariant() : value;

    private static Comparer<object?> Order(Arguments arguments) => Comparer<object?>.Create((a, b) =>
        Operators.Compare(a, b) ?? throw arguments.Error($"{Operators.Kind(a)} and {Operators.Kind(b)} have no order"));

    private static EqualityComparer<object?> UniqueComparer(Arguments arguments)
    {
        bool isCaseSensitive = Operators.IsTrue(arguments.Get(1, "case_sensitive"));
        return EqualityComparer<object?>.Create(
            (a, b) => Operators.AreEqual(Fold(a, isCaseSensitive), Fold(b, isCaseSensitive)),
            value => value is null ? 0 : ValueComparer.Instance.GetHashCode(Fold(value, isCaseSensitive)!));
    }
}
