// Behaviour of the stages together: added tokens, templates, round trips, hostile input, streams.

using System.Diagnostics;
using System.Text;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class TokenizerTests
{
    private static readonly Tokenizer Bytes = BpeTrainer.Train(["the cat sat on the mat, the cat sat\n\n on it"], 300);

    [Theory]
    [InlineData("<X>", false, false, false, "a <X> b", "a |<X>| b")]
    [InlineData("<X>", true, false, false, "a \n<X> b", "a|<X>| b")]
    [InlineData("<X>", false, true, false, "a <X> \u3000b", "a |<X>|b")]
    [InlineData("<X>", true, true, false, "<X>  <X>", "<X>|<X>")]
    [InlineData("X", false, false, true, "aX X Xb X\u0301 _X (X)", "aX |X| Xb X\u0301 _X (|X|)")]
    [InlineData("X", false, false, true, "X\U0001D7CE \U0001D7CEX X\U0001F600", "X\U0001D7CE \U0001D7CEX |X|\U0001F600")]
    public void AddedTokensObeyTheirFlags(string content, bool left, bool right, bool word, string text, string expected)
    {
        var token = new AddedToken(0, content, word, left, right);
        var matcher = new AddedTokenMatcher([(content, token)]);
        Assert.Equal(
            expected, string.Join('|', matcher.Cut(text).Select(part => part.Token?.Content ?? text[part.Start..part.End])));
    }

    [Fact]
    public void TheLongestAddedTokenWins()
    {
        AddedToken[] tokens = [new(0, "<a"), new(1, "<a>"), new(2, "<a><b>")];
        var matcher = new AddedTokenMatcher(tokens.Select(token => (token.Content, token)));
        Assert.Equal([2, 1, -1, 0], matcher.Cut("<a><b><a><<a").Select(part => part.Token?.Id ?? -1));
    }

    [Fact]
    public void NormalizedTokensAreFoundInNormalizedText()
    {
        string json = Encoding.UTF8.GetString(Bytes.ToJson())
            .Replace("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", StringComparison.Ordinal)
            .Replace(
                "\"added_tokens\": []",
                $"\"added_tokens\": [{{\"id\": {Bytes.VocabularySize}, \"content\": \"e\\u0301!\", \"normalized\": true}}," +
                $"{{\"id\": {Bytes.VocabularySize + 1}, \"content\": \"o\\u0301!\", \"normalized\": false}}]",
                StringComparison.Ordinal);
        Tokenizer tokenizer = Tokenizer.Parse(Encoding.UTF8.GetBytes(json), "changed");
        Assert.Equal([Bytes.VocabularySize], tokenizer.Encode("\u00E9!"));
        Assert.Equal([Bytes.VocabularySize], tokenizer.Encode("e\u0301!"));
        Assert.NotEqual([Bytes.VocabularySize + 1], tokenizer.Encode("\u00F3!"));
        Assert.Equal([Bytes.VocabularySize + 1], tokenizer.Encode("o\u0301!"));
    }

    [Fact]
    public void TemplatesPutSpecialTokensAround()
    {
        Tokenizer trained = BpeTrainer.Train(["a"], 300, specialTokens: ["<s>", "</s>"]);
        string json = Encoding.UTF8.GetString(trained.ToJson());
        int start = json.IndexOf("  \"post_processor\"", StringComparison.Ordinal);
        int end = json.IndexOf("  \"decoder\"", StringComparison.Ordinal);
        const string Template = """
              "post_processor": {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                           {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}
              },
            """;
        Tokenizer tokenizer = Tokenizer.Parse(Encoding.UTF8.GetBytes(json[..start] + Template + json[end..]), "changed");
        int a = tokenizer.TokenToId("a")!.Value;
        Assert.Equal([0, a, 1], tokenizer.Encode("a"));
        Assert.Equal([a], tokenizer.Encode("a", addSpecialTokens: false));
        Assert.Equal("a", tokenizer.Decode([0, a, 1]));
        Assert.Equal(tokenizer.ToJson(), Tokenizer.Parse(tokenizer.ToJson(), "again").ToJson());
    }

    [Fact]
    public void LlamasConfigurationDecidesTheTokensAround()
    {
        using Support.TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["t"]);
        Tokenizer trained = BpeTrainer.Train(["a"], 300, specialTokens: ["<s>", "</s>"]);
        trained.Save(folder["t"]);
        int a = trained.TokenToId("a")!.Value;
        foreach ((string config, int[] expected) in new (string, int[])[]
        {
            ("{}", [a]),
            ("""{"tokenizer_class": "GPT2Tokenizer", "add_eos_token": true, "eos_token": "</s>"}""", [a]),
            ("""{"tokenizer_class": "LlamaTokenizer", "add_bos_token": false}""", [a]),
            ("""{"tokenizer_class": "LlamaTokenizerFast", "add_eos_token": true, "bos_token": {"content": "<s>"}, "eos_token": "</s>"}""", [0, a, 1]),
        })
        {
            File.WriteAllText(Path.Combine(folder["t"], "tokenizer_config.json"), config);
            Assert.Equal(expected, Tokenizer.Load(folder["t"]).Encode("a"));
            Assert.Equal([a], Tokenizer.Load(Path.Combine(folder["t"], "tokenizer.json")).Encode("a"));
        }

        File.WriteAllText(Path.Combine(folder["t"], "tokenizer_config.json"), """{"tokenizer_class": "LlamaTokenizer", "add_eos_token": true, "bos_token": "x"}""");
        Assert.Throws<TokenizerFormatException>(() => Tokenizer.Load(folder["t"]));
    }

    [Fact]
    public void EveryTextComesBack()
    {
        var random = new Random(20261124);
        for (int i = 0; i < 2000; i++)
        {
            string text = RandomText(random);
            int[] ids = Bytes.Encode(text);
            Assert.Equal(text, Bytes.Decode(ids));
            StreamDecoder stream = Bytes.CreateStreamDecoder();
            var parts = ids.Select(stream.Append).Append(stream.Finish()).ToList();
            Assert.Equal(text, string.Concat(parts));
            Assert.All(parts, part => Assert.False(part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1]))));
        }
    }

    [Fact]
    public void RandomIdsStreamAsTheyDecode()
    {
        var random = new Random(7);
        for (int i = 0; i < 2000; i++)
        {
            int[] ids = [.. Enumerable.Range(0, 12).Select(_ => random.Next(Bytes.VocabularySize))];
            StreamDecoder stream = Bytes.CreateStreamDecoder();
            string parts = string.Concat(ids.Select(stream.Append));
            Assert.Equal(Bytes.Decode(ids), parts + stream.Finish());
        }
    }

    [Fact]
    public void LongInputTakesLinearithmicTime()
    {
        var watch = Stopwatch.StartNew();
        Tokenizer pairs = BpeTrainer.Train(["aaaaaaaa aaaaaaaa"], 262);
        foreach (string unit in (string[])["a", "the", " ", "\n", " \n", "'", "\u00E9", "1"])
        {
            string text = string.Concat(Enumerable.Repeat(unit, 300_000 / unit.Length));
            Assert.Equal(text, pairs.Decode(pairs.Encode(text)));
        }

        Assert.True(watch.Elapsed.TotalSeconds < 60, $"took {watch.Elapsed}");
    }

    [Fact]
    public void ThreadsAndWarmCachesChangeNothing()
    {
        var random = new Random(11);
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText(random) + " the cat sat on the mat")];
        int[][] fresh = [.. texts.Select(text => Tokenizer.Parse(Bytes.ToJson(), "fresh").Encode(text))];
        Tokenizer shared = Tokenizer.Parse(Bytes.ToJson(), "shared");
        Parallel.For(0, 4 * texts.Length, i => Assert.Equal(fresh[i % texts.Length], shared.Encode(texts[i % texts.Length])));
    }

    [Fact]
    public void UnknownIdsAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.Decode([Bytes.VocabularySize]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.IdToToken(-1));
        Assert.Null(Bytes.TokenToId("no such token"));
    }

    internal static string RandomText(Random random)
    {
        string[] common = [" ", " ", "\n", "\r\n", "\t", "'s", "'LL", "\u0301", "\u200D", "\u3000", "\u017F", "the", "cat", "42", "!"];
        var text = new StringBuilder();
        for (int i = random.Next(1, 30); i > 0; i--)
        {
            int plane = random.Next(4);
            if (plane < 2)
            {
                text.Append(common[random.Next(common.Length)]);
                continue;
            }

            int code = random.Next(plane == 2 ? 0x3000 : 0x110000);
            text.Append(Rune.IsValid(code) ? new Rune(code).ToString() : "\uFFFD");
        }

        return text.ToString();
    }
}
