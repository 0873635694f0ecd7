// Decoders that rewrite the text of one token at a time.

namespace Idem.Tokenizers;

/// <summary>Metaspace's way back: the replacement character is a blank, or nothing in the first token if one was put there.</summary>
internal sealed class MetaspaceDecoder(Metaspace settings) : IDecoder
{
    public const string Type = Metaspace.Type;

    public ITokenStream Start(ITokenStream next) => new Stream(next, settings);

    public void Write(JsonText json) => settings.Write(json);

    private sealed class Stream(ITokenStream next, Metaspace settings) : ITokenStream
    {
        private bool _isFirst = true;

        public void Text(string part) => next.Text(part.Replace(
            settings.Replacement, _isFirst && settings.Scheme != PrependScheme.Never ? "" : " ", StringComparison.Ordinal));

        public void EndToken()
        {
            _isFirst = false;
            next.EndToken();
        }

        public void End() => next.End();
    }
}

/// <summary>Puts a text in the place of every match of a pattern.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : IDecoder
{
    public const string Type = ReplaceNormalizer.Type;

    public ITokenStream Start(ITokenStream next) => new Stream(next, pattern, content);

    public void Write(JsonText json) => ReplaceNormalizer.WriteSettings(json, pattern, content);

    public static ReplaceDecoder Read(JsonNode node) => new(TextPattern.Read(node.Required("pattern")), node.Text("content"));

    private sealed class Stream(ITokenStream next, TextPattern pattern, string content) : WholeTokenStream(next)
    {
        protected override void Take(string token) =>
            Emit(ReplaceNormalizer.Apply(TracedText.Of(token, traced: false), pattern, content).Text);
    }
}

/// <summary>Takes up to so many of one character off the start and the end of every token.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : IDecoder
{
    public const string Type = "Strip";

    public ITokenStream Start(ITokenStream next) =>
        stop == 0 ? new StartStream(next, content, start) : new WholeStream(next, content, start, stop);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("content", content);
        json.Member("start", start);
        json.Member("stop", stop);
        json.EndObject();
    }

    public static StripDecoder Read(JsonNode node) =>
        new(node.Required("content").Character(), node.Required("start").Id(), node.Required("stop").Id());

    /// <summary>Needs no end of the token, so that the text of one endless token still streams.</summary>
    private sealed class StartStream(ITokenStream next, string content, int start) : ITokenStream
    {
        private int _cut; // so many of this token are gone; int.MaxValue: another character has come

        public void Text(string part)
        {
            int cut = 0;
            while (_cut < start && cut < part.Length)
            {
                bool isContent = part.AsSpan(cut).StartsWith(content, StringComparison.Ordinal);
                cut += isContent ? content.Length : 0;
                _cut = isContent ? _cut + 1 : int.MaxValue;
            }

            next.Text(part[cut..]);
        }

        public void EndToken()
        {
            _cut = 0;
            next.EndToken();
        }

        public void End() => next.End();
    }

    private sealed class WholeStream(ITokenStream next, string content, int start, int stop) : WholeTokenStream(next)
    {
        protected override void Take(string token)
        {
            int from = 0, to = token.Length;
            for (int i = 0; i < start && token.AsSpan(from).StartsWith(content, StringComparison.Ordinal); i++)
            {
                from += content.Length;
            }

            for (int i = 0; i < stop && to > from && token.AsSpan(from, to - from).EndsWith(content, StringComparison.Ordinal); i++)
            {
                to -= content.Length;
            }

            Emit(token[from..to]);
        }
    }
}

/// <summary>The first BPE's way back: the mark at the end of a word becomes a blank, but for the last token's.</summary>
internal sealed class BpeDecoder(string suffix) : IDecoder
{
    public const string Type = "BPEDecoder";

    public ITokenStream Start(ITokenStream next) => new Stream(next, suffix);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("suffix", suffix);
        json.EndObject();
    }

    public static BpeDecoder Read(JsonNode node) =>
        node.Text("suffix") is { Length: > 0 } suffix ? new BpeDecoder(suffix) : throw node.Error("the suffix is empty.");

    private sealed class Stream(ITokenStream next, string suffix) : WholeTokenStream(next)
    {
        private string? _held;

        public override void End()
        {
            if (_held is not null)
            {
                Emit(_held.Replace(suffix, "", StringComparison.Ordinal));
            }

            Next.End();
        }

        protected override void Take(string token)
        {
            if (_held is not null)
            {
                Emit(_held.Replace(suffix, " ", StringComparison.Ordinal));
            }

            _held = token;
        }
    }
}
