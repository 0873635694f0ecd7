// Templates in the style of the real ones, and small ones for every construct, with what Jinja 3.1 made of them under the
// settings of Transformers (immutable sandbox, trim_blocks, lstrip_blocks, loop controls, its tojson).

using System.IO.Compression;
using System.Text.Json.Nodes;
using Idem.ChatTemplates;
using Xunit;

namespace Idem.Tests.ChatTemplates;

public class RenderingsTests
{
    [Fact]
    public void EveryRenderingIsEqual()
    {
        using Stream packed = typeof(RenderingsTests).Assembly.GetManifestResourceStream("renderings.json.gz")!;
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        JsonArray cases = JsonNode.Parse(unpacked)!["cases"]!.AsArray();
        Assert.True(cases.Count > 300);
        List<string> differences = [.. cases.Select(item => Difference(item!)).OfType<string>()];
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static string? Difference(JsonNode item)
    {
        string? expected = (string?)item["output"], error = (string?)item["error"];
        try
        {
            string actual = ChatTemplate.Parse((string)item["template"]!).Render(Input(item["variables"]!.AsObject()));
            return actual == expected ? null : $"{item["name"]}: expected {item["output"]?.ToJsonString() ?? error}, here {JsonValue.Create(actual).ToJsonString()}";
        }
        catch (ChatTemplateException e)
        {
            bool isSame = error is not null && (!error.StartsWith("TemplateError: ", StringComparison.Ordinal) || error["TemplateError: ".Length..] == e.Problem);
            return isSame ? null : $"{item["name"]}: expected {item["output"]?.ToJsonString() ?? error}, here {e.Message}";
        }
    }

    private static ChatInput Input(JsonObject variables) => new()
    {
        Messages = variables["messages"]!.DeepClone().AsArray(),
        Tools = variables["tools"]?.DeepClone().AsArray(),
        AddGenerationPrompt = (bool?)variables["add_generation_prompt"] ?? false,
        Variables = variables.Where(v => v.Key is not ("messages" or "tools" or "documents" or "add_generation_prompt"))
            .ToDictionary(v => v.Key, v => v.Value?.DeepClone()),
    };
}
