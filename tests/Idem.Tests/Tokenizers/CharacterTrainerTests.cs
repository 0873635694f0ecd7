using System.Text;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class CharacterTrainerTests
{
    [Fact]
    public void IdsFollowCodePoints()
    {
        Tokenizer tokenizer = CharacterTrainer.Train(["b \U0001F600\na", "\uFFFD\r"]);
        Assert.Equal(["\n", "\r", " ", "a", "b", "\uFFFD", "\U0001F600"], Enumerable.Range(0, 7).Select(tokenizer.IdToToken));
        Assert.Equal([4, 2, 6, 0, 3], tokenizer.Encode("b \U0001F600\na"));
        Assert.Equal("b \U0001F600\na", tokenizer.Decode([4, 2, 6, 0, 3]));
        Assert.Equal("b \U0001F600\na", string.Concat(new[] { 4, 2, 6, 0, 3 }.Select(tokenizer.CreateStreamDecoder().Append)));
    }

    [Fact]
    public void UnknownCharacterIsNamedWithItsPlace()
    {
        Tokenizer tokenizer = CharacterTrainer.Train(["ab\U0001F600"]);
        var error = Assert.Throws<TokenizationException>(() => tokenizer.Encode("a\U0001F600b\u00E9ab"));
        Assert.Equal(3, error.Position);
        Assert.Equal("\u00E9", error.Piece);
        Assert.Contains("U+00E9", error.Message, StringComparison.Ordinal);
        Assert.Contains("character 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SavedFormIsPinned()
    {
        string json = Encoding.UTF8.GetString(CharacterTrainer.Train(["a\n\"\u0001\u007F\u00E9"]).ToJson());
        Assert.Equal(
            """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": [],
              "normalizer": null,
              "pre_tokenizer": {
                "type": "Split",
                "pattern": {
                  "Regex": "[\\s\\S]"
                },
                "behavior": "Isolated",
                "invert": false
              },
              "post_processor": null,
              "decoder": {
                "type": "Fuse"
              },
              "model": {
                "type": "WordLevel",
                "vocab": {
                  "\u0001": 0,
                  "\n": 1,
                  "\"": 2,
                  "a": 3,
                  "
            """ + "\u007F\": 4,\n      \"\u00E9\": 5\n    },\n    \"unk_token\": \"<unk>\"\n  }\n}",
            json);
    }

    [Fact]
    public void SavedFileLoadsAgain()
    {
        string folder = Directory.CreateTempSubdirectory("idem-test-").FullName;
        try
        {
            Tokenizer tokenizer = CharacterTrainer.Train(["to be, or not"]);
            tokenizer.Save(folder);
            Assert.Equal(["tokenizer.json"], Directory.GetFiles(folder).Select(Path.GetFileName));
            Assert.Equal(tokenizer.ToJson(), Tokenizer.Load(folder).ToJson());
            Assert.Equal(tokenizer.ToJson(), Tokenizer.Load(Path.Combine(folder, "tokenizer.json")).ToJson());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void RefusesNothingAndHalfCharacters()
    {
        Assert.Throws<ArgumentException>(() => CharacterTrainer.Train([""]));
        Assert.Throws<ArgumentException>(() => CharacterTrainer.Train(["a\uD83D"]));
        Assert.Throws<ArgumentException>(() => CharacterTrainer.Train(["a"]).Encode("a\uDE00a"));
    }
}
