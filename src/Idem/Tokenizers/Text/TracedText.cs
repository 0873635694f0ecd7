// A text on its way through the stages: what it has become, and, if somebody asked for offsets, which part of the text as
// given each of its UTF-16 units stands for. Parts follow the rules of Hugging Face's NormalizedString: a character put in
// shares the part of the one before it, one that replaces others has the part of the first of them.

namespace Idem.Tokenizers;

internal sealed class TracedText
{
    private readonly int[]? _starts;
    private readonly int[]? _ends;

    internal TracedText(string text, int[]? starts, int[]? ends)
    {
        Text = text;
        _starts = starts;
        _ends = ends;
    }

    public string Text { get; }

    public bool IsTraced => _starts is not null;

    /// <summary>Whether the first character stands for the first of the text as given; only where traced.</summary>
    public bool IsAtBeginning => _starts is null or [] or [0, ..];

    /// <summary>The text as given, not yet changed.</summary>
    public static TracedText Of(string text, bool traced)
    {
        if (!traced)
        {
            return new TracedText(text, null, null);
        }

        int[] starts = new int[text.Length], ends = new int[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            bool isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length;
            starts[i] = i;
            ends[i] = isPair ? i + 2 : i + 1;
            if (isPair)
            {
                (starts[i + 1], ends[i + 1]) = (i, i + 2);
                i++;
            }
        }

        return new TracedText(text, starts, ends);
    }

    /// <summary>A part; <paramref name="start"/> and <paramref name="end"/> must not cut a surrogate pair.</summary>
    public TracedText Slice(int start, int end) =>
        start == 0 && end == Text.Length ? this : new TracedText(Text[start..end], _starts?[start..end], _ends?[start..end]);

    /// <summary>The part of the text as given, in UTF-16 units, that a stretch of this text stands for.</summary>
    public (int Start, int End) Origin(int start, int end) =>
        _starts is null || end <= start ? (0, 0) : (_starts[start], _ends![end - 1]);

    internal (int Start, int End) PartOf(int unit) => (_starts![unit], _ends![unit]);
}
