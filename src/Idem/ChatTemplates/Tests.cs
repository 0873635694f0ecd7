// Tests by name, what stands behind `is`. Unknown ones are refused when the template is read.

namespace Idem.ChatTemplates;

internal static class Tests
{
    private static readonly Dictionary<string, Func<Arguments, bool>> All = new(StringComparer.Ordinal)
    {
        ["boolean"] = a => Value(a) is bool,
        ["callable"] = a => Value(a) is Callable,
        ["defined"] = a => Value(a) is not Undefined,
        ["divisibleby"] = a => Operators.Arithmetic("%", Value(a), Second(a), a.Context, a.Line) is 0L,
        ["eq"] = a => Operators.AreEqual(Value(a), Second(a)),
        ["equalto"] = a => Operators.AreEqual(Value(a), Second(a)),
        ["=="] = a => Operators.AreEqual(Value(a), Second(a)),
        ["!="] = a => !Operators.AreEqual(Value(a), Second(a)),
        ["ne"] = a => !Operators.AreEqual(Value(a), Second(a)),
        ["even"] = a => Operators.Arithmetic("%", Value(a), 2L, a.Context, a.Line) is 0L,
        ["odd"] = a => Operators.Arithmetic("%", Value(a), 2L, a.Context, a.Line) is 1L,
        ["false"] = a => Value(a) is false,
        ["true"] = a => Value(a) is true,
        ["float"] = a => Value(a) is double,
        ["integer"] = a => Value(a) is long,
        ["number"] = a => Value(a) is bool or long or double,
        ["string"] = a => Value(a) is string,
        ["in"] = a => Operators.Contains(Value(a), Second(a), a.Line),
        ["iterable"] = a => Value(a) is string or Sequence or Mapping or Undefined,
        ["sequence"] = a => Value(a) is string or Sequence or Mapping or Undefined,
        ["mapping"] = a => Value(a) is Mapping,
        ["lower"] = a => Value(a) is string text && text.Any(char.IsLetter) && !text.Any(char.IsUpper),
        ["upper"] = a => Value(a) is string text && text.Any(char.IsLetter) && !text.Any(char.IsLower),
        ["none"] = a => Value(a) is null,
        ["sameas"] = a => Value(a) is null or bool or long or double or string ? Operators.AreEqual(Value(a), Second(a)) : ReferenceEquals(Value(a), Second(a)),
        ["undefined"] = a => Value(a) is Undefined,
        ["<"] = a => Order(a) < 0,
        ["lt"] = a => Order(a) < 0,
        ["lessthan"] = a => Order(a) < 0,
        ["<="] = a => Order(a) <= 0,
        ["le"] = a => Order(a) <= 0,
        [">"] = a => Order(a) > 0,
        ["gt"] = a => Order(a) > 0,
        ["greaterthan"] = a => Order(a) > 0,
        [">="] = a => Order(a) >= 0,
        ["ge"] = a => Order(a) >= 0,
    };

    /// <summary>The test of a name.</summary>
    public static Func<Arguments, bool> Find(string name, int line) => All.TryGetValue(name, out Func<Arguments, bool>? test)
        ? test
        : throw new ChatTemplateException(line, $"the test '{name}' is not supported");

    private static object? Value(Arguments arguments) => arguments.Positional[0];

    private static object? Second(Arguments arguments) => arguments.Required(1, "other", "the test");

    private static int Order(Arguments arguments) => Operators.Compare(Value(arguments), Second(arguments))
        ?? throw arguments.Error($"{Operators.Kind(Value(arguments))} and {Operators.Kind(Second(arguments))} have no order");
}
