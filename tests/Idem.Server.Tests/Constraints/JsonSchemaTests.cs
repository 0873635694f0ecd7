using System.Text;
using System.Text.Json;
using Idem.Inference.Constraints;
using Idem.Numerics.Random;
using Idem.Server.Tests.Support;
using Idem.Tokenizers;
using Json.Schema;
using JsonSchemaException = Idem.Inference.Constraints.JsonSchemaException;

namespace Idem.Server.Tests.Constraints;

/// <summary>Texts that are drawn under a constraint are valid against its schema, as a validator that is not ours judges; what is not supported is refused.</summary>
public sealed class JsonSchemaTests
{
    private static readonly JsonSchemaConstraints Constraints = new(SmallModel.Tokenizer, SmallModel.Tokenizer.VocabularySize + SmallModel.Padding, [SmallModel.Tokenizer.VocabularySize]);

    [Theory]
    [InlineData("""{"type":"null"}""", "null")]
    [InlineData("""{"const":{"a":[1,"x"]}}""", """{"a":[1,"x"]}""")]
    [InlineData("""{"type":"object","additionalProperties":false}""", "{}")]
    [InlineData("""{"type":"array","items":{"type":"null"},"minItems":2,"maxItems":2}""", "[null,null]|[null, null]")]
    [InlineData("""{"type":"integer","minimum":-2,"maximum":3}""", "-2|-1|0|1|2|3")]
    [InlineData("""{"type":"integer","minimum":97,"maximum":102}""", "97|98|99|100|101|102")]
    [InlineData("""{"type":"integer","exclusiveMinimum":-12.5,"exclusiveMaximum":-8}""", "-12|-11|-10|-9")]
    [InlineData("""{"enum":[1,12,"b\n",true],"type":["integer","string"]}""", "1|12|\"b\\n\"")]
    [InlineData("""{"anyOf":[{"const":1},{"$ref":"#/$defs/x"}],"$defs":{"x":{"type":"boolean"}}}""", "1|true|false")]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"required":["b"]}""", """{"b":2}|{"b": 2}|{"a":1,"b":2}|{"a":1,"b": 2}|{"a":1, "b":2}|{"a":1, "b": 2}|{"a": 1,"b":2}|{"a": 1,"b": 2}|{"a": 1, "b":2}|{"a": 1, "b": 2}""")]
    public void TheTextsOfASmallSchemaAreThese(string schema, string texts) => Assert.Equal(texts.Split('|').Order(StringComparer.Ordinal), AllTexts(schema).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("""{"type":"string","minLength":1,"maxLength":1}""", 95 - 2 + 3, 10)]
    [InlineData("""{"type":"string","maxLength":0}""", 0, 0)]
    public void OneCharacterIsEveryCharacterOrAnEscape(string schema, int plain, int escapes)
    {
        // \u escapes are 16^4 and more: only the short ones are counted.
        string[] texts = [.. AllTexts(schema, "\"\\u").Where(text => text != "\"\"")];
        Assert.Equal(plain, texts.Count(text => !text.Contains('\\', StringComparison.Ordinal)));
        Assert.Equal(escapes == 0 ? 0 : 8, texts.Count(text => text.Contains('\\', StringComparison.Ordinal)));
    }

    [Fact]
    public void RandomTextsOfRandomSchemasAreValid()
    {
        const int Schemas = 300, Texts = 3;
        int checkedTexts = 0;
        for (ulong i = 0; i < Schemas; i++)
        {
            string schema = RandomSchemas.Create(new RandomDraws(i), depth: 3);
            ITokenConstraint constraint = Constraints.Create(schema);
            JsonSchema validator = JsonSchema.FromText(schema);
            for (ulong j = 0; j < Texts; j++)
            {
                if (ConstraintWalk.Draw(constraint, SmallModel.Tokenizer, new RandomDraws((i * 1000) + j), 3000, SmallModel.Padding) is not { } text)
                {
                    continue; // recursion that did not end in time
                }

                using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1000, AllowDuplicateProperties = false });
                EvaluationResults result = validator.Evaluate(document.RootElement);
                Assert.True(result.IsValid, $"{schema}\n{text}");
                checkedTexts++;
            }
        }

        Assert.True(checkedTexts > Schemas * 2, $"only {checkedTexts} texts ended");
    }

    [Theory]
    [InlineData("""true""", "")]
    [InlineData("""[]""", "")]
    [InlineData("""{}""", "")]
    [InlineData("""{"type":"thing"}""", "/type")]
    [InlineData("""{"type":"object","additionalProperties":true}""", "/additionalProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"a"}}}""", "/properties/a")]
    [InlineData("""{"type":"object","required":["a"]}""", "/required")]
    [InlineData("""{"type":"array"}""", "")]
    [InlineData("""{"type":"array","items":{"type":"null"},"minItems":3,"maxItems":2}""", "")]
    [InlineData("""{"type":"array","items":{"type":"null"},"maxItems":4097}""", "/maxItems")]
    [InlineData("""{"type":"string","minLength":-1}""", "/minLength")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""", "")]
    [InlineData("""{"type":"number","minimum":1}""", "/minimum")]
    [InlineData("""{"type":"integer","minimum":1.2,"maximum":1.8}""", "")]
    [InlineData("""{"type":"integer","minimum":1e30}""", "/minimum")]
    [InlineData("""{"enum":[]}""", "/enum")]
    [InlineData("""{"enum":[1],"type":"string"}""", "")]
    [InlineData("""{"allOf":[{"type":"string"}]}""", "")]
    [InlineData("""{"anyOf":[]}""", "/anyOf")]
    [InlineData("""{"anyOf":[{"type":"null"}],"type":"null"}""", "/type")]
    [InlineData("""{"$ref":"http://127.0.0.1/a.json"}""", "/$ref")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "/$ref")]
    [InlineData("""{"$ref":"#"}""", "")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},"$ref":"#/$defs/a"}""", "/$defs/a")]
    [InlineData("""{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}""", "")]
    [InlineData("""{"const":"\u4E2D"}""", "")]
    public void WhatIsNotSupportedIsRefusedWithItsPlace(string schema, string path) => Assert.Equal(path, Assert.Throws<JsonSchemaException>(() => Constraints.Create(schema)).Path);

    [Fact]
    public void ASchemaTooLargeOrTooDeepIsRefusedInTime()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"type":"array","items":""", 60)) + """{"type":"null"}""" + new string('}', 60);
        Assert.NotNull(Constraints.Create(deep));
        Assert.Throws<JsonSchemaException>(() => Constraints.Create(string.Concat(Enumerable.Repeat("""{"type":"array","items":""", 70)) + """{"type":"null"}""" + new string('}', 70)));
        string wide = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"type":"string","minLength":4000,"maxLength":{{4000 + i}}}"""));
        Assert.Throws<JsonSchemaException>(() => Constraints.Create($$"""{"anyOf":[{{wide}}]}"""));
        Assert.Throws<JsonSchemaException>(() => Constraints.Create($$"""{"const":"{{new string('a', 300_000)}}"}"""));
        Assert.NotNull(Constraints.Create($$"""{"enum":[{{string.Join(',', Enumerable.Range(0, 30_000))}}]}"""));
        string references = string.Join(',', Enumerable.Range(0, 4000).Select(i => $$"""{"$ref":"#/$defs/{{i}}"}""")), definitions = string.Join(',', Enumerable.Range(0, 4000).Select(i => $"\"{i}\":{{\"type\":\"null\"}}"));
        Assert.NotNull(Constraints.Create($$"""{"anyOf":[{{references}}],"$defs":{ {{definitions}} } }"""));
    }

    [Fact]
    public void ManyReadingsAtOnceAreBounded()
    {
        // Each level doubles the readings of what was written: 2^n of them.
        const string Schema = """
            {"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/a"},"maxItems":2},{"type":"array","items":{"$ref":"#/$defs/a"},"maxItems":3},{"type":"null"}]}}}
            """;
        ITokenConstraintState state = Constraints.Create(Schema).Begin();
        int open = SmallModel.Tokenizer.TokenToId("[")!.Value, close = SmallModel.Tokenizer.TokenToId("]")!.Value;
        TokenMask mask = new(SmallModel.Tokenizer.VocabularySize + SmallModel.Padding);
        for (int i = 0; i < 400; i++)
        {
            mask.Clear();
            Assert.True(state.Allow(mask) && mask.IsAllowed(i < 200 ? open : close));
            state.Append(i < 200 ? open : close);
        }

        mask.Clear();
        Assert.False(state.Allow(mask));
    }

    [Fact]
    public void WhatIsAllowedDoesNotDependOnWhatElseWasRead()
    {
        // So many states that the automaton is replaced again and again under the first text.
        const string Schema = """{"type":"array","items":{"type":"array","items":{"type":"string","maxLength":3000}}}""";
        ITokenConstraint shared = Constraints.Create(Schema), fresh = Constraints.Create(Schema);
        string text = ConstraintWalk.Draw(fresh, SmallModel.Tokenizer, new RandomDraws(5), 400, SmallModel.Padding, cut: true)!;
        ITokenConstraintState alone = fresh.Begin(), beside = shared.Begin();
        TokenMask a = new(SmallModel.Tokenizer.VocabularySize + SmallModel.Padding), b = new(a.Vocabulary);
        ulong draw = 100;
        foreach (int id in SmallModel.Tokenizer.Encode(text))
        {
            ConstraintWalk.Draw(shared, SmallModel.Tokenizer, new RandomDraws(draw++), 200, SmallModel.Padding, cut: true);
            a.Clear();
            b.Clear();
            Assert.Equal(alone.Allow(a), beside.Allow(b));
            Assert.True(a.Words.SequenceEqual(b.Words));
            alone.Append(id);
            beside.Append(id);
        }
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("metaspace")]
    public void TokensOfManyBytesAndOfPartsOfCharactersSpellValidTexts(string kind)
    {
        Tokenizer tokenizer = kind == "byte-level" ? ByteLevelTokenizer() : MetaspaceTokenizer();
        JsonSchemaConstraints constraints = new(tokenizer, tokenizer.VocabularySize, []);
        const string Schema = """{"type":"object","properties":{"n\u00E9":{"type":"string","minLength":1,"maxLength":12},"i":{"type":"array","items":{"type":"integer"},"maxItems":3}},"required":["n\u00E9","i"],"additionalProperties":false}""";
        ITokenConstraint constraint = constraints.Create(Schema);
        for (ulong i = 0; i < 60; i++)
        {
            string text = ConstraintWalk.Draw(constraint, tokenizer, new RandomDraws(i), 1000, padding: 0)!;
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.True(JsonSchema.FromText(Schema).Evaluate(document.RootElement).IsValid, text);
            Assert.DoesNotContain('\uFFFD', text);
        }
    }

    private static Tokenizer ByteLevelTokenizer() => BpeTrainer.Train(["{\"a\": \"caf\u00E9 \u20AC \u20AC \U0001F600\", \"items\": [1, 22, 333]} and so on, and so on: \"x\", \"y\""], 300);

    // As Llama 2's: words begin with a low line, bytes that are no token are spelled one by one, the first blank goes.
    private static Tokenizer MetaspaceTokenizer()
    {
        string[] tokens = ["<unk>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "\u2581", "{", "}", "\"", "\u2581{", "\":", "\u2581\"", ",", "\u2581\"i", "1", "23", "[", "]", "\u2581a", "ab", "\u00E9"];
        string vocabulary = string.Join(',', tokens.Select((token, id) => $"{JsonSerializer.Serialize(token)}:{id}"));
        return Tokenizer.Parse(Encoding.UTF8.GetBytes($$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
             "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"\u2581"},{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}]},"pre_tokenizer":null,"post_processor":null,
             "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"\u2581"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
             "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{ {{vocabulary}} },"merges":[] } }
            """), "metaspace");
    }

    // Every text that a constraint allows, shortest tokens first; those that begin with what is left out are not followed.
    private static List<string> AllTexts(string schema, string? leaveOut = null)
    {
        Tokenizer tokenizer = SmallModel.Tokenizer;
        ITokenConstraint constraint = Constraints.Create(schema);
        List<string> texts = [];
        Queue<int[]> open = new([[]]);
        while (open.TryDequeue(out int[]? ids))
        {
            ITokenConstraintState state = constraint.Begin();
            foreach (int id in ids)
            {
                state.Append(id);
            }

            TokenMask mask = new(tokenizer.VocabularySize + SmallModel.Padding);
            bool goesOn = state.Allow(mask);
            if (!goesOn || mask.IsAllowed(tokenizer.VocabularySize))
            {
                texts.Add(tokenizer.Decode(ids));
            }

            for (int id = 0; goesOn && id < tokenizer.VocabularySize; id++)
            {
                int[] next = [.. ids, id];
                if (mask.IsAllowed(id) && (leaveOut is null || !tokenizer.Decode(next).StartsWith(leaveOut, StringComparison.Ordinal)))
                {
                    open.Enqueue(next);
                }
            }
        }

        return texts;
    }
}
