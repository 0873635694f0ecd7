// Members and items of values, and the methods that Python's text, lists and dictionaries have. What would change a list or a
// dictionary is refused, as Jinja's immutable sandbox refuses it.

using System.Globalization;

namespace Idem.ChatTemplates;

internal static class Members
{
    private static readonly HashSet<string> Changing = new(StringComparer.Ordinal)
    {
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "setdefault", "update", "popitem",
    };

    /// <summary><c>owner.name</c>: a method first, then an item.</summary>
    public static object? OfName(object? owner, string name, int line)
    {
        switch (owner)
        {
            case Undefined undefined:
                throw Operators.IsUndefined(undefined, line);
            case LoopState loop:
                return loop.Member(name, line);
            case Namespace space:
                return space.Members.TryGetValue(name, out object? member) ? member : new Undefined($"'{name}' of the namespace");
            case Mapping or Sequence when Changing.Contains(name):
                return owner is Mapping changed && changed.TryGet(name, out object? same) && name is not ("clear" or "pop" or "setdefault" or "update" or "popitem")
                    ? same
                    : throw new ChatTemplateException(line, $"'{name}' would change {Operators.Kind(owner)}: a template may not");
            default:
                return Method(owner, name) ?? (owner is Mapping map && map.TryGet(name, out object? item)
                    ? item
                    : new Undefined($"'{name}' of {Operators.Kind(owner)}"));
        }
    }

    /// <summary><c>owner[index]</c>: an item first, then a method.</summary>
    public static object? OfItem(object? owner, object? index, int line)
    {
        switch (owner, index)
        {
            case (Undefined undefined, _):
                throw Operators.IsUndefined(undefined, line);
            case (Mapping map, _) when map.TryGet(index, out object? value):
                return value;
            case (Sequence list, long place):
                place += place < 0 ? list.Items.Count : 0;
                return place >= 0 && place < list.Items.Count ? list.Items[(int)place] : new Undefined($"item {index} of a list of {list.Items.Count}");
            case (string text, long place):
                string[] characters = [.. CodePoints.Each(text)];
                place += place < 0 ? characters.Length : 0;
                return place >= 0 && place < characters.Length ? characters[place] : new Undefined($"character {index} of a text of {characters.Length}");
            case (_, string name):
                return OfName(owner, name, line);
            default:
                return new Undefined($"item {PythonText.Repr(index)} of {Operators.Kind(owner)}");
        }
    }

    private static Callable? Method(object? owner, string name)
    {
        Func<Arguments, object?>? method = owner switch
        {
            string text => OfText(text, name),
            Mapping map => OfMapping(map, name),
            Sequence list => OfSequence(list, name),
            _ => null,
        };
        return method is null ? null : new Callable(name, arguments =>
        {
            arguments.Context.Spend(Operators.Length(owner) ?? 0, arguments.Line);
            return method(arguments);
        });
    }

    private static Func<Arguments, object?>? OfMapping(Mapping map, string name) => name switch
    {
        "items" => _ => new Sequence(map.Entries.Select(entry => new Sequence([entry.Key, entry.Value], isTuple: true))),
        "keys" => _ => new Sequence(map.Entries.Select(entry => entry.Key)),
        "values" => _ => new Sequence(map.Entries.Select(entry => entry.Value)),
        "get" => arguments => map.TryGet(arguments.Required(0, "key", "get"), out object? value) ? value : arguments.Get(1, "default"),
        "copy" => _ => Copy(map),
        _ => null,
    };

    private static Mapping Copy(Mapping map)
    {
        var copy = new Mapping();
        map.Entries.ForEach(entry => copy[entry.Key] = entry.Value);
        return copy;
    }

    private static Func<Arguments, object?>? OfSequence(Sequence list, string name) => name switch
    {
        "count" => arguments => (long)list.Items.Count(item => Operators.AreEqual(item, arguments.Required(0, "value", "count"))),
        "index" => arguments => list.Items.FindIndex(item => Operators.AreEqual(item, arguments.Required(0, "value", "index"))) is >= 0 and var place
            ? (long)place
            : throw arguments.Error("'index': the list does not hold the value"),
        _ => null,
    };

    private static Func<Arguments, object?>? OfText(string text, string name) => name switch
    {
        "strip" => a => TextMethods.Strip(text, Optional(a, 0, "chars"), left: true, right: true),
        "lstrip" => a => TextMethods.Strip(text, Optional(a, 0, "chars"), left: true, right: false),
        "rstrip" => a => TextMethods.Strip(text, Optional(a, 0, "chars"), left: false, right: true),
        "split" => a => TextMethods.Split(text, Optional(a, 0, "sep"), a.Get(1, "maxsplit", -1L) as long? ?? -1, fromRight: false, a),
        "rsplit" => a => TextMethods.Split(text, Optional(a, 0, "sep"), a.Get(1, "maxsplit", -1L) as long? ?? -1, fromRight: true, a),
        "splitlines" => a => TextMethods.SplitLines(text, Operators.IsTrue(a.Get(0, "keepends"))),
        "startswith" => a => TextMethods.Any(a, part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => a => TextMethods.Any(a, part => text.EndsWith(part, StringComparison.Ordinal)),
        "replace" => a => TextMethods.Replace(text, Text(a, 0, "old"), Text(a, 1, "new"), a.Get(2, "count", -1L) as long? ?? -1, a),
        "upper" => _ => text.ToUpperInvariant(),
        "lower" => _ => text.ToLowerInvariant(),
        "title" => _ => TextMethods.Title(text),
        "capitalize" => _ => TextMethods.Capitalize(text),
        "join" => a => Filters.Join(a, Operators.Iterate(a.Required(0, "iterable", "join"), a.Line), text),
        "find" => a => TextMethods.Find(text, text.IndexOf(Text(a, 0, "sub"), StringComparison.Ordinal)),
        "rfind" => a => TextMethods.Find(text, text.LastIndexOf(Text(a, 0, "sub"), StringComparison.Ordinal)),
        "index" => a => TextMethods.Find(text, text.IndexOf(Text(a, 0, "sub"), StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : throw a.Error("'index': the text is not there"),
        "count" => a => TextMethods.Count(text, Text(a, 0, "sub")),
        "isdigit" => _ => text.Length > 0 && text.EnumerateRunes().All(rune => System.Text.Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber),
        "isalpha" => _ => text.Length > 0 && text.EnumerateRunes().All(System.Text.Rune.IsLetter),
        "isalnum" => _ => text.Length > 0 && text.EnumerateRunes().All(System.Text.Rune.IsLetterOrDigit),
        "isspace" => _ => text.Length > 0 && text.All(CodePoints.IsWhiteSpace),
        "isupper" => _ => text.EnumerateRunes().Any(System.Text.Rune.IsUpper) && !text.EnumerateRunes().Any(System.Text.Rune.IsLower),
        "islower" => _ => text.EnumerateRunes().Any(System.Text.Rune.IsLower) && !text.EnumerateRunes().Any(System.Text.Rune.IsUpper),
        "removeprefix" => a => text.StartsWith(Text(a, 0, "prefix"), StringComparison.Ordinal) ? text[Text(a, 0, "prefix").Length..] : text,
        "removesuffix" => a => text.EndsWith(Text(a, 0, "suffix"), StringComparison.Ordinal) ? text[..^Text(a, 0, "suffix").Length] : text,
        _ => null,
    };

    private static string Text(Arguments arguments, int place, string name) =>
        arguments.Required(place, name, "the method") as string ?? throw arguments.Error($"the argument '{name}' is not text");

    private static string? Optional(Arguments arguments, int place, string name) => arguments.Get(place, name) switch
    {
        null => null,
        string text => text,
        _ => throw arguments.Error($"the argument '{name}' is not text"),
    };
}
