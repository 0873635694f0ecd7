using System.Security.Cryptography;
using Idem.Tests.Support;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class BpeTrainerTests
{
    [Fact]
    public void MergesTheMostFrequentPairFirst()
    {
        // abab: (a,b) 2 + cd 2 times (c,d) 2: a tie, which the lower left id wins; then (ab,ab) once is too rare.
        Tokenizer tokenizer = BpeTrainer.Train(["cd", "abab", "cd"], 300);
        Assert.Equal(258, tokenizer.VocabularySize);
        Assert.Equal("ab", tokenizer.IdToToken(256));
        Assert.Equal("cd", tokenizer.IdToToken(257));
        Assert.Equal([256, 256, 257], tokenizer.Encode("ababcd"));
    }

    [Fact]
    public void OverlappingPlacesCount()
    {
        // "aaa" holds (a,a) twice, as much as the two (b,c).
        Tokenizer tokenizer = BpeTrainer.Train(["bc bc", "aaa"], 258);
        Assert.Equal("aa", tokenizer.IdToToken(256));
    }

    [Fact]
    public void SpecialTokensComeFirstAndAreRecognised()
    {
        Tokenizer tokenizer = BpeTrainer.Train(["to be"], 300, specialTokens: ["<|endoftext|>", "<|user|>"]);
        Assert.Equal("<|endoftext|>", tokenizer.IdToToken(0));
        Assert.Equal(2, tokenizer.TokenToId("!"));
        Assert.Equal([1, tokenizer.TokenToId("x")!.Value, 0], tokenizer.Encode("<|user|>x<|endoftext|>"));
        Assert.True(tokenizer.IsSpecial(1));
        Assert.Equal("x", tokenizer.Decode(tokenizer.Encode("<|user|>x<|endoftext|>")));
        Assert.Equal("<|user|>x", tokenizer.Decode(tokenizer.Encode("<|user|>x"), skipSpecialTokens: false));
    }

    [Fact]
    public void OrderOfTextsDoesNotMatter()
    {
        string[] texts = ["the cat sat on the mat", "the dog sat on the log", "a cat, a dog, a hat"];
        byte[] forward = BpeTrainer.Train(texts, 300).ToJson();
        Assert.Equal(forward, BpeTrainer.Train(texts.Reverse(), 300).ToJson());
    }

    [Fact]
    public void TrainedFileIsPinned()
    {
        // Compared with Hugging Face's trainer by hand: docs/log.md, 2026-11-24.
        string text = File.ReadAllText(SharedData.Require("data/tinyshakespeare.txt"));
        Tokenizer tokenizer = BpeTrainer.Train([text], 1024, specialTokens: ["<|endoftext|>"]);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal("7e59ab72187980f154fafa0b10b98413b496f682c839c24b50c3458a2a44e1fc", Convert.ToHexStringLower(SHA256.HashData(tokenizer.ToJson())));
    }

    [Fact]
    public void RefusesWhatCannotWork()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BpeTrainer.Train(["a"], 255));
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(["a"], 300, specialTokens: ["<s>", "<s>"]));
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(["a"], 300, specialTokens: [""]));
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(["\uD800"], 300));
    }
}
