// Last stage: tokens back to text. A decoder is a stream; decoding a list is the stream run over all of it, so both always
// agree. A file without a decoder joins its tokens with blanks, as Hugging Face's library does.

using System.Text;

namespace Idem.Tokenizers;

internal interface IDecoder
{
    IDecoderStream Start();

    void Write(JsonText json);

    static IDecoder Read(JsonNode node) => node.Text("type") switch
    {
        ByteLevelDecoder.Type => ByteLevelDecoder.Read(node),
        FuseDecoder.Type => new FuseDecoder(),
        var type => throw node.Unsupported($"the decoder '{type}'"),
    };
}

internal interface IDecoderStream
{
    /// <summary>Appends the text that this token completes; never a part of a character.</summary>
    void Append(string token, StringBuilder text);

    /// <summary>Appends what is still held back.</summary>
    void Finish(StringBuilder text);
}

internal sealed class FuseDecoder : IDecoder
{
    public const string Type = "Fuse";

    public IDecoderStream Start() => new JoiningStream("");

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.EndObject();
    }
}

internal sealed class JoiningStream(string separator) : IDecoderStream
{
    private bool _any;

    public void Append(string token, StringBuilder text)
    {
        text.Append(_any ? separator : "").Append(token);
        _any = true;
    }

    public void Finish(StringBuilder text)
    {
    }
}
