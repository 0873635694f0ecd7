// POST /v1/embeddings: texts or token ids, each embedded by itself.

using System.Text.Json;
using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <param name="Inputs">What is embedded.</param>
/// <param name="IsBase64">Whether vectors are answered as the base64 of their little-endian float32 values.</param>
internal sealed record EmbeddingRequest(IReadOnlyList<Prompt> Inputs, bool IsBase64)
{
    public static readonly string[] Names = ["model", "input", "encoding_format", "dimensions", "user"];

    public static EmbeddingRequest Read(JsonElement body, ServedModel model, ServerLimits limits)
    {
        Fields fields = new(body, "", Names);
        ModelNames.Check(fields, model.Name);
        _ = fields.Text("user", limits.UserCharactersMax); // texts take turns, whoever sent them
        int width = model.Folder.Model.Config.Width;
        if (fields.Integer("dimensions", 1, int.MaxValue) is { } dimensions && dimensions != width)
        {
            throw ApiException.Unsupported("dimensions", $"must be {width}, the model's; vectors are not shortened");
        }

        JsonElement input = fields.Element("input") ?? throw ApiException.Invalid("input", "is missing");
        return new EmbeddingRequest(PromptReader.Read(input, "input", model, limits.EmbeddingInputsMax), fields.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw ApiException.Invalid("encoding_format", "must be float or base64"),
        });
    }
}
