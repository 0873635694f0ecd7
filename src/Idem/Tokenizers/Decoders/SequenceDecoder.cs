// Decoders one after another, and what joins tokens.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class SequenceDecoder(IReadOnlyList<IDecoder> steps) : IDecoder
{
    public const string Type = "Sequence";

    public IReadOnlyList<IDecoder> Steps => steps;

    public ITokenStream Start(ITokenStream next) => steps.Reverse().Aggregate(next, static (stream, step) => step.Start(stream));

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("decoders");
        json.BeginArray();
        foreach (IDecoder step in steps)
        {
            step.Write(json);
        }

        json.EndArray();
        json.EndObject();
    }

    public static SequenceDecoder Read(JsonNode node) => new([.. node.Required("decoders").Items().Select(IDecoder.Read)]);
}

/// <summary>Makes one token of all.</summary>
internal sealed class FuseDecoder : IDecoder
{
    public const string Type = "Fuse";

    public ITokenStream Start(ITokenStream next) => new Stream(next);

    public void Write(JsonText json) => json.Tagged(Type);

    private sealed class Stream(ITokenStream next) : ITokenStream
    {
        public void Text(string part) => next.Text(part);

        public void EndToken()
        {
        }

        public void End()
        {
            next.EndToken();
            next.End();
        }
    }
}

/// <summary>The end of every chain: the text, with a separator between tokens.</summary>
internal sealed class TextStream(StringBuilder text, string separator) : ITokenStream
{
    private bool _isBetween;

    public void Text(string part)
    {
        if (_isBetween)
        {
            text.Append(separator);
            _isBetween = false;
        }

        text.Append(part);
    }

    public void EndToken()
    {
        Text("");
        _isBetween = separator.Length > 0;
    }

    public void End()
    {
    }
}
