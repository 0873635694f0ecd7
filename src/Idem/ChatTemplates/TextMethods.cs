// Python's methods of text.

using System.Text;

namespace Idem.ChatTemplates;

internal static class TextMethods
{
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        HashSet<Rune>? set = characters is null ? null : [.. characters.EnumerateRunes()];
        int start = 0, end = text.Length;
        while (left && start < end && IsIn(text, start, set, out int length))
        {
            start += length;
        }

        while (right && end > start)
        {
            int last = end - (char.IsLowSurrogate(text[end - 1]) && end - 2 >= start ? 2 : 1);
            if (!IsIn(text, last, set, out _))
            {
                break;
            }

            end = last;
        }

        return text[start..end];
    }

    public static Sequence Split(string text, string? separator, long splitsMax, bool fromRight, Arguments arguments)
    {
        if (separator?.Length == 0)
        {
            throw arguments.Error("'split': the separator is empty");
        }

        List<string> parts = separator is null ? Words(text, splitsMax, fromRight) : Parts(text, separator, splitsMax, fromRight);
        return new Sequence(parts);
    }

    public static Sequence SplitLines(string text, bool keepsEnds)
    {
        var lines = new List<object?>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or '\r' or '\v' or '\f' or (>= '\x1C' and <= '\x1E') or '\x85' or '\u2028' or '\u2029')
            {
                int end = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 2 : i + 1;
                lines.Add(text[start..(keepsEnds ? end : i)]);
                start = end;
                i = end - 1;
            }
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return new Sequence(lines);
    }

    public static object Any(Arguments arguments, Func<string, bool> holds) => arguments.Required(0, "prefix", "the method") switch
    {
        string part => holds(part),
        Sequence { IsTuple: true } parts => parts.Items.OfType<string>().Any(holds),
        var other => throw arguments.Error($"expected text or a tuple of texts, found {Operators.Kind(other)}"),
    };

    public static string Replace(string text, string old, string replacement, long count, Arguments arguments)
    {
        if (old.Length == 0)
        {
            throw arguments.Error("'replace' of the empty text is not supported");
        }

        var result = new StringBuilder();
        int done = 0;
        for (long i = 0; i != count; i++)
        {
            int place = text.IndexOf(old, done, StringComparison.Ordinal);
            if (place < 0)
            {
                break;
            }

            result.Append(text, done, place - done).Append(replacement);
            arguments.Context.Spend(result.Length - done, arguments.Line);
            done = place + old.Length;
        }

        return result.Append(text, done, text.Length - done).ToString();
    }

    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool isInside = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append((isInside ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune)).ToString());
            isInside = Rune.IsLetter(rune);
        }

        return result.ToString();
    }

    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        int length = char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
        return text[..length].ToUpperInvariant() + text[length..].ToLowerInvariant();
    }

    public static long Find(string text, int place) => place < 0 ? -1 : CodePoints.Count(text[..place]);

    public static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return CodePoints.Count(text) + 1;
        }

        long count = 0;
        for (int i = 0; (i = text.IndexOf(part, i, StringComparison.Ordinal)) >= 0; i += part.Length)
        {
            count++;
        }

        return count;
    }

    private static List<string> Parts(string text, string separator, long splitsMax, bool fromRight)
    {
        List<string> parts = [.. text.Split(separator)];
        long extra = splitsMax < 0 ? 0 : parts.Count - 1 - splitsMax;
        if (extra <= 0)
        {
            return parts;
        }

        int joined = (int)extra + 1, from = fromRight ? 0 : parts.Count - joined;
        string whole = string.Join(separator, parts.GetRange(from, joined));
        parts.RemoveRange(from, joined);
        parts.Insert(from, whole);
        return parts;
    }

    private static List<string> Words(string text, long splitsMax, bool fromRight)
    {
        var words = new List<string>();
        // With a limit, what is left keeps the white space at its far end.
        string rest = Strip(text, null, left: !fromRight || splitsMax < 0, right: fromRight || splitsMax < 0);
        while (rest.Length > 0)
        {
            int cut = -1;
            for (int i = 0; i < rest.Length && cut < 0; i++)
            {
                int at = fromRight ? rest.Length - 1 - i : i;
                cut = CodePoints.IsWhiteSpace(rest[at]) ? at : -1;
            }

            if (cut < 0 || words.Count == splitsMax)
            {
                words.Add(rest);
                break;
            }

            words.Add(fromRight ? rest[(cut + 1)..] : rest[..cut]);
            rest = fromRight
                ? Strip(rest[..cut], null, left: false, right: true)
                : Strip(rest[cut..], null, left: true, right: false);
        }

        if (fromRight)
        {
            words.Reverse();
        }

        return words;
    }

    private static bool IsIn(string text, int index, HashSet<Rune>? set, out int length)
    {
        Rune.DecodeFromUtf16(text.AsSpan(index), out Rune rune, out length);
        return set is null ? CodePoints.IsWhiteSpace(text[index]) : set.Contains(rune);
    }
}
