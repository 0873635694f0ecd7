using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Idem.Inference;
using Idem.Server.Tests.Support;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Idem.Server.Tests;

/// <summary>Microsoft.Extensions.AI's clients, over the OpenAI client, against a running server.</summary>
public sealed class MicrosoftExtensionsTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AChatWholeAndInParts()
    {
        using IChatClient client = Client().GetChatClient("tiny").AsIChatClient();
        ChatOptions options = new() { MaxOutputTokens = 20, Seed = 3, Temperature = 0.5f, TopP = 0.9f, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f, StopSequences = ["~~"] };
        ChatResponse whole = await client.GetResponseAsync("fox", options);
        string parts = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("fox", options))
        {
            parts += update.Text;
        }

        GeneratedToken[] alone = _server.Alone("u fox;a ", new SamplingSettings { MaxTokens = 20, Seed = 3, Temperature = 0.5f, TopP = 0.9f, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f });
        Assert.Equal(_server.Text(alone), whole.Text);
        Assert.Equal(whole.Text, parts);
        Assert.Equal(20, whole.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task LogProbabilitiesAndSamplesByTheClientsOwnOptions()
    {
        using IChatClient client = Client().GetChatClient("tiny").AsIChatClient();
        ChatResponse answer = await client.GetResponseAsync("lazy", new ChatOptions { MaxOutputTokens = 12, Seed = 1, RawRepresentationFactory = _ => Own() });

        SamplingSettings settings = new() { MaxTokens = 12, Seed = 1, TopLogProbabilities = 3 };
        GeneratedToken[] alone = _server.Alone("u lazy;a ", settings), second = _server.Alone("u lazy;a ", settings, sample: 1);
        OpenAI.Chat.ChatCompletion raw = Assert.IsType<OpenAI.Chat.ChatCompletion>(answer.RawRepresentation);
        Assert.Equal(
            alone.Select(token => (_server.Spell(token.Id), BitConverter.SingleToInt32Bits(token.LogProbability), 3)),
            raw.ContentTokenLogProbabilities.Select(token => (token.Token, BitConverter.SingleToInt32Bits(token.LogProbability), token.TopLogProbabilities.Count)));
        using JsonDocument whole = JsonDocument.Parse(ModelReaderWriter.Write(raw)); // it shows one choice, and holds both
        Assert.Equal(
            [_server.Text(alone), _server.Text(second)],
            whole.RootElement.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()));
        Assert.Equal((_server.Text(alone), 24), (answer.Text, answer.Usage!.OutputTokenCount));

        static OpenAI.Chat.ChatCompletionOptions Own()
        {
            OpenAI.Chat.ChatCompletionOptions options = new() { IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
            options.Patch.Set("$.n"u8, 2);
            return options;
        }
    }

    [Fact]
    public async Task AStopStringThatHitsEndsTheText()
    {
        using IChatClient client = Client().GetChatClient("tiny").AsIChatClient();
        ChatOptions options = new() { MaxOutputTokens = 40, Seed = 9 };
        string whole = (await client.GetResponseAsync("dog", options)).Text, stop = whole.Substring(7, 2);
        options.StopSequences = [stop];
        ChatResponse answer = await client.GetResponseAsync("dog", options);
        Assert.Equal((whole[..whole.IndexOf(stop, StringComparison.Ordinal)], ChatFinishReason.Stop), (answer.Text, answer.FinishReason));
    }

    [Fact]
    public async Task AnErrorCarriesItsStatusAndCode()
    {
        using IChatClient client = Client().GetChatClient("tiny").AsIChatClient();
        ClientResultException failure = await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync("dog", new ChatOptions { MaxOutputTokens = 4000 }));
        Assert.Equal(400, failure.Status);
        Assert.Contains("context_length_exceeded", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerOfAType()
    {
        using IChatClient client = Client().GetChatClient("tiny").AsIChatClient();
        ChatOptions options = new() { MaxOutputTokens = 350, Seed = 1, Temperature = 1, ResponseFormat = ChatResponseFormat.ForJsonSchema<Animal>() };
        ChatResponse answer = await client.GetResponseAsync("which", options);
        Assert.True(answer.FinishReason != ChatFinishReason.Stop || JsonSerializer.Deserialize<Animal>(answer.Text, AIJsonUtilities.DefaultOptions) is { Kind: AnimalKind.Fox or AnimalKind.Dog }, answer.Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task Embeddings()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = Client().GetEmbeddingClient("tiny").AsIEmbeddingGenerator();
        GeneratedEmbeddings<Embedding<float>> two = await generator.GenerateAsync(["fox", "quick dog"]);
        Assert.Equal(HiddenStates.Of(_server.Model.Folder.Model, _server.Model.Tokenizer.Encode("quick dog")).Pooled, two[1].Vector.ToArray());
    }

    private OpenAIClient Client() => new(new ApiKeyCredential("unused"), new OpenAIClientOptions { Endpoint = new Uri(_server.Server.Address, "v1") });

    private enum AnimalKind
    {
        Fox,
        Dog,
    }

    private sealed record Animal(AnimalKind Kind, bool IsQuick, int[] Legs);
}
