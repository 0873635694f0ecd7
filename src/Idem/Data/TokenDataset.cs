// A text as token ids, cut once into training and validation: the first part trains, the rest validates. The cut is made in the
// text, between two characters, before anything is tokenized, so no token of one part depends on the other. Decimal arithmetic
// is exact here, so the cut is the same everywhere: floor(characters * (1 - fraction)) characters train, as in nanoGPT.

using Idem.Tokenizers;

namespace Idem.Data;

/// <summary>Token ids for training and for validation.</summary>
/// <param name="Train">The ids a model learns from.</param>
/// <param name="Validation">The ids it is measured on; may be empty.</param>
public sealed record TokenDataset(TokenSequence Train, TokenSequence Validation)
{
    /// <summary>Cuts and tokenizes a text; special tokens spelled out in it are recognised, none are added.</summary>
    /// <param name="text">The text; its characters are Unicode code points.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="validationFraction">The part of the characters that validates, from 0 to below 1; absent: 0.1.</param>
    /// <exception cref="DataException">The tokenizer has no tokens for a part of the text.</exception>
    public static TokenDataset Create(string text, Tokenizer tokenizer, decimal validationFraction = 0.1m)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tokenizer);
        int cut = CutIndex(text, validationFraction);
        return new TokenDataset(
            Tokenize("The training part", text[..cut], tokenizer), Tokenize("The validation part", text[cut..], tokenizer));
    }

    /// <summary>The UTF-16 index at which the validation part begins.</summary>
    internal static int CutIndex(string text, decimal validationFraction)
    {
        if (validationFraction is < 0 or >= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(validationFraction), validationFraction, "The fraction is from 0 to below 1.");
        }

        int characters = text.Length - text.Count(char.IsLowSurrogate);
        int train = (int)decimal.Floor(characters * (1 - validationFraction));
        int index = 0;
        for (int i = 0; i < train; i++)
        {
            index += char.IsHighSurrogate(text[index]) ? 2 : 1;
        }

        return index;
    }

    private static TokenSequence Tokenize(string part, string text, Tokenizer tokenizer)
    {
        try
        {
            return new TokenSequence(tokenizer.Encode(text, addSpecialTokens: false), tokenizer.VocabularySize);
        }
        catch (TokenizationException e)
        {
            throw new DataException(part, e.Message, "Use the tokenizer that was made for this data.", inner: e);
        }
    }
}
