// POST /tokenize and /detokenize, in vLLM's shapes.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Server.Http;
using Idem.Server.Requests;

namespace Idem.Server.Endpoints;

internal static class Tokenization
{
    public static readonly string[] TokenizeNames = ["model", "prompt", "messages", "add_special_tokens", "return_token_strs"], DetokenizeNames = ["model", "tokens"];

    public static JsonObject Tokenize(JsonElement body, ServedModel model, ServerLimits limits)
    {
        Fields fields = new(body, "", TokenizeNames);
        ModelNames.Check(fields, model.Name);
        string? text = fields.Text("prompt");
        if ((text is null) == (fields.Element("messages") is null))
        {
            throw ApiException.Invalid("prompt", "or messages must be given, and not both");
        }

        int[] ids = text is null
            ? ChatRequest.ReadMessages(fields, model, limits).Ids
            : model.Encode(text, fields.Flag("add_special_tokens") ?? true);
        bool named = fields.Flag("return_token_strs") ?? false;
        return new JsonObject
        {
            ["count"] = ids.Length,
            ["max_model_len"] = model.MaxLength,
            ["tokens"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
            ["token_strs"] = named ? new JsonArray([.. ids.Select(id => JsonValue.Create(model.Tokenizer.IdToToken(id)))]) : null,
        };
    }

    public static JsonObject Detokenize(JsonElement body, ServedModel model, ServerLimits limits)
    {
        Fields fields = new(body, "", DetokenizeNames);
        ModelNames.Check(fields, model.Name);
        IReadOnlyList<JsonElement> tokens = fields.Items("tokens", limits.BodyBytesMax) ?? throw ApiException.Invalid("tokens", "is missing");
        return new JsonObject { ["prompt"] = model.Decode(tokens.Select(id => Fields.Integer(id, "tokens", 0, model.Vocabulary - 1)), skipSpecialTokens: false) };
    }
}
