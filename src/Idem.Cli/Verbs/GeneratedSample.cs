// One sample of a prompt as a verb shows it: its text, or its ids where the model has no tokenizer.

using System.Text;
using Idem.Audit;
using Idem.Inference;

namespace Idem.Cli.Verbs;

internal sealed class GeneratedSample(Generation generation, TextGeneration? reader)
{
    private readonly StringBuilder _text = new();
    private int _shown;

    public Generation Generation => generation;

    /// <summary>Null where there is no tokenizer to make text.</summary>
    public string? DecodedText => reader is null ? null : _text.ToString();

    public string Text => _text.ToString();

    public GeneratedToken[] Tokens => [.. reader?.Tokens ?? generation.Tokens];

    /// <summary>Its part of a receipt.</summary>
    public ReceiptSample Receipt => reader is null ? Receipts.SampleOf(generation) : Receipts.SampleOf(reader);

    /// <summary>stop, length or interrupted.</summary>
    public string FinishReason => Receipt.FinishReason;

    /// <summary>What came since the last call.</summary>
    public string Read()
    {
        string part = reader?.Read() ?? NewIds();
        _text.Append(part);
        return part;
    }

    private string NewIds()
    {
        string part = string.Concat(generation.Tokens.Skip(_shown).Select((token, i) => (_shown + i == 0 ? "" : ",") + token.Id));
        _shown = generation.Tokens.Count;
        return part;
    }
}
