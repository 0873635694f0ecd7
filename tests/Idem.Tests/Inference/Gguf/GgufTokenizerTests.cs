using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Inference;
using Idem.Tests.Support;
using Idem.Tests.Tokenizers;
using Idem.Tokenizers;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Tests.Inference.Gguf;

/// <summary>The reference tokenizers as llama.cpp's converter writes them give the ids of the reference.</summary>
public class GgufTokenizerTests
{
    [Theory]
    [InlineData("gpt2", "gpt2", "gpt-2")]
    [InlineData("llama3", "gpt2", "llama-bpe")]
    [InlineData("qwen2_5", "gpt2", "qwen2")]
    [InlineData("llama2", "llama", "default")]
    [InlineData("bert", "bert", "jina-v2-en")]
    public void Ids_are_those_of_the_reference(string name, string kind, string pre)
    {
        using GgufFile file = GgufFile.Parse(Build(name, kind, pre).Build(), "m.gguf");
        Assert.Null(GgufTokenizer.Problem(file));
        Tokenizer actual = Tokenizer.Parse(GgufTokenizer.ToJson(file), "m.gguf"), expected = ReferenceTokenizers.Load(name);
        Assert.Equal(expected.VocabularySize, actual.VocabularySize);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"reference/tokenizers/{name}/cases-a.json")));
        foreach (JsonElement item in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = item.GetProperty("text").GetString()!;
            int[] ids = Ints(item, "ids");
            Assert.Equal(ids, actual.Encode(text, addSpecialTokens: false));
            if (name != "llama3") // its file puts no token before a text; llama.cpp does
            {
                Assert.Equal(Ints(item, "ids_with_special_tokens"), actual.Encode(text));
            }

            Assert.Equal(item.GetProperty("decoded").GetString(), actual.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(expected.EncodeWithOffsets(text, "the cat", addSpecialTokens: false).Ids, actual.EncodeWithOffsets(text, "the cat", addSpecialTokens: false).Ids);
        }

        if (name == "llama3")
        {
            Assert.Equal([128000, .. expected.Encode("the cat")], actual.Encode("the cat"));
        }
    }

    /// <summary>Kinds without a reference tokenizer: on other vocabularies the ids of llama.cpp itself (bench/peers/llama.cpp <c>tokenize</c>).</summary>
    [Theory]
    [InlineData("gpt2", "smollm", "1234 abc12x 9", "16 17 18 19 450 66 16 17 87 220 24")]
    [InlineData("gpt2", "smollm", "HelloWorld FOObar's It's DON'T 12\n\n  x", "15496 10603 376 6684 5657 338 632 338 23917 6 51 220 16 17 628 220 2124")]
    [InlineData("gpt2", "smollm", "\u0967\u0968\u0969 \u2160\u00bd x", "24231 100 24231 101 24231 102 220 158 227 254 23141 2124")]
    [InlineData("llama3", "tekken", "1234 abc12x 9", "16 17 18 19 40122 16 17 87 220 24")]
    [InlineData("llama3", "tekken", "HelloWorld FOObar's It's DON'T 12\n\n  x", "9906 10343 435 20066 2308 596 1102 596 45373 17773 220 16 17 271 220 865")]
    [InlineData("llama3", "tekken", "e\u0301A\u030abc ABCdef camelCaseWORD", "68 54939 32 136 232 9081 19921 755 50252 4301 7375")]
    public void Ids_are_those_of_llama_cpp(string name, string pre, string text, string ids)
    {
        using GgufFile file = GgufFile.Parse(Build(name, "gpt2", pre).Build(), "m.gguf");
        Tokenizer tokenizer = Tokenizer.Parse(GgufTokenizer.ToJson(file), "m.gguf");
        Assert.Equal(ids, string.Join(' ', tokenizer.Encode(text, addSpecialTokens: false)));
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: false), skipSpecialTokens: false));
    }

    /// <summary>Ids of special tokens that a file leaves out are those that llama.cpp takes.</summary>
    [Theory]
    [InlineData("llama2", "llama")]
    [InlineData("bert", "bert")]
    public void Special_tokens_that_are_not_named_are_those_of_the_kind(string name, string kind)
    {
        GgufBuilder builder = Build(name, kind, "default");
        using GgufFile whole = GgufFile.Parse(builder.Build(), "m");
        foreach (string key in new[] { "bos_token_id", "eos_token_id", "unknown_token_id", "cls_token_id", "seperator_token_id" })
        {
            builder.Remove("tokenizer.ggml." + key);
        }

        using GgufFile file = GgufFile.Parse(builder.Build(), "m");
        Tokenizer expected = Tokenizer.Parse(GgufTokenizer.ToJson(whole), "m"), actual = Tokenizer.Parse(GgufTokenizer.ToJson(file), "m");
        Assert.Equal(expected.Encode("the \u2603 cat"), actual.Encode("the \u2603 cat"));
        Assert.Equal(kind == "llama" ? 2 : null, GgufTokenizer.SpecialId(file, "eos_token_id"));
    }

    /// <summary>The merges made of scores are those of Hugging Face's conversion, in the same order.</summary>
    [Fact]
    public void Merges_of_scores_are_those_of_the_library()
    {
        using GgufFile file = GgufFile.Parse(Build("llama2", "llama", "default").Build(), "m.gguf");
        JsonArray actual = JsonNode.Parse(GgufTokenizer.ToJson(file))!["model"]!["merges"]!.AsArray();
        JsonArray expected = JsonNode.Parse(ReferenceTokenizers.Bytes("llama2"))!["model"]!["merges"]!.AsArray();
        Assert.Equal(expected.Select(merge => (string)merge!), actual.Select(merge => $"{merge![0]} {merge[1]}"));
    }

    [Theory]
    [InlineData("tokenizer.ggml.pre", "chatglm-bpe", "tokenizer.ggml.pre is 'chatglm-bpe'")]
    [InlineData("tokenizer.ggml.model", "t5", "tokenizer.ggml.model is 't5'")]
    [InlineData("tokenizer.ggml.model", "none", "has no tokenizer")]
    [InlineData("tokenizer.ggml.precompiled_charsmap", "x", "tokenizer.ggml.precompiled_charsmap")]
    public void Other_kinds_are_refused_by_name(string key, object value, string says)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("m.gguf", Build("gpt2", "gpt2", "gpt-2").Replace(key, value).Build());
        string message = Assert.Throws<TokenizerFormatException>(() => ModelFolder.LoadTokenizer(path)).Message;
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.Contains("--ids", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cased_vocabulary_is_refused()
    {
        using GgufFile file = GgufFile.Parse(
            Build("bert", "bert", "x").Replace("tokenizer.ggml.tokens", new[] { "[UNK]", "\u2581The" }).Replace("tokenizer.ggml.token_type", new[] { 3, 1 }).Build(), "m");
        Assert.Contains("cased", GgufTokenizer.Problem(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer.ggml.merges", new[] { "a" }, typeof(TokenizerFormatException))]
    [InlineData("tokenizer.ggml.token_type", new[] { 1, 2 }, typeof(GgufException))]
    [InlineData("tokenizer.ggml.tokens", new[] { 1, 2 }, typeof(GgufException))]
    public void Lists_that_do_not_fit_are_refused(string key, object value, Type error)
    {
        using GgufFile file = GgufFile.Parse(Build("gpt2", "gpt2", "gpt-2").Replace(key, value).Build(), "m");
        Assert.Throws(error, () => Tokenizer.Parse(GgufTokenizer.ToJson(file), "m"));
    }

    private static int[] Ints(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>A tokenizer.json's parts as llama.cpp's converter writes them.</summary>
    internal static GgufBuilder Build(string name, string kind, string pre)
    {
        JsonNode json = JsonNode.Parse(ReferenceTokenizers.Bytes(name))!;
        SortedDictionary<int, string> tokens = [];
        foreach ((string token, JsonNode? id) in json["model"]!["vocab"]!.AsObject())
        {
            tokens.Add((int)id!, token);
        }

        SortedDictionary<int, int> kinds = new(tokens.ToDictionary(entry => entry.Key, entry => entry.Value.StartsWith("<0x", StringComparison.Ordinal) && kind == "llama" ? 6 : 1));
        foreach (JsonNode? added in json["added_tokens"]!.AsArray())
        {
            int id = (int)added!["id"]!;
            tokens[id] = (string)added["content"]!;
            kinds[id] = kind == "llama" && tokens[id] == "<unk>" ? 2 : (bool)added["special"]! ? 3 : 4;
        }

        GgufBuilder builder = new();
        builder.Add("general.architecture", "llama").Add("tokenizer.ggml.model", kind).Add("tokenizer.ggml.pre", pre);
        builder.Add("tokenizer.ggml.tokens", tokens.Select(entry => kind != "bert" || kinds[entry.Key] == 3 ? entry.Value
            : entry.Value.StartsWith("##", StringComparison.Ordinal) ? entry.Value[2..] : "\u2581" + entry.Value).ToArray());
        builder.Add("tokenizer.ggml.token_type", kinds.Values.ToArray());
        if (kind == "llama")
        {
            // SentencePiece's scores of this model: 0 for what is no piece, then -1, -2 and so on, but runs of blanks come last.
            builder.Add("tokenizer.ggml.scores", tokens.Select(entry => kinds[entry.Key] != 1 ? 0f : entry.Value.All(c => c == '\u2581') ? -1e9f : 259f - entry.Key).ToArray());
        }
        else if (kind == "gpt2")
        {
            builder.Add("tokenizer.ggml.merges", json["model"]!["merges"]!.AsArray().Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)merge!).ToArray());
        }

        foreach ((string key, string token) in new[]
        {
            ("bos_token_id", name == "llama3" ? "<|begin_of_text|>" : "<s>"), ("eos_token_id", "</s>"), ("unknown_token_id", kind == "bert" ? "[UNK]" : "<unk>"),
            ("cls_token_id", "[CLS]"), ("seperator_token_id", "[SEP]"),
        })
        {
            if (tokens.FirstOrDefault(entry => entry.Value == token) is { Value: not null } found)
            {
                builder.Add($"tokenizer.ggml.{key}", (uint)found.Key);
            }
        }

        return builder;
    }
}
