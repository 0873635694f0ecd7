// What becomes of the matches when a text is cut at them, as in Hugging Face's library: with `-` as the pattern,
// "the-final--countdown" gives
//   Removed             the, final, countdown
//   Isolated            the, -, final, -, -, countdown
//   MergedWithPrevious  the-, final-, -, countdown
//   MergedWithNext      the, -final, -, -countdown
//   Contiguous          the, -, final, --, countdown

namespace Idem.Tokenizers;

internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>A stretch of a text, and whether it matched.</summary>
internal readonly record struct Stretch(int Start, int End, bool IsMatch);

internal static class SplitBehaviors
{
    public static SplitBehavior Read(JsonNode node) => node.Text() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var other => throw node.Unsupported($"the split behavior '{other}'"),
    };

    /// <summary>Cuts a text; the stretches cover it in order.</summary>
    public static void Cut(TracedText text, IEnumerable<Stretch> stretches, SplitBehavior behavior, List<TracedText> pieces)
    {
        int start = -1, end = -1; // the piece that may still grow
        bool wasMatch = false;
        foreach (Stretch stretch in stretches)
        {
            bool joins = behavior switch
            {
                SplitBehavior.Contiguous => stretch.IsMatch == wasMatch,
                SplitBehavior.MergedWithPrevious => stretch.IsMatch && !wasMatch,
                SplitBehavior.MergedWithNext => !stretch.IsMatch && wasMatch,
                _ => false,
            };
            if (start >= 0 && joins)
            {
                end = stretch.End;
            }
            else
            {
                Add(text, start, end, pieces);
                (start, end) = behavior == SplitBehavior.Removed && stretch.IsMatch ? (-1, -1) : (stretch.Start, stretch.End);
            }

            wasMatch = stretch.IsMatch;
        }

        Add(text, start, end, pieces);
    }

    /// <summary>The stretches of a text by a property of its characters; every matching character is a match of its own.</summary>
    public static IEnumerable<Stretch> ByCharacter(string text, Func<int, bool> isMatch)
    {
        int done = 0;
        for (int i = 0; i < text.Length;)
        {
            int length = Scanners.LengthAt(text, i);
            if (isMatch(length == 2 ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i]))
            {
                if (done < i)
                {
                    yield return new Stretch(done, i, false);
                }

                yield return new Stretch(i, i + length, true);
                done = i + length;
            }

            i += length;
        }

        if (done < text.Length)
        {
            yield return new Stretch(done, text.Length, false);
        }
    }

    /// <summary>The stretches of a text by the matches of a pattern.</summary>
    public static IEnumerable<Stretch> ByPattern(string text, TextPattern pattern, bool invert)
    {
        int done = 0;
        while (pattern.TryFind(text, done, out int start, out int end))
        {
            if (done < start)
            {
                yield return new Stretch(done, start, invert);
            }

            yield return new Stretch(start, end, !invert);
            done = end;
        }

        if (done < text.Length)
        {
            yield return new Stretch(done, text.Length, invert);
        }
    }

    private static void Add(TracedText text, int start, int end, List<TracedText> pieces)
    {
        if (end > start)
        {
            pieces.Add(text.Slice(start, end));
        }
    }
}
