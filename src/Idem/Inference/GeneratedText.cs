// The text of generated ids, whoever generated them: decoded as they come, ended before a stop string.

using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>Makes text of ids.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="stopIds">Ids that end the generation: marks that spell nothing.</param>
/// <param name="stops">Strings that end the text, which then does not hold them.</param>
public sealed class GeneratedText(Tokenizer tokenizer, IReadOnlyList<int> stopIds, IReadOnlyList<string> stops)
{
    private readonly TextStream _stream = new(tokenizer);
    private readonly StopStrings _stops = new(stops);

    /// <summary>Whether a stop string was found.</summary>
    public bool Stopped => _stops.Found;

    /// <summary>Adds an id; returns the text that it completes.</summary>
    public string Append(int id) => _stops.Append(stopIds.Contains(id) ? "" : _stream.Append(id));

    /// <summary>What was held back, when no more comes.</summary>
    public string Finish()
    {
        string text = _stops.Append(_stream.Finish());
        return text + _stops.Finish();
    }
}
