// Hostile and unsupported files: one exception type, which names the file, the place and a remedy, at once.

using System.Diagnostics;
using System.Text;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class TokenizerFileTests
{
    private const string Good =
        """
        {"version":"1.0","added_tokens":[{"id":3,"content":"<e>","special":true,"normalized":false}],
        "normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":{"type":"Fuse"},
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
        """;

    [Fact]
    public void TheGoodFileIsGood()
    {
        Tokenizer tokenizer = Parse(Good);
        Assert.Equal([2, 0, 3, 1], tokenizer.Encode("aba<e>b"));
    }

    [Theory]
    [InlineData("\"a\":0", "\"a\":1", "$.model.vocab[\"b\"]", "already belongs")]
    [InlineData("\"a\":0", "\"a\":7", "$", "no token has the id 0")]
    [InlineData("\"a\":0", "\"a\":-1", "$.model.vocab[\"a\"]", "integer")]
    [InlineData("\"a\":0", "\"a\":0.5", "$.model.vocab[\"a\"]", "integer")]
    [InlineData("\"a\":0", "\"a\":99999999999", "$.model.vocab[\"a\"]", "integer")]
    [InlineData("\"a\":0", "\"a\":0,\"a\":4", "$.model.vocab", "twice")]
    [InlineData("\"a\":0", "\"\\ud800\":0", "$.model.vocab", "Unicode")]
    [InlineData("\"a b\"", "\"a c\"", "$.model.merges[0]", "'c'")]
    [InlineData("\"a b\"", "\"b a\"", "$.model.merges[0]", "'ba'")]
    [InlineData("\"a b\"", "\"a b b\"", "$.model.merges[0]", "two parts")]
    [InlineData("\"a b\"", "[\"a\"]", "$.model.merges[0]", "two parts")]
    [InlineData("\"a b\"", "[\"a\",1]", "$.model.merges[0][1]", "a string")]
    [InlineData("[\"a b\"]", "{}", "$.model.merges", "an array")]
    [InlineData("\"id\":3", "\"id\":2", "$.added_tokens[0]", "the model says otherwise")]
    [InlineData("\"id\":3", "\"id\":4", "$", "no token has the id 3")]
    [InlineData("\"<e>\"", "\"a\"", "$.added_tokens[0]", "the model says otherwise")]
    [InlineData("\"<e>\"", "\"\"", "$.added_tokens[0]", "no content")]
    [InlineData("\"special\":true", "\"special\":1", "$.added_tokens[0].special", "true or false")]
    [InlineData("\"version\":\"1.0\"", "\"version\":\"2.0\"", "$", "2.0")]
    [InlineData("\"model\"", "\"modal\"", "$", "'model' is missing")]
    [InlineData("\"BPE\"", "\"Bigram\"", "$.model", "'Bigram'")]
    [InlineData("\"BPE\"", "\"Unigram\"", "$.model.vocab", "an array")]
    [InlineData("\"BPE\",", "\"BPE\",\"dropout\":0.1,", "$.model.dropout", "dropout")]
    [InlineData("\"Fuse\"", "\"Magic\"", "$.decoder", "'Magic'")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFX\"}", "$.normalizer", "'NFX'")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a+)+\"},\"content\":\"\"}", "$.normalizer.pattern.Regex", "'(a+)+'")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"\"}", "$.normalizer.pattern.String", "empty")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", "$.normalizer.precompiled_charsmap", "trie")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"*\"}", "$.normalizer.precompiled_charsmap", "base64")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"__\"}", "$.pre_tokenizer.replacement", "one character")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"FixedLength\",\"length\":0}", "$.pre_tokenizer", "length 0")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}", "$.pre_tokenizer", "'UnicodeScripts'")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Blanks\"}", "$.pre_tokenizer", "'Blanks'")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x+\"},\"behavior\":\"Isolated\"}", "$.pre_tokenizer.pattern.Regex", "'x+'")]
    [InlineData("\"post_processor\":null", "\"post_processor\":{\"type\":\"BertProcessing\"}", "$.post_processor", "'sep' is missing")]
    [InlineData("\"post_processor\":null", "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}],\"special_tokens\":{\"x\":{\"id\":\"x\",\"ids\":[9],\"tokens\":[\"x\"]}}}", "$.post_processor", "9 is not in the vocabulary")]
    public void NamesThePlace(string part, string replacement, string path, string problem)
    {
        Assert.Contains(part, Good, StringComparison.Ordinal);
        var error = Assert.Throws<TokenizerFormatException>(() => Parse(Good.Replace(part, replacement, StringComparison.Ordinal)));
        Assert.Equal("some.json", error.File);
        Assert.Equal(path, error.JsonPath);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void EveryTruncationIsOneKindOfError()
    {
        for (int length = 0; length < Good.Length; length++)
        {
            Assert.Throws<TokenizerFormatException>(() => Parse(Good[..length]));
        }
    }

    [Fact]
    public void EveryValueOfAnotherTypeIsOneKindOfErrorOrGood()
    {
        // Replaces each JSON value in turn, whatever it is, by each kind of value.
        string[] kinds = ["null", "true", "17", "-1", "1e99", "\"x\"", "[]", "{}", "[[[]]]"];
        for (int start = 0; start < Good.Length; start++)
        {
            int end = Good.AsSpan(start).IndexOfAny(",}]") + start;
            if (start == 0 || Good[start - 1] != ':' || end <= start)
            {
                continue;
            }

            foreach (string kind in kinds)
            {
                Exception? error = Record.Exception(() => Parse(Good[..start] + kind + Good[end..]));
                Assert.True(error is null or TokenizerFormatException, $"{kind} at {start}: {error}");
            }
        }
    }

    [Fact]
    public void DeepAndWideFilesFailQuickly()
    {
        var watch = Stopwatch.StartNew();
        string deep = new('[', 1_000_000);
        Assert.Throws<TokenizerFormatException>(() => Parse(deep));
        Assert.Throws<TokenizerFormatException>(() => Parse(Good.Replace("\"a b\"", deep, StringComparison.Ordinal)));
        string wide = string.Join(',', Enumerable.Repeat("\"a b\"", 300_000)) + ",\"a c\"";
        Assert.Throws<TokenizerFormatException>(() => Parse(Good.Replace("\"a b\"", wide, StringComparison.Ordinal)));
        Assert.True(watch.Elapsed.TotalSeconds < 10, $"took {watch.Elapsed}");
    }

    [Fact]
    public void MissingFileIsNamed()
    {
        var error = Assert.Throws<FileNotFoundException>(() => Tokenizer.Load("no-such-folder/none.json"));
        Assert.Contains("no-such-folder/none.json", error.Message, StringComparison.Ordinal);
    }

    private static Tokenizer Parse(string json) => Tokenizer.Parse(Encoding.UTF8.GetBytes(json), "some.json");
}
