// The way of a text through the stages. Added tokens are cut out of the text as given, then out of each normalized part; what
// is left is pre-tokenized and tokenized, and the post-processor's slots are filled.

namespace Idem.Tokenizers;

internal sealed class TextEncoder
{
    private readonly TokenizerStages _stages;
    private readonly AddedTokenMatcher _asGiven;
    private readonly AddedTokenMatcher _asNormalized;
    private readonly bool _alwaysTraces;

    public TextEncoder(TokenizerStages stages, IReadOnlyList<AddedToken> addedTokens)
    {
        _stages = stages;
        _alwaysTraces = stages.PreTokenizer?.NeedsTrace ?? false;
        _asGiven = new(addedTokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _asNormalized = new(addedTokens.Where(t => t.Normalized).Select(t => (Normalize(t.Content), t)));
    }

    public string Normalize(string text) => Normalize(TracedText.Of(text, traced: false)).Text;

    public int[] Ids(string text, bool addSpecialTokens)
    {
        List<int> ids = Tokens(text, traced: _alwaysTraces).Ids;
        if (!addSpecialTokens || _stages.PostProcessor?.Single is not { } slots)
        {
            return [.. ids];
        }

        return [.. slots.SelectMany(slot => slot.Text is null ? slot.Ids : ids)];
    }

    public TokenEncoding Encoding(string text, string? pair, bool addSpecialTokens, string[] vocabulary)
    {
        var result = new EncodingBuilder();
        string[] texts = pair is null ? [text] : [text, pair];
        TokenList[] tokens = [.. texts.Select(each => Tokens(each, traced: true))];
        List<TokenOffsets>[] offsets = [.. texts.Zip(tokens, (each, found) => Offsets(each, found, vocabulary))];
        IReadOnlyList<Slot> slots = (pair is null ? _stages.PostProcessor?.Single : _stages.PostProcessor?.Pair)
            ?? (pair is null ? [new Slot(0, [], 0)] : [new Slot(0, [], 0), new Slot(1, [], 1)]);
        foreach (Slot slot in slots)
        {
            if (slot.Text is { } which)
            {
                result.AddText(tokens[which].Ids, offsets[which], slot.TypeId);
            }
            else if (addSpecialTokens)
            {
                result.AddSpecial(slot.Ids, slot.TypeId);
            }
        }

        return result.ToEncoding();
    }

    private TokenList Tokens(string text, bool traced)
    {
        ArgumentNullException.ThrowIfNull(text);
        WellFormed.Check(text);
        var tokens = new TokenList(traced);
        TracedText whole = TracedText.Of(text, traced);
        foreach ((int start, int end, AddedToken? token) in _asGiven.Cut(text))
        {
            TracedText part = whole.Slice(start, end);
            if (token is not null)
            {
                AddWhole(token, part, tokens);
                continue;
            }

            TracedText normalized = Normalize(part);
            foreach ((int from, int to, AddedToken? found) in _asNormalized.Cut(normalized.Text))
            {
                TracedText piece = normalized.Slice(from, to);
                if (found is not null)
                {
                    AddWhole(found, piece, tokens);
                }
                else
                {
                    AddPlain(piece, tokens, text.AsSpan(0, start), normalized.Text.AsSpan(0, from));
                }
            }
        }

        return tokens;
    }

    private TracedText Normalize(TracedText text) => _stages.Normalizer?.Normalize(text) ?? text;

    private static void AddWhole(AddedToken token, TracedText part, TokenList tokens)
    {
        (int start, int end) = part.Origin(0, part.Text.Length);
        if (tokens.Spans is not null)
        {
            tokens.AddedTexts.Add(tokens.Ids.Count, part.Text);
        }

        tokens.Add(token.Id, start, end);
    }

    private void AddPlain(TracedText text, TokenList tokens, ReadOnlySpan<char> before, ReadOnlySpan<char> beforeNormalized)
    {
        var pieces = new List<TracedText>();
        if (_stages.PreTokenizer is null)
        {
            pieces.Add(text);
        }
        else
        {
            _stages.PreTokenizer.PreTokenize(text, pieces);
        }

        foreach (TracedText piece in pieces)
        {
            int first = tokens.Ids.Count;
            if (!_stages.Model.Tokenize(piece.Text, tokens))
            {
                throw Unknown(
                    piece.Text, text.Text, WellFormed.CountCodePoints(before) + WellFormed.CountCodePoints(beforeNormalized));
            }

            for (int i = first; i < tokens.Spans?.Count; i++)
            {
                tokens.Spans[i] = piece.Origin(tokens.Spans[i].Start, tokens.Spans[i].End);
            }
        }
    }

    // Spans count UTF-16 units, offsets count characters.
    private List<TokenOffsets> Offsets(string text, TokenList tokens, string[] vocabulary)
    {
        int[] characterAt = new int[text.Length + 1];
        for (int i = 0; i < text.Length; i++)
        {
            characterAt[i + 1] = characterAt[i] + (char.IsHighSurrogate(text[i]) ? 0 : 1);
        }

        var offsets = new List<TokenOffsets>(tokens.Ids.Count);
        for (int i = 0; i < tokens.Ids.Count; i++)
        {
            (int start, int end) = (characterAt[tokens.Spans![i].Start], characterAt[tokens.Spans[i].End]);
            if (_stages.PostProcessor?.Trim is { } trim)
            {
                (start, end) = trim.Apply(tokens.AddedTexts.GetValueOrDefault(i) ?? vocabulary[tokens.Ids[i]], (start, end), isFirst: i == 0);
            }

            offsets.Add(new TokenOffsets(start, end));
        }

        return offsets;
    }

    // The first place of an unknown piece is the place that failed; a piece respelled in the byte alphabet has no place.
    private static TokenizationException Unknown(string piece, string text, int position)
    {
        int index = text.IndexOf(piece, StringComparison.Ordinal);
        position += index > 0 ? WellFormed.CountCodePoints(text.AsSpan(0, index)) : 0;
        string codes = string.Join(' ', piece.EnumerateRunes().Take(8).Select(rune => $"U+{rune.Value:X4}"));
        return new TokenizationException(
            piece,
            position,
            $"The vocabulary has no token for '{piece}' ({codes}) at character {position} of the text. " +
            "Remove or replace it, or train a tokenizer on text that contains it.");
    }

    private sealed class EncodingBuilder
    {
        private readonly List<int> _ids = [], _typeIds = [], _specials = [];
        private readonly List<TokenOffsets> _offsets = [];

        public void AddText(List<int> ids, List<TokenOffsets> offsets, int typeId)
        {
            _ids.AddRange(ids);
            _offsets.AddRange(offsets);
            Fill(ids.Count, typeId, special: 0);
        }

        public void AddSpecial(IReadOnlyList<int> ids, int typeId)
        {
            _ids.AddRange(ids);
            _offsets.AddRange(ids.Select(_ => default(TokenOffsets)));
            Fill(ids.Count, typeId, special: 1);
        }

        public TokenEncoding ToEncoding() => new(_ids, _typeIds, _offsets, _specials);

        private void Fill(int count, int typeId, int special)
        {
            _typeIds.AddRange(Enumerable.Repeat(typeId, count));
            _specials.AddRange(Enumerable.Repeat(special, count));
        }
    }
}
