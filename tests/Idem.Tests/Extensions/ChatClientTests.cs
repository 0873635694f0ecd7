using System.Text;
using System.Text.Json;
using Idem.Extensions.AI;
using Idem.Formats;
using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;
using Microsoft.Extensions.AI;
using CharacterTrainer = Idem.Tokenizers.CharacterTrainer;

namespace Idem.Tests.Extensions;

/// <summary>The same answer alone, beside others and as a stream; what cannot be honoured is refused by name.</summary>
public sealed class ChatClientTests : IDisposable
{
    private const string Template = "{% for m in messages %}{{ m.role[0] ~ ' ' ~ m.content ~ ';' }}{% endfor %}{% if add_generation_prompt %}{{ 'a ' }}{% endif %}";

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public ChatClientTests()
    {
        _path = TinyFolder.Write(_folder, "llama");
        File.WriteAllText(Path.Combine(_path, "chat_template.jinja"), Template);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnAnswerIsTheGenerationOfTheRenderedConversation()
    {
        using IdemChatClient client = IdemChatClient.Load(_path);
        ChatResponse answer = await client.GetResponseAsync("fox", new ChatOptions { MaxOutputTokens = 20, Seed = 3, Instructions = "jump" }, TestContext.Current.CancellationToken);

        ModelFolder model = ModelFolder.Load(_path);
        int[] prompt = model.Tokenizer.Encode("s jump;u fox;a ", addSpecialTokens: false);
        GeneratedToken[] tokens = [.. new Engine(model.Decoder).Generate(prompt, new SamplingSettings { MaxTokens = 20, Temperature = 0.8f, Seed = 3, StopIds = model.StopIds })];
        TextStream stream = new(model.Tokenizer);
        Assert.Equal(string.Concat(tokens.Select(token => stream.Append(token.Id))) + stream.Finish(), answer.Text);
        Assert.Equal(GeneratedToken.DigestOf(tokens).ToString(), answer.AdditionalProperties![IdemChatClient.LogitsDigest]);
        Assert.Equal((prompt.Length, tokens.Length), (answer.Usage!.InputTokenCount, answer.Usage.OutputTokenCount));
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
    }

    /// <summary>Options that are left out are those of generation_config.json; those that are given come first.</summary>
    [Fact]
    public async Task TheModelsOwnSettingsAreItsDefaults()
    {
        string file = Path.Combine(_path, "generation_config.json");
        File.WriteAllText(file, """{"do_sample": true, "temperature": 0.5, "top_k": 9, "min_p": 0.02, "repetition_penalty": 1.4, "max_new_tokens": 13}""");
        CancellationToken none = TestContext.Current.CancellationToken;
        using IdemChatClient client = IdemChatClient.Load(_path);
        ModelFolder model = ModelFolder.Load(_path);
        SamplingSettings settings = new() { Temperature = 0.5f, TopK = 9, MinP = 0.02f, RepetitionPenalty = 1.4f, MaxTokens = 13, StopIds = model.StopIds };
        Assert.Equal(Digest(settings), await Ask(client, null));
        Assert.Equal(Digest(settings with { Temperature = 0, MaxTokens = 9 }), await Ask(client, new ChatOptions { Temperature = 0, MaxOutputTokens = 9 }));
        using IdemChatClient plain = new(model, defaults: GenerationDefaults.None);
        Assert.Equal(Digest(new SamplingSettings { Temperature = 0.8f, MaxTokens = 9, StopIds = model.StopIds }), await Ask(plain, new ChatOptions { MaxOutputTokens = 9 }));

        File.WriteAllText(file, """{"no_repeat_ngram_size": 3}""");
        Assert.Contains("no_repeat_ngram_size", Assert.Throws<ModelConfigException>(() => IdemChatClient.Load(_path)).Message, StringComparison.Ordinal);

        string Digest(SamplingSettings asked) =>
            GeneratedToken.DigestOf(new Engine(model.Decoder).Generate(model.Tokenizer.Encode("u fox;a ", addSpecialTokens: false), asked)).ToString();

        async Task<string> Ask(IdemChatClient asked, ChatOptions? options) => (string)(await asked.GetResponseAsync("fox", options, none)).AdditionalProperties![IdemChatClient.LogitsDigest]!;
    }

    [Fact]
    public async Task RequestsAtOnceGetWhatEachGetsAlone()
    {
        using IdemChatClient client = IdemChatClient.Load(_path);
        string[] alone = new string[6];
        for (int i = 0; i < alone.Length; i++)
        {
            alone[i] = await Ask(client, i);
        }

        using IdemChatClient fresh = IdemChatClient.Load(_path);
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Ask(fresh, i))));
        Assert.True(alone.Distinct().Count() > 1);
    }

    [Fact]
    public async Task AStreamEndsBeforeAStopSequence()
    {
        using IdemChatClient client = IdemChatClient.Load(_path);
        string whole = await Ask(client, 1);
        string stop = whole.Substring(5, 2), text = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Question(1), Options(1, stop), TestContext.Current.CancellationToken))
        {
            text += update.Text;
        }

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], text);
    }

    /// <summary>An answer asked for as a type is one, whatever the weights; and it is the same each time.</summary>
    [Fact]
    public async Task AnAnswerIsHeldToASchema()
    {
        byte[] ascii = CharacterTrainer.Train([string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c))]).ToJson();
        Llama model = new(new LlamaConfig
        {
            VocabSize = 95, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 1, NumAttentionHeads = 2, NumKeyValueHeads = 2, MaxPositionEmbeddings = 600, InitializerRange = 0.2,
            EosTokenIds = [],
        });
        model.Initialize(4);
        model.Eval();
        string path = _folder["json"];
        FolderFile template = new("chat_template.jinja", stream => stream.Write(Encoding.UTF8.GetBytes(Template)));
        AtomicFolder.Write(DiskFileSystem.Instance, path, [.. ModelFolder.Files(model, ascii, model.StateDict().ToNamedTensors()), template]);
        using IdemChatClient client = new(ModelFolder.Load(path));
        for (int seed = 0; seed < 5; seed++)
        {
            ChatOptions options = new() { Seed = seed, Temperature = 1, ResponseFormat = ChatResponseFormat.ForJsonSchema<Reading>() };
            ChatResponse answer = await client.GetResponseAsync("u", options, TestContext.Current.CancellationToken);
            Reading reading = JsonSerializer.Deserialize<Reading>(answer.Text, JsonSerializerOptions.Web)!;
            Assert.True(Enum.IsDefined(reading.Kind));
            Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
            Assert.Equal(answer.Text, (await client.GetResponseAsync("u", options, TestContext.Current.CancellationToken)).Text);
        }

        ChatOptions odd = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object","properties":{"a":{"type":"string","format":"uri"}}}""").RootElement) };
        Assert.Contains("format", (await Assert.ThrowsAsync<JsonSchemaException>(() => client.GetResponseAsync("u", odd, TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeHonouredIsRefused()
    {
        using IdemChatClient client = IdemChatClient.Load(_path);
        CancellationToken none = TestContext.Current.CancellationToken;
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("u", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }, none));
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("u", new ChatOptions { Tools = [new HostedWebSearchTool()] }, none));
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("u", new ChatOptions { ModelId = "other" }, none));
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, [new UriContent("https://example.org/a.png", "image/png")])], null, none));
        File.Delete(Path.Combine(_path, "chat_template.jinja"));
        Assert.Contains("no chat template", Assert.Throws<ArgumentException>(() => IdemChatClient.Load(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbeddingsAreThePooledStates()
    {
        using IdemEmbeddingGenerator generator = IdemEmbeddingGenerator.Load(_path);
        GeneratedEmbeddings<Embedding<float>> two = await generator.GenerateAsync(["fox", "quick dog"], cancellationToken: TestContext.Current.CancellationToken);
        ModelFolder model = ModelFolder.Load(_path);
        Assert.Equal(HiddenStates.Of(model.Model, model.Tokenizer.Encode("quick dog")).Pooled, two[1].Vector.ToArray());
        Assert.Equal(12, two.Usage!.InputTokenCount);
    }

    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<Weather>))]
    private enum Weather
    {
        Sun,
        Rain,
    }

    private sealed record Reading(Weather Kind, long Degrees, bool? Wind);

    private static async Task<string> Ask(IdemChatClient client, int i) =>
        (await client.GetResponseAsync(Question(i), Options(i), TestContext.Current.CancellationToken)).Text;

    private static string Question(int i) => new((char)('a' + i), i + 1);

    private static ChatOptions Options(int seed, params string[] stops) => new() { MaxOutputTokens = 15 + seed, Seed = seed, Temperature = 1, StopSequences = stops };
}
