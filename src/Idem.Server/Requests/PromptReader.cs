using System.Text.Json;
using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <summary>What is continued or embedded.</summary>
/// <param name="Ids">At least one.</param>
/// <param name="Text">What they were made from; null where ids were given.</param>
internal sealed record Prompt(int[] Ids, string? Text);

/// <summary>Reads a text, token ids, or an array of either.</summary>
internal static class PromptReader
{
    public static IReadOnlyList<Prompt> Read(JsonElement value, string path, ServedModel model, int max)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0 || value[0].ValueKind == JsonValueKind.Number)
        {
            return [ReadOne(value, path, model)];
        }

        return [.. Fields.Items(value, path, max).Select((item, i) => ReadOne(item, $"{path}[{i}]", model))];
    }

    private static Prompt ReadOne(JsonElement value, string path, ServedModel model) => value.ValueKind switch
    {
        JsonValueKind.String => model.Encode(value.GetString()!, addSpecialTokens: true, path),
        JsonValueKind.Array => model.Check([.. Fields.Items(value, path, model.MaxLength).Select(id => Fields.Integer(id, path, 0, model.Vocabulary - 1))], null, path),
        _ => throw ApiException.Invalid(path, "must be a string or an array of token ids"),
    };
}
