// Ends a text before the first of some strings: that which is complete first, and of those the longest, so that it does not matter in
// which parts the text comes. What might be the beginning of such a string is held back until the next part decides.

namespace Idem.Inference;

/// <summary>Looks for strings that end a text.</summary>
/// <param name="stops">The strings, compared by code unit; none is empty.</param>
public sealed class StopStrings(IReadOnlyList<string> stops)
{
    private static readonly (int Begin, int End) None = (int.MaxValue, int.MaxValue);

    private string _held = "";

    /// <summary>Whether one was found; the text ended before it.</summary>
    public bool Found { get; private set; }

    /// <summary>Adds a part of the text.</summary>
    /// <returns>What certainly belongs to the text.</returns>
    public string Append(string part)
    {
        if (Found)
        {
            return "";
        }

        string text = _held + part;
        (int Begin, int End) first = stops.Select(stop => Occurrence(text, stop)).DefaultIfEmpty(None).MinBy(found => ((long)found.End << 32) + found.Begin);
        if (first != None)
        {
            Found = true;
            _held = "";
            return text[..first.Begin];
        }

        int keep = stops.Select(stop => Overlap(text, stop)).DefaultIfEmpty(0).Max();
        _held = text[^keep..];
        return text[..^keep];
    }

    /// <summary>What was held back, when no more comes.</summary>
    public string Finish()
    {
        string rest = _held;
        _held = "";
        return rest;
    }

    private static (int Begin, int End) Occurrence(string text, string stop)
    {
        int index = text.IndexOf(stop, StringComparison.Ordinal);
        return index < 0 ? None : (index, index + stop.Length);
    }

    // The longest end of the text that begins the stop string.
    private static int Overlap(string text, string stop)
    {
        for (int length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
