// WordPiece's way back: a continuation loses its prefix, any other token but the first gets a blank in front; then the blanks
// before punctuation go.

namespace Idem.Tokenizers;

internal sealed class WordPieceDecoder(string prefix, bool cleanup) : IDecoder
{
    public const string Type = "WordPiece";

    // In this order, as Hugging Face's library has them.
    private static readonly (string Old, string New)[] Cleanups =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public ITokenStream Start(ITokenStream next) => new Stream(next, prefix, cleanup);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("prefix", prefix);
        json.Member("cleanup", cleanup);
        json.EndObject();
    }

    public static WordPieceDecoder Read(JsonNode node) => new(node.Text("prefix"), node.Required("cleanup").Flag());

    internal static string Clean(string token)
    {
        foreach ((string before, string after) in Cleanups)
        {
            token = token.Replace(before, after, StringComparison.Ordinal);
        }

        return token;
    }

    private sealed class Stream(ITokenStream next, string prefix, bool cleanup) : WholeTokenStream(next)
    {
        private bool _isFirst = true;

        protected override void Take(string token)
        {
            if (!_isFirst)
            {
                token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            }

            _isFirst = false;
            Emit(cleanup ? Clean(token) : token);
        }
    }
}

/// <summary>Speech models (connectionist temporal classification): repeated tokens are one, pads go, a mark parts words.</summary>
internal sealed class CtcDecoder(string pad, string wordDelimiter, bool cleanup) : IDecoder
{
    public const string Type = "CTC";

    public ITokenStream Start(ITokenStream next) => new Stream(next, pad, wordDelimiter, cleanup);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("pad_token", pad);
        json.Member("word_delimiter_token", wordDelimiter);
        json.Member("cleanup", cleanup);
        json.EndObject();
    }

    public static CtcDecoder Read(JsonNode node)
    {
        string pad = node.Text("pad_token"), delimiter = node.Text("word_delimiter_token");
        return pad.Length > 0 && delimiter.Length > 0
            ? new CtcDecoder(pad, delimiter, node.Required("cleanup").Flag())
            : throw node.Error("the pad token or the word delimiter is empty.");
    }

    private sealed class Stream(ITokenStream next, string pad, string wordDelimiter, bool cleanup) : WholeTokenStream(next)
    {
        private string? _last;

        protected override void Take(string token)
        {
            bool isRepeated = token == _last;
            _last = token;
            string text = token.Replace(pad, "", StringComparison.Ordinal);
            text = cleanup ? WordPieceDecoder.Clean(text).Replace(wordDelimiter, " ", StringComparison.Ordinal) : text;
            if (!isRepeated && text.Length > 0)
            {
                Emit(text);
            }
        }
    }
}
