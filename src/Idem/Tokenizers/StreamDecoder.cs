// Decoding while ids arrive: each call gives the text that is now certain, so a character whose bytes are spread over several
// tokens appears once, whole. All parts together are what Tokenizer.Decode gives for all ids.

using System.Text;

namespace Idem.Tokenizers;

/// <summary>Decodes one sequence of ids, token by token. One thread at a time.</summary>
public sealed class StreamDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly ITokenStream _stream;
    private readonly StringBuilder _text = new();

    internal StreamDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
        _stream = tokenizer.StartDecoder(_text);
    }

    /// <summary>The text that this id completes; empty while a character is unfinished.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Append(int id)
    {
        _tokenizer.Decode(id, _skipSpecialTokens, _stream);
        return Take();
    }

    /// <summary>The text still held back: U+FFFD for a character that was never finished, mostly nothing.</summary>
    public string Finish()
    {
        _stream.End();
        return Take();
    }

    private string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
