// Character-level tokenizers: one token per Unicode code point, ids in ascending order of code points.
// Saved, it is a Hugging Face tokenizer: the pattern [\s\S] cuts out every code point, WordLevel looks it up, Fuse joins.
// There is no unknown token: text with another character is refused, both in training data and in prompts.

using System.Text;

namespace Idem.Tokenizers;

/// <summary>Makes a character-level tokenizer from a text.</summary>
public static class CharacterTrainer
{
    // WordLevel files must name an unknown token; since the vocabulary never holds it, unknown characters are errors.
    private const string UnknownToken = "<unk>";

    /// <summary>The tokenizer whose tokens are the distinct code points of the texts, ascending.</summary>
    /// <exception cref="ArgumentException">The texts hold no character, or an unpaired surrogate.</exception>
    public static Tokenizer Train(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var codes = new SortedSet<int>();
        foreach (string text in texts)
        {
            WellFormed.Check(text);
            foreach (Rune rune in text.EnumerateRunes())
            {
                codes.Add(rune.Value);
            }
        }

        if (codes.Count == 0)
        {
            throw new ArgumentException("A character-level tokenizer needs a text with at least one character.", nameof(texts));
        }

        string[] tokens = [.. codes.Select(code => new Rune(code).ToString())];
        var stages = new TokenizerStages(
            Normalizer: null,
            new SplitPreTokenizer(new TextPattern(SplitPattern.Character), SplitBehavior.Isolated, invert: false),
            new WordLevel(Vocabulary.FromTokens(tokens), UnknownToken),
            PostProcessor: null,
            new FuseDecoder());
        return new Tokenizer(stages, addedTokens: [], tokens);
    }
}
