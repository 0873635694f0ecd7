// The functions every template may call.

using System.Globalization;
using System.Text;

namespace Idem.ChatTemplates;

internal static class Functions
{
    public static readonly IReadOnlyList<Callable> All =
    [
        new("raise_exception", arguments => throw arguments.Error(PythonText.Str(arguments.Required(0, "message", "raise_exception")))),
        new("strftime_now", arguments => FormatTime(
            arguments.Context.Now, arguments.Required(0, "format", "strftime_now") as string ?? throw arguments.Error("strftime_now needs a text"), arguments)),
        new("range", Range),
        new("namespace", MakeNamespace),
        new("dict", MakeDict),
    ];

    private static Sequence Range(Arguments arguments)
    {
        long[] bounds = [.. arguments.Positional.Select(bound => bound as long? ?? throw arguments.Error("'range' needs whole numbers"))];
        (long start, long stop, long step) = bounds switch
        {
            [var only] => (0, only, 1),
            [var from, var to] => (from, to, 1),
            [var from, var to, var by and not 0] => (from, to, by),
            _ => throw arguments.Error("'range' needs one to three numbers, the third not 0"),
        };
        Int128 count = Int128.Max(0, ((Int128)stop - start + step - long.Sign(step)) / step);
        if (count > arguments.Context.RangeMax)
        {
            throw arguments.Error($"'range' gives more than {arguments.Context.RangeMax} numbers");
        }

        arguments.Context.Spend(8 * (long)count, arguments.Line);
        return new Sequence(Enumerable.Range(0, (int)count).Select(i => (object?)(start + (i * step))));
    }

    private static Namespace MakeNamespace(Arguments arguments)
    {
        var space = new Namespace();
        if (arguments.Positional is [Mapping first])
        {
            first.Entries.ForEach(entry => space.Members[PythonText.Str(entry.Key)] = entry.Value);
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            space.Members[name] = value;
        }

        return space;
    }

    private static Mapping MakeDict(Arguments arguments)
    {
        var map = new Mapping();
        if (arguments.Positional is [Mapping first])
        {
            first.Entries.ForEach(entry => map[entry.Key] = entry.Value);
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            map[name] = value;
        }

        return map;
    }

    private static string FormatTime(DateTime now, string format, Arguments arguments)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            bool isBare = format[++i] == '-' && i + 1 < format.Length;
            string part = TimePart(now, format[isBare ? ++i : i], arguments);
            text.Append(isBare && part.Length > 1 ? part.TrimStart('0') is { Length: > 0 } bare ? bare : "0" : part);
        }

        return text.ToString();
    }

    private static string TimePart(DateTime now, char code, Arguments arguments)
    {
        string? net = code switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'H' => "HH",
            'I' => "hh",
            'm' => "MM",
            'M' => "mm",
            'p' => "tt",
            'S' => "ss",
            'y' => "yy",
            'Y' => "yyyy",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            'D' => "MM/dd/yy",
            _ => null,
        };
        return net is not null ? now.ToString(net, CultureInfo.InvariantCulture)
            : code == '%' ? "%"
            : code == 'j' ? now.DayOfYear.ToString("000", CultureInfo.InvariantCulture)
            : throw arguments.Error($"strftime_now: '%{code}' is not supported");
    }
}
