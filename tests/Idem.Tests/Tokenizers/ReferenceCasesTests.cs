// Every case of the reference data: ids, tokens and decoded texts equal what Hugging Face's library gave.

using System.Text.Json;
using Idem.Tests.Support;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class ReferenceCasesTests
{
    [Theory]
    [InlineData("bert")]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    [InlineData("qwen2_5")]
    public void EveryCaseIsEqual(string name)
    {
        Tokenizer tokenizer = ReferenceTokenizers.Load(name);
        using JsonDocument cases = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Require($"reference/tokenizers/{name}/cases-a.json")));
        int count = 0;
        foreach (JsonElement item in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = item.GetProperty("text").GetString()!;
            int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
            int[] withSpecials = tokenizer.Encode(text);
            Assert.Equal(Ints(item, "ids"), ids);
            Assert.Equal(Ints(item, "ids_with_special_tokens"), withSpecials);
            Assert.Equal(item.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()), ids.Select(tokenizer.IdToToken));
            Assert.Equal(item.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(item.GetProperty("decoded_skip_special").GetString(), tokenizer.Decode(withSpecials));
            Assert.Equal(item.GetProperty("decoded").GetString(), Stream(tokenizer, ids));
            TokenEncoding traced = tokenizer.EncodeWithOffsets(text);
            Assert.Equal(withSpecials, traced.Ids);
            Assert.Equal(traced.Ids.Count, traced.Offsets.Count);
            count++;
        }

        Assert.True(count > 100, $"only {count} cases were found");
    }

    [Fact]
    public void EveryPairIsEqual()
    {
        Tokenizer tokenizer = ReferenceTokenizers.Load("bert");
        using JsonDocument cases = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Require("reference/tokenizers/bert/cases-a.json")));
        JsonElement pairs = cases.RootElement.GetProperty("pairs");
        Assert.True(pairs.GetArrayLength() > 0);
        foreach (JsonElement item in pairs.EnumerateArray())
        {
            TokenEncoding encoding = tokenizer.EncodeWithOffsets(item.GetProperty("text").GetString()!, item.GetProperty("pair").GetString()!);
            Assert.Equal(Ints(item, "ids"), encoding.Ids);
            Assert.Equal(Ints(item, "type_ids"), encoding.TypeIds);
        }
    }

    [Theory]
    [InlineData("bert", 30522)]
    [InlineData("llama2", 32000)]
    [InlineData("gpt2", 50257)]
    [InlineData("llama3", 128256)]
    [InlineData("qwen2_5", 151665)]
    public void VocabularyIsWhole(string name, int size)
    {
        Tokenizer tokenizer = ReferenceTokenizers.Load(name);
        Assert.Equal(size, tokenizer.VocabularySize);
        for (int id = 0; id < size; id++)
        {
            Assert.Equal(id, tokenizer.TokenToId(tokenizer.IdToToken(id)));
        }
    }

    [Fact]
    public void SavedFormIsTheLibrarysOwn()
    {
        // Hugging Face's library wrote this file, in its compact form. It says "no affix" as "" where null is written here.
        string expected = System.Text.Encoding.UTF8.GetString(ReferenceTokenizers.Bytes("qwen2_5"))
            .Replace("_prefix\":\"\"", "_prefix\":null", StringComparison.Ordinal)
            .Replace("_suffix\":\"\"", "_suffix\":null", StringComparison.Ordinal);
        string saved = System.Text.Encoding.UTF8.GetString(ReferenceTokenizers.Load("qwen2_5").ToJson());
        string compact = string.Concat(saved.Split('\n').Select(line => line.TrimStart(' ')));
        Assert.Equal(expected, compact.Replace("\": ", "\":", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    public void SavedFormIsStable(string name)
    {
        byte[] saved = ReferenceTokenizers.Load(name).ToJson();
        Assert.Equal(saved, Tokenizer.Parse(saved, "saved").ToJson());
    }

    private static int[] Ints(JsonElement item, string name) =>
        [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static string Stream(Tokenizer tokenizer, int[] ids)
    {
        StreamDecoder decoder = tokenizer.CreateStreamDecoder(skipSpecialTokens: false);
        return string.Concat(ids.Select(decoder.Append)) + decoder.Finish();
    }
}
