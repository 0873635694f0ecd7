// Values as Python writes them: str(), repr() and json.dumps().

using System.Globalization;
using System.Text;

namespace Idem.ChatTemplates;

internal static class PythonText
{
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value),
    };

    public static string Repr(object? value)
    {
        var text = new StringBuilder();
        AppendRepr(text, value);
        return text.ToString();
    }

    /// <summary>json.dumps with ensure_ascii off; indent null: one line.</summary>
    public static string Json(object? value, string? indent, string itemSeparator, string keySeparator, bool sortKeys, int line)
    {
        var text = new StringBuilder();
        new JsonDump(text, indent, itemSeparator, keySeparator, sortKeys, line).Append(value, 0);
        return text.ToString();
    }

    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int mark = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (mark < 0 && Math.Abs(value) < 1e16)
        {
            return text.Contains('.', StringComparison.Ordinal) ? text : text + ".0";
        }

        if (mark < 0)
        {
            // digits without a point: Python has an exponent from 1e16 on
            string digits = text.TrimStart('-'), figures = digits.TrimEnd('0');
            string mantissa = figures.Length > 1 ? $"{figures[0]}.{figures[1..]}" : figures;
            return $"{(value < 0 ? "-" : "")}{mantissa}e+{(digits.Length - 1).ToString(CultureInfo.InvariantCulture)}";
        }

        if (exponent is >= -4 and < 16)
        {
            string plain = value.ToString("F20", CultureInfo.InvariantCulture).TrimEnd('0');
            return plain.EndsWith('.') ? plain + "0" : plain;
        }

        return $"{text[..mark]}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
    }

    private static void AppendRepr(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool flag:
                text.Append(flag ? "True" : "False");
                break;
            case long number:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                text.Append(Number(number));
                break;
            case string quoted:
                AppendQuoted(text, quoted);
                break;
            case Sequence list:
                AppendList(text, list);
                break;
            case Mapping map:
                AppendMap(text, map);
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            default:
                text.Append('<').Append(Operators.Kind(value)).Append('>');
                break;
        }
    }

    private static void AppendList(StringBuilder text, Sequence list)
    {
        text.Append(list.IsTuple ? '(' : '[');
        for (int i = 0; i < list.Items.Count; i++)
        {
            text.Append(i > 0 ? ", " : "");
            AppendRepr(text, list.Items[i]);
        }

        text.Append(list.IsTuple && list.Items.Count == 1 ? "," : "").Append(list.IsTuple ? ')' : ']');
    }

    private static void AppendMap(StringBuilder text, Mapping map)
    {
        text.Append('{');
        for (int i = 0; i < map.Entries.Count; i++)
        {
            text.Append(i > 0 ? ", " : "");
            AppendRepr(text, map.Entries[i].Key);
            text.Append(": ");
            AppendRepr(text, map.Entries[i].Value);
        }

        text.Append('}');
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
        {
            int code = rune.Value;
            if (code == quote || code == '\\')
            {
                text.Append('\\').Append((char)code);
            }
            else if (code is '\n' or '\r' or '\t')
            {
                text.Append('\\').Append(code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
            }
            else if (IsPrintable(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                string digits = code.ToString(code < 0x100 ? "x2" : code < 0x10000 ? "x4" : "x8", CultureInfo.InvariantCulture);
                text.Append(code < 0x100 ? "\\x" : code < 0x10000 ? "\\u" : "\\U").Append(digits);
            }
        }

        text.Append(quote);
    }

    private static bool IsPrintable(Rune rune) => rune.Value is >= ' ' and < 0x7F || (rune.Value >= 0xA1 && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator));

    private sealed class JsonDump(StringBuilder text, string? indent, string itemSeparator, string keySeparator, bool sortKeys, int line)
    {
        public void Append(object? value, int depth)
        {
            switch (value)
            {
                case null:
                    text.Append("null");
                    break;
                case bool flag:
                    text.Append(flag ? "true" : "false");
                    break;
                case long number:
                    text.Append(number.ToString(CultureInfo.InvariantCulture));
                    break;
                case double number:
                    text.Append(double.IsFinite(number) ? Number(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                    break;
                case string quoted:
                    AppendString(quoted);
                    break;
                case Sequence list:
                    AppendAll('[', ']', list.Items, depth, item => Append(item, depth + 1));
                    break;
                case Mapping map:
                    IEnumerable<(object? Key, object? Value)> entries = map.Entries;
                    if (sortKeys)
                    {
                        entries = map.Entries.OrderBy(entry => entry.Key, Comparer<object?>.Create((a, b) => Operators.Compare(a, b)
                            ?? throw new ChatTemplateException(line, "tojson cannot sort keys of different kinds")));
                    }

                    AppendAll('{', '}', [.. entries], depth, entry => AppendEntry(entry.Key, entry.Value, depth));
                    break;
                default:
                    throw new ChatTemplateException(line, $"tojson cannot write {Operators.Kind(value)}");
            }
        }

        private void AppendEntry(object? key, object? value, int depth)
        {
            AppendString(key switch
            {
                string name => name,
                null => "null",
                bool flag => flag ? "true" : "false",
                long or double => Repr(key),
                _ => throw new ChatTemplateException(line, $"tojson cannot write {Operators.Kind(key)} as a key"),
            });
            text.Append(keySeparator);
            Append(value, depth + 1);
        }

        private void AppendAll<T>(char open, char close, List<T> items, int depth, Action<T> append)
        {
            text.Append(open);
            for (int i = 0; i < items.Count; i++)
            {
                text.Append(i > 0 ? itemSeparator : "");
                NewLine(depth + 1);
                append(items[i]);
            }

            if (items.Count > 0)
            {
                NewLine(depth);
            }

            text.Append(close);
        }

        private void NewLine(int depth)
        {
            if (indent is not null)
            {
                text.Append('\n');
                for (int i = 0; i < depth; i++)
                {
                    text.Append(indent);
                }
            }
        }

        private void AppendString(string value)
        {
            text.Append('"');
            foreach (char c in value)
            {
                _ = c switch
                {
                    '"' => text.Append("\\\""),
                    '\\' => text.Append("\\\\"),
                    '\n' => text.Append("\\n"),
                    '\r' => text.Append("\\r"),
                    '\t' => text.Append("\\t"),
                    '\f' => text.Append("\\f"),
                    '\b' => text.Append("\\b"),
                    < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                    _ => text.Append(c),
                };
            }

            text.Append('"');
        }
    }
}
