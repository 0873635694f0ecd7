// Trains byte-level BPE: GPT-2's pre-tokenization, then again and again the most frequent pair of neighbours becomes a token,
// ties going to the pair with the lower left id, then the lower right id. A count is over all neighbouring places, overlapping
// ones too ("aaa" holds the pair (a, a) twice). Algorithm and ties are those of Hugging Face tokenizers, models/bpe/trainer.rs.
//
// Ids: special tokens in the given order, the 256 characters of the byte alphabet by code point, then merges as they come.

namespace Idem.Tokenizers;

/// <summary>Trains byte-level BPE tokenizers, deterministically.</summary>
public static class BpeTrainer
{
    /// <summary>Trains a tokenizer on texts; the order of the texts does not matter.</summary>
    /// <param name="texts">The texts; each is pre-tokenized on its own.</param>
    /// <param name="vocabularySize">How many tokens at most; fewer where no pair is frequent enough any more.</param>
    /// <param name="minFrequency">A pair that occurs less often is not merged.</param>
    /// <param name="specialTokens">Tokens that are recognised in text as a whole, such as <c>&lt;|endoftext|&gt;</c>.</param>
    /// <exception cref="ArgumentException">The vocabulary is too small, a special token is empty or repeated, or a text holds an unpaired surrogate.</exception>
    public static Tokenizer Train(
        IEnumerable<string> texts, int vocabularySize, int minFrequency = 2, IReadOnlyList<string>? specialTokens = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        List<string> tokens = InitialTokens(specialTokens ?? []);
        if (vocabularySize < tokens.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(vocabularySize), vocabularySize, $"Byte-level BPE with these special tokens needs at least {tokens.Count} tokens.");
        }

        var byteLevel = new ByteLevel(AddPrefixSpace: false, TrimOffsets: true, UseRegex: true);
        var preTokenizer = new ByteLevelPreTokenizer(byteLevel);
        Dictionary<char, int> byteIds = Enumerable.Range(tokens.Count - 256, 256).ToDictionary(id => tokens[id][0]);
        var counter = new PairCounter();
        foreach ((string word, long count) in CountWords(texts, preTokenizer))
        {
            counter.AddWord([.. word.Select(c => byteIds[c])], count);
        }

        List<(string, string)> merges = LearnMerges(counter, tokens, vocabularySize, Math.Max(minFrequency, 1));
        AddedToken[] added = [.. (specialTokens ?? []).Select((content, id) => new AddedToken(id, content))];
        var stages = new TokenizerStages(
            Normalizer: null,
            preTokenizer,
            Bpe.FromTokens(tokens, merges),
            new ByteLevelPostProcessor(byteLevel),
            new ByteLevelDecoder(byteLevel));
        return new Tokenizer(stages, added, [.. tokens]);
    }

    private static List<string> InitialTokens(IReadOnlyList<string> specialTokens)
    {
        List<string> tokens = [.. specialTokens];
        tokens.AddRange(Enumerable.Range(0, 256).Select(b => ByteAlphabet.ToChar((byte)b)).Order().Select(c => c.ToString()));
        if (tokens.Any(token => token.Length == 0) || tokens.Distinct(StringComparer.Ordinal).Count() != tokens.Count)
        {
            throw new ArgumentException(
                "Special tokens must be distinct, not empty, and not a single byte's character.", nameof(specialTokens));
        }

        return tokens;
    }

    private static List<(string Word, long Count)> CountWords(IEnumerable<string> texts, ByteLevelPreTokenizer preTokenizer)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        var words = new List<(string Word, long Count)>();
        var pieces = new List<TracedText>();
        foreach (string text in texts)
        {
            WellFormed.Check(text);
            pieces.Clear();
            preTokenizer.PreTokenize(TracedText.Of(text, traced: false), pieces);
            foreach (string piece in pieces.Select(piece => piece.Text))
            {
                if (index.TryGetValue(piece, out int i))
                {
                    words[i] = (piece, words[i].Count + 1);
                }
                else
                {
                    index.Add(piece, words.Count);
                    words.Add((piece, 1));
                }
            }
        }

        return words;
    }

    private static List<(string Left, string Right)> LearnMerges(
        PairCounter counter, List<string> tokens, int vocabularySize, int minFrequency)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            ids.Add(tokens[id], id);
        }

        var merges = new List<(string, string)>();
        while (tokens.Count < vocabularySize && counter.TryTakeMostFrequent(minFrequency, out int left, out int right, out List<int> words))
        {
            string joined = tokens[left] + tokens[right];
            if (!ids.TryGetValue(joined, out int id))
            {
                // Otherwise two pairs spell the same token; it keeps the id it has.
                id = tokens.Count;
                ids.Add(joined, id);
                tokens.Add(joined);
            }

            merges.Add((tokens[left], tokens[right]));
            counter.Merge(left, right, id, words);
        }

        return merges;
    }
}
