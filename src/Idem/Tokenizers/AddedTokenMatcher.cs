// Cuts a text at added tokens: at each place the longest that begins there, from left to right, never overlapping. A match
// that its single_word flag rejects still counts as passed. Source: Hugging Face tokenizers, added_vocabulary.rs.

using System.Buffers;

namespace Idem.Tokenizers;

internal sealed class AddedTokenMatcher
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firstChars;

    /// <summary>A matcher for tokens, each under the spelling it has in the text that will be cut.</summary>
    public AddedTokenMatcher(IEnumerable<(string Spelling, AddedToken Token)> tokens)
    {
        foreach ((string spelling, AddedToken token) in tokens)
        {
            Node node = _root;
            foreach (char c in spelling)
            {
                node.Next.TryAdd(c, new Node());
                node = node.Next[c];
            }

            node.Token = token;
        }

        _firstChars = SearchValues.Create([.. _root.Next.Keys]);
    }

    /// <summary>The parts of a text in order: a token, or a stretch without any (Token is null). None is empty.</summary>
    public IEnumerable<(int Start, int End, AddedToken? Token)> Cut(string text)
    {
        int done = 0;
        int position = 0;
        while (Find(text, position) is { } match)
        {
            (int start, int end, AddedToken token) = match;
            position = end;
            if (token.SingleWord && (IsWordBefore(text, start) || IsWordAt(text, end)))
            {
                continue;
            }

            while (token.LeftStrip && start > done && CharacterClasses.Of(text[start - 1]).IsWhiteSpace())
            {
                start--;
            }

            while (token.RightStrip && end < text.Length && CharacterClasses.Of(text[end]).IsWhiteSpace())
            {
                end++;
            }

            // White space that the token before swallowed is not swallowed twice.
            start = Math.Max(start, done);
            if (start > done)
            {
                yield return (done, start, null);
            }

            yield return (start, end, token);
            done = end;
        }

        if (done < text.Length)
        {
            yield return (done, text.Length, null);
        }
    }

    private (int Start, int End, AddedToken Token)? Find(string text, int from)
    {
        for (int start = from; start < text.Length; start++)
        {
            int step = text.AsSpan(start).IndexOfAny(_firstChars);
            if (step < 0)
            {
                return null;
            }

            start += step;
            Node? node = _root;
            AddedToken? longest = null;
            int end = start;
            for (int i = start; i < text.Length && node.Next.TryGetValue(text[i], out node); i++)
            {
                if (node.Token is not null)
                {
                    longest = node.Token;
                    end = i + 1;
                }
            }

            if (longest is not null)
            {
                return (start, end, longest);
            }
        }

        return null;
    }

    private static bool IsWordBefore(string text, int end)
    {
        if (end == 0)
        {
            return false;
        }

        int start = end >= 2 && char.IsSurrogatePair(text, end - 2) ? end - 2 : end - 1;
        return CharacterClasses.At(text, start, out _).IsWord();
    }

    private static bool IsWordAt(string text, int start) =>
        start < text.Length && CharacterClasses.At(text, start, out _).IsWord();

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
