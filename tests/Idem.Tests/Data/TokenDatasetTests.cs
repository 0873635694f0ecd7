using Idem.Data;
using Idem.Numerics.Random;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Data;

public class TokenDatasetTests
{
    [Theory]
    [InlineData("abcdefghij", 0.1, 9)]
    [InlineData("abcdefghijk", 0.1, 9)] // floor(9.9)
    [InlineData("abcdefghij", 0, 10)]
    [InlineData("a", 0.5, 0)]
    [InlineData("\U0001F600b\U0001F600d", 0.5, 3)] // two characters, three UTF-16 units
    [InlineData("\U0001F600\U0001F600\U0001F600\U0001F600", 0.25, 6)]
    public void CutsBetweenCharacters(string text, double fraction, int index) =>
        Assert.Equal(index, TokenDataset.CutIndex(text, (decimal)fraction));

    [Fact]
    public void PartsAreTokenizedApart()
    {
        // "ab" is a token, but the cut lies inside it.
        Tokenizer tokenizer = BpeTrainer.Train(["abab"], 257);
        TokenDataset dataset = TokenDataset.Create("ababab", tokenizer, 0.5m);
        Assert.Equal([256, tokenizer.TokenToId("a")!.Value], Ids(dataset.Train));
        Assert.Equal([tokenizer.TokenToId("b")!.Value, 256], Ids(dataset.Validation));
        Assert.Equal(0, TokenDataset.Create("ab", tokenizer, 0).Validation.Length);
    }

    [Fact]
    public void UnknownCharactersNameThePart()
    {
        Tokenizer tokenizer = CharacterTrainer.Train(["ab"]);
        var error = Assert.Throws<DataException>(() => TokenDataset.Create("abababababac", tokenizer));
        Assert.Contains("validation", error.Message, StringComparison.Ordinal);
        Assert.Contains("U+0063", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenDataset.Create("ab", tokenizer, 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenDataset.Create("ab", tokenizer, -0.1m));
    }

    [Theory]
    [InlineData(65536)]
    [InlineData(65537)]
    public void BothWidthsHoldEveryId(int vocabularySize)
    {
        int[] ids = [0, 1, vocabularySize - 1, 255, 256];
        Assert.Equal(ids, Ids(new TokenSequence(ids, vocabularySize)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSequence([vocabularySize], vocabularySize));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSequence([-1], vocabularySize));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSequence(ids, vocabularySize).CopyTo(3, new int[3]));
    }

    [Fact]
    public void WindowsAreAFunctionOfSeedAndSample()
    {
        TokenSequence tokens = new([.. Enumerable.Range(0, 1000)], 1000);
        var sampler = new TokenDatasetSampler(tokens, 8, seed: 42);
        const int Windows = 124; // floor((1000 - 8) / 8)
        Assert.Equal(Windows, sampler.Windows);
        int[] inputs = new int[8], targets = new int[8];
        for (int epoch = 0; epoch < 40; epoch++)
        {
            // Windows one behind the other from the epoch's offset, each once, in the epoch's order.
            var order = new Permutation(new RandomStream(42, "data", "train"), (ulong)epoch, Windows);
            int offset = (int)new RandomStream(42, "data", "offset").Bounded(8, (ulong)epoch);
            int[] starts = [.. Enumerable.Range(0, Windows).Select(i => sampler.WindowStart((ulong)((epoch * Windows) + i)))];
            Assert.Equal(Enumerable.Range(0, Windows).Select(i => offset + (8 * (int)order[i])), starts);
            Assert.Equal(Enumerable.Range(0, Windows).Select(i => offset + (8 * i)), starts.Order());
        }

        for (ulong sample = 0; sample < 500; sample++)
        {
            int start = sampler.WindowStart(sample);
            sampler.Fill(sample, inputs, targets);
            Assert.Equal(Enumerable.Range(start, 8), inputs);
            Assert.Equal(Enumerable.Range(start + 1, 8), targets);
        }

        Assert.Equal(991, Enumerable.Range(0, 20_000).Max(i => sampler.WindowStart((ulong)i)));
        Assert.NotEqual(sampler.WindowStart(0), new TokenDatasetSampler(tokens, 8, seed: 43).WindowStart(0));
    }

    [Fact]
    public void SamplerNeedsOneWindow()
    {
        TokenSequence tokens = new([1, 2, 3], 4);
        Assert.Equal(0, new TokenDatasetSampler(tokens, 2, 1).WindowStart(17));
        var error = Assert.Throws<DataException>(() => new TokenDatasetSampler(tokens, 3, 1));
        Assert.Contains("3 tokens", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new TokenDatasetSampler(tokens, 2, 1).Fill(0, new int[1], new int[2]));
    }

    [Fact]
    public void EvaluationPredictsEveryTargetOnce()
    {
        for (int tokens = 0; tokens < 40; tokens++)
        {
            for (int context = 1; context < 12; context++)
            {
                var windows = EvaluationWindows.Over(tokens, context).ToList();
                Assert.Equal(
                    Enumerable.Range(1, Math.Max(tokens - 1, 0)),
                    windows.SelectMany(window => Enumerable.Range(window.Start + 1, window.Length)));
                Assert.All(windows.SkipLast(1), window => Assert.Equal(context, window.Length));
            }
        }

        Assert.Single(EvaluationWindows.Over(int.MaxValue, int.MaxValue));
    }

    private static int[] Ids(TokenSequence sequence)
    {
        int[] ids = new int[sequence.Length];
        sequence.CopyTo(0, ids);
        return ids;
    }
}
