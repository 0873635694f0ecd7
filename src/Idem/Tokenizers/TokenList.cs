// The tokens of a text as they are found: ids, and the stretches they stand for if somebody asked.

namespace Idem.Tokenizers;

internal sealed class TokenList(bool traced)
{
    public List<int> Ids { get; } = [];

    /// <summary>One stretch per id in UTF-16 units: of the piece while a model works on it, then of the text as given.</summary>
    public List<(int Start, int End)>? Spans { get; } = traced ? [] : null;

    /// <summary>The text of each added token by its place in the list, white space it swallowed included; only where traced.</summary>
    public Dictionary<int, string> AddedTexts { get; } = [];

    public void Add(int id, int start, int end)
    {
        Ids.Add(id);
        Spans?.Add((start, end));
    }

    /// <summary>Takes back all tokens but the first ones.</summary>
    public void Truncate(int count)
    {
        Ids.RemoveRange(count, Ids.Count - count);
        Spans?.RemoveRange(count, Spans.Count - count);
    }
}
