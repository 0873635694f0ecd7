using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Inference;
using Idem.Server.Tests.Support;
using Idem.Verification;
using Json.Schema;

namespace Idem.Server.Tests;

/// <summary>Answers under a schema over HTTP: valid, the same again, receipts that replay; bad schemas are the client's mistake.</summary>
public sealed class SchemaAnswerTests
{
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":8},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3},"n":{"type":"integer","minimum":0,"maximum":99}},"required":["name","tags","n"],"additionalProperties":false}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnswersThatEndAreValidAndReplay(bool ends)
    {
        await using RunningServer server = await RunningServer.StartAsync(model: SmallModel.Create(ends));
        JsonSchema validator = JsonSchema.FromText(Schema);
        for (int seed = 0; seed < 12; seed++)
        {
            (int status, JsonNode answer) = await server.PostAsync("/v1/chat/completions", Ask(seed, Schema));
            Assert.True(status == 200, answer.ToJsonString());
            JsonNode choice = answer["choices"]![0]!;
            Assert.Equal("stop", (string?)choice["finish_reason"]);
            using JsonDocument value = JsonDocument.Parse((string)choice["message"]!["content"]!);
            Assert.True(validator.Evaluate(value.RootElement).IsValid, (string?)choice["message"]!["content"]);
            Assert.True((bool)(await server.PostAsync("/v1/verify", $$"""{"receipt_id":"{{answer["receipt_ids"]![0]}}"}""")).Body["equal"]!);
            byte[] bytes = await server.Http.GetByteArrayAsync(new Uri($"/v1/receipts/{answer["receipt_ids"]![0]}", UriKind.Relative));
            Assert.True(ReceiptVerifier.Verify(Receipt.Decode(bytes, "receipt", out _), "receipt", server.Model.Folder, server.Model.Identity).Equal);
        }
    }

    [Fact]
    public async Task ASchemaThatIsNotSupportedIsRefusedWithItsPlace()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int status, JsonNode body) = await server.PostAsync("/v1/chat/completions", Ask(1, """{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}"""));
        Assert.Equal((400, "invalid_json_schema", "response_format.json_schema.schema"), (status, (string?)body["error"]!["code"], (string?)body["error"]!["param"]));
        Assert.Contains("/properties/a", (string?)body["error"]!["message"], StringComparison.Ordinal);
        Assert.Contains("pattern", (string?)body["error"]!["message"], StringComparison.Ordinal);
    }

    private static string Ask(int seed, string schema) =>
        $$$"""{"messages":[{"role":"user","content":"x"}],"seed":{{{seed}}},"max_tokens":150,"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{{{schema}}} } } }""";
}
