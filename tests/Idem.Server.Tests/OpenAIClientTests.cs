using System.ClientModel;
using System.Text.Json;
using Idem.Inference;
using Idem.Server.Tests.Support;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace Idem.Server.Tests;

/// <summary>The official OpenAI client against a running server: what it sends is understood, what it gets is what the engine gives alone.</summary>
public sealed class OpenAIClientTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AChatIsTheGenerationOfTheRenderedConversation()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync([new SystemChatMessage("jump"), new UserChatMessage("fox")], new ChatCompletionOptions { MaxOutputTokenCount = 20, Seed = 3 });

        GeneratedToken[] alone = _server.Alone("s jump;u fox;a ", new SamplingSettings { MaxTokens = 20, Seed = 3 });
        Assert.Equal(_server.Text(alone), answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(_server.Model.Fingerprint, answer.SystemFingerprint);
        Assert.Equal((15, 20), (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task AStreamGivesTheSameTextInParts()
    {
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 30, Seed = 5, Temperature = 1.5f, TopP = 0.9f };
        ChatCompletion whole = await Chat().CompleteChatAsync([new UserChatMessage("quick")], options);
        string text = "";
        int parts = 0;
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync([new UserChatMessage("quick")], options))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            parts++;
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }

        Assert.Equal(whole.Content[0].Text, text);
        Assert.True(parts > 20);
        Assert.Equal(ChatFinishReason.Length, reason);
        Assert.Equal(30, usage!.OutputTokenCount);
    }

    [Fact]
    public async Task LogProbabilitiesAreThoseOfTheEngineToTheBit()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync(
            [new UserChatMessage("lazy")], new ChatCompletionOptions { MaxOutputTokenCount = 12, Seed = 1, IncludeLogProbabilities = true, TopLogProbabilityCount = 4 });

        GeneratedToken[] alone = _server.Alone("u lazy;a ", new SamplingSettings { MaxTokens = 12, Seed = 1, TopLogProbabilities = 4 });
        Assert.Equal(alone.Select(Bits), answer.ContentTokenLogProbabilities.Select(token => (token.Token, BitConverter.SingleToInt32Bits(token.LogProbability))));
        Assert.Equal(
            alone.SelectMany(token => token.Top).Select(top => (_server.Spell(top.Id), BitConverter.SingleToInt32Bits(top.LogProbability))),
            answer.ContentTokenLogProbabilities.SelectMany(token => token.TopLogProbabilities).Select(top => (top.Token, BitConverter.SingleToInt32Bits(top.LogProbability))));

        (string, int) Bits(GeneratedToken token) => (_server.Spell(token.Id), BitConverter.SingleToInt32Bits(token.LogProbability));
    }

    [Fact]
    public async Task TwoChoicesHaveDrawsOfTheirOwnAndComeAgain()
    {
        const string Request = """{"model":"tiny","messages":[{"role":"user","content":"dog"}],"n":2,"max_completion_tokens":20,"seed":11}"""; // the client's own options have no n
        string[] first = await TextsAsync(), again = await TextsAsync();
        SamplingSettings settings = new() { MaxTokens = 20, Seed = 11 };
        Assert.Equal([_server.Text(_server.Alone("u dog;a ", settings)), _server.Text(_server.Alone("u dog;a ", settings, sample: 1))], first);
        Assert.NotEqual(first[0], first[1]);
        Assert.Equal(first, again);

        async Task<string[]> TextsAsync()
        {
            ClientResult result = await Chat().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Request)));
            using JsonDocument answer = JsonDocument.Parse(result.GetRawResponse().Content);
            return [.. answer.RootElement.GetProperty("choices").EnumerateArray().OrderBy(choice => choice.GetProperty("index").GetInt32())
                .Select(choice => choice.GetProperty("message").GetProperty("content").GetString()!)];
        }
    }

    [Fact]
    public async Task StopStringsEndTheText()
    {
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 40, Seed = 9 };
        string whole = (await Chat().CompleteChatAsync([new UserChatMessage("dog")], options)).Value.Content[0].Text;
        options.StopSequences.Add(whole.Substring(7, 2));
        ChatCompletion answer = await Chat().CompleteChatAsync([new UserChatMessage("dog")], options);
        Assert.Equal(whole[..whole.IndexOf(whole.Substring(7, 2), StringComparison.Ordinal)], answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task AnAnswerFollowsItsSchema()
    {
        const string Schema = """{"type":"object","properties":{"ok":{"type":"boolean"},"count":{"type":"integer","minimum":1,"maximum":12}},"required":["ok","count"],"additionalProperties":false}""";
        ChatCompletion answer = await Chat().CompleteChatAsync([new UserChatMessage("fox")], new ChatCompletionOptions
        {
            Seed = 2, MaxOutputTokenCount = 60, ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("answer", BinaryData.FromString(Schema), "what it is", jsonSchemaIsStrict: true),
        });
        using JsonDocument value = JsonDocument.Parse(answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(["ok", "count"], value.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.InRange(value.RootElement.GetProperty("count").GetInt32(), 1, 12);
    }

    [Fact]
    public async Task TheModelIsListed()
    {
        OpenAIModelCollection models = await Client().GetOpenAIModelClient().GetModelsAsync();
        Assert.Equal("tiny", Assert.Single(models).Id);
    }

    [Fact]
    public async Task EmbeddingsAreThePooledStates()
    {
        EmbeddingClient client = Client().GetEmbeddingClient("tiny");
        OpenAIEmbeddingCollection two = await client.GenerateEmbeddingsAsync(["fox", "quick dog"]);
        Assert.Equal(HiddenStates.Of(_server.Model.Folder.Model, _server.Model.Tokenizer.Encode("quick dog")).Pooled, two[1].ToFloats().ToArray());
        Assert.Equal(12, two.Usage.InputTokenCount);
    }

    [Fact]
    public async Task ErrorsCarryTheirFieldAndCode()
    {
        ClientResultException failure = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat().CompleteChatAsync([new UserChatMessage("fox")], new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("f") } }));
        Assert.Equal(400, failure.Status);
        Assert.Contains("'tools'", failure.Message, StringComparison.Ordinal);

        failure = await Assert.ThrowsAsync<ClientResultException>(() => Client().GetChatClient("other").CompleteChatAsync([new UserChatMessage("fox")]));
        Assert.Equal(404, failure.Status);
        Assert.Contains("model_not_found", failure.Message, StringComparison.Ordinal);
    }

    private ChatClient Chat() => Client().GetChatClient("tiny");

    private OpenAIClient Client() => new(new ApiKeyCredential("unused"), new OpenAIClientOptions { Endpoint = new Uri(_server.Server.Address, "v1") });
}
