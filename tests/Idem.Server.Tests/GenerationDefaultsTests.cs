using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>Fields that a request leaves out are those of the model's generation_config.json, as if the request had them.</summary>
public sealed class GenerationDefaultsTests : IAsyncLifetime
{
    private const string Settings =
        """{"do_sample": true, "temperature": 0.6, "top_k": 9, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.3, "presence_penalty": 0.2, "frequency_penalty": 0.1, "max_new_tokens": 21}""";

    private const string Given =
        "\"temperature\":0.6,\"top_k\":9,\"top_p\":0.9,\"min_p\":0.01,\"repetition_penalty\":1.3,\"presence_penalty\":0.2,\"frequency_penalty\":0.1,\"max_tokens\":21";

    private RunningServer _said = null!, _silent = null!;

    public async ValueTask InitializeAsync()
    {
        _said = await Start(Settings);
        _silent = await Start(Settings, new ServedModelSettings { Defaults = GenerationDefaults.None });
    }

    public async ValueTask DisposeAsync()
    {
        await _said.DisposeAsync();
        await _silent.DisposeAsync();
    }

    [Theory]
    [InlineData("/v1/completions", "\"prompt\":\"the\"")]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"the\"}]")]
    public async Task AnAnswerIsThatOfTheFieldsAndItsReceiptStatesThem(string path, string prompt)
    {
        JsonNode said = await Post(_said, path, $$"""{{{prompt}},"seed":4}"""), given = await Post(_silent, path, $$"""{{{prompt}},"seed":4,{{Given}}}""");
        Assert.Equal(21, (int)said["usage"]!["completion_tokens"]!);
        Assert.Equal(given["choices"]!.ToJsonString(), said["choices"]!.ToJsonString());
        Assert.Equal((string?)given["receipt_ids"]![0], (string?)said["receipt_ids"]![0]);
        Assert.Equal((string?)given["system_fingerprint"], (string?)said["system_fingerprint"]);
        JsonNode verified = await Post(_silent, "/v1/verify", await _said.Http.GetStringAsync(new Uri($"/v1/receipts/{said["receipt_ids"]![0]}", UriKind.Relative)));
        Assert.True((bool)verified["equal"]!);

        JsonNode other = await Post(_said, path, $$"""{{{prompt}},"seed":4,"temperature":1,"top_k":0,"top_p":1,"min_p":0,"repetition_penalty":1,"presence_penalty":0,"frequency_penalty":0,"max_tokens":30}""");
        JsonNode plain = await Post(_silent, path, $$"""{{{prompt}},"seed":4,"max_tokens":30}""");
        Assert.Equal((string?)plain["receipt_ids"]![0], (string?)other["receipt_ids"]![0]); // a request's fields come first
    }

    [Fact]
    public async Task TheModelTellsThem()
    {
        Assert.Equal(
            """{"temperature":0.6,"top_k":9,"top_p":0.9,"min_p":0.01,"repetition_penalty":1.3,"presence_penalty":0.2,"frequency_penalty":0.1,"max_new_tokens":21}""", await Said(_said));
        Assert.Equal("{}", await Said(_silent));

        static async Task<string> Said(RunningServer server) =>
            JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative)))!["data"]![0]!["generation_defaults"]!.ToJsonString();
    }

    [Fact]
    public async Task ALengthCountsThePromptAndNeverPassesTheContext()
    {
        await using RunningServer server = await Start("""{"max_length": 12, "do_sample": false}""");
        JsonNode answer = await Post(server, "/v1/completions", """{"prompt":"the","logprobs":0}""");
        Assert.Equal(9, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal(server.Text(server.Alone("the", new SamplingSettings { Temperature = 0, MaxTokens = 9 })), (string?)answer["choices"]![0]!["text"]);
        (int status, JsonNode refused) = await server.PostAsync("/v1/completions", """{"prompt":"the brown fox"}""");
        Assert.Equal((400, "max_tokens"), (status, (string?)refused["error"]!["param"]));
        Assert.Equal(20, (int)(await Post(server, "/v1/completions", """{"prompt":"the brown fox","max_tokens":20}"""))["usage"]!["completion_tokens"]!);

        await using RunningServer wide = await Start("""{"max_new_tokens": 100000}""");
        Assert.Equal(SmallModel.Context - 3, (int)(await Post(wide, "/v1/completions", """{"prompt":"the"}"""))["usage"]!["completion_tokens"]!);
    }

    private static Task<RunningServer> Start(string settings, ServedModelSettings? served = null) => RunningServer.StartAsync(
        folder =>
        {
            string path = SmallModel.Write(folder, SmallModel.Create());
            File.WriteAllText(Path.Combine(path, "generation_config.json"), settings);
            return path;
        },
        served: served);

    private static async Task<JsonNode> Post(RunningServer server, string path, string request)
    {
        (int status, JsonNode body) = await server.PostAsync(path, request);
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }
}
