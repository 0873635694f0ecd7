// A generation as text: its ids decoded as they come, ended before a stop string.

using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>Follows a <see cref="Generation"/> and gives its text.</summary>
/// <param name="engine">The engine that computes it.</param>
/// <param name="generation">The generation.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="stops">Strings that end the text, which then does not hold them; a generation that draws one is cancelled.</param>
public sealed class TextGeneration(Engine engine, Generation generation, Tokenizer tokenizer, IReadOnlyList<string> stops)
{
    private readonly GeneratedText _text = new(tokenizer, generation.Settings.StopIds, stops);
    private int _read;
    private bool _flushed;

    /// <summary>The generation.</summary>
    public Generation Generation => generation;

    /// <summary>Whether its text is complete.</summary>
    public bool IsFinished => _flushed;

    /// <summary>Why it ended: a stop string counts as a stop; null while it goes on.</summary>
    public FinishReason? Finished => _text.Stopped ? FinishReason.Stop : generation.Finished;

    /// <summary>The tokens that its text was made from: those after a stop string are not among them.</summary>
    public IEnumerable<GeneratedToken> Tokens => generation.Tokens.Take(_read);

    /// <summary>The text of the tokens that came since the last call.</summary>
    public string Read()
    {
        string text = "";
        while (_read < generation.Tokens.Count && !_text.Stopped)
        {
            text += _text.Append(generation.Tokens[_read++].Id);
        }

        if (_text.Stopped)
        {
            engine.Cancel(generation);
            _flushed = true;
        }
        else if (generation.Finished is not null && !_flushed)
        {
            text += _text.Finish();
            _flushed = true;
        }

        return text;
    }
}
