// Last stage: tokens back to text. A decoder is a step of a stream: tokens go in as their text, in parts, and a mark at the end of
// each; what comes out is the same. Decoding a list is the stream run over all of it, so both always agree. A part never
// begins or ends within a character. A file without a decoder joins its tokens with blanks, as Hugging Face's library does.

namespace Idem.Tokenizers;

internal interface IDecoder
{
    /// <summary>A step that hands on to <paramref name="next"/>.</summary>
    ITokenStream Start(ITokenStream next);

    void Write(JsonText json);

    static IDecoder Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelDecoder.Type => new ByteLevelDecoder(ByteLevel.Read(node)),
        ByteFallbackDecoder.Type => new ByteFallbackDecoder(),
        FuseDecoder.Type => new FuseDecoder(),
        MetaspaceDecoder.Type => new MetaspaceDecoder(Metaspace.Read(node)),
        WordPieceDecoder.Type => WordPieceDecoder.Read(node),
        ReplaceDecoder.Type => ReplaceDecoder.Read(node),
        StripDecoder.Type => StripDecoder.Read(node),
        BpeDecoder.Type => BpeDecoder.Read(node),
        CtcDecoder.Type => CtcDecoder.Read(node),
        SequenceDecoder.Type => SequenceDecoder.Read(node),
        var type => throw node.Unsupported($"the decoder '{type}'"),
    };
}

internal interface ITokenStream
{
    /// <summary>A part of the present token's text.</summary>
    void Text(string part);

    /// <summary>The present token is whole.</summary>
    void EndToken();

    /// <summary>There are no more tokens.</summary>
    void End();
}

/// <summary>A step that needs each token whole.</summary>
internal abstract class WholeTokenStream(ITokenStream next) : ITokenStream
{
    private readonly System.Text.StringBuilder _token = new();

    protected ITokenStream Next { get; } = next;

    public void Text(string part) => _token.Append(part);

    public void EndToken()
    {
        string token = _token.ToString();
        _token.Clear();
        Take(token);
    }

    public virtual void End() => Next.End();

    protected abstract void Take(string token);

    protected void Emit(string token)
    {
        Next.Text(token);
        Next.EndToken();
    }
}
