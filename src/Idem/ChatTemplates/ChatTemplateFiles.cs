// Where a model folder keeps its chat template and its special tokens.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Idem.ChatTemplates;

/// <param name="read">The bytes of a file, or null.</param>
/// <param name="place">Where the files are, for messages.</param>
internal sealed class ChatTemplateFiles(Func<string, byte[]?> read, string place)
{
    private const string TemplateFile = "chat_template.jinja", ConfigFile = "tokenizer_config.json", TokensFile = "special_tokens_map.json";
    private const string Default = "default";
    private const long BytesMax = 64 << 20;

    private static readonly string[] TokenNames =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>The template of a name, or null where the folder has no template at all.</summary>
    /// <param name="name">The name.</param>
    /// <param name="required">Whether a folder with other templates must have it; else it gives null too.</param>
    public string? FindTemplate(string name, bool required = true)
    {
        if (name == Default && read(TemplateFile) is { } file)
        {
            return Encoding.UTF8.GetString(file.AsSpan(file.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0));
        }

        switch (Read(ConfigFile)?["chat_template"])
        {
            case null:
                return null;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && name == Default:
                return value.GetValue<string>();
            case JsonArray list:
                JsonObject? found = list.OfType<JsonObject>().FirstOrDefault(entry => Text(entry["name"]) == name);
                return Text(found?["template"]) ?? (required ? throw Error(ConfigFile, $"chat_template has no template '{name}'") : null);
            case var _ when !required:
                return null;
            default:
                throw Error(ConfigFile, $"chat_template is neither a text nor a list with a template '{name}'");
        }
    }

    /// <summary>The special tokens under their names; what is in the configuration stands above the map.</summary>
    public Dictionary<string, string> SpecialTokens()
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonObject file in new[] { Read(TokensFile), Read(ConfigFile) }.OfType<JsonObject>())
        {
            foreach (string name in TokenNames)
            {
                if ((Text(file[name]) ?? Text((file[name] as JsonObject)?["content"])) is { } token)
                {
                    tokens[name] = token;
                }
            }
        }

        return tokens;
    }

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private JsonObject? Read(string name)
    {
        if (read(name) is not { } file)
        {
            return null;
        }

        if (file.Length > BytesMax)
        {
            throw Error(name, $"the file has more than {BytesMax} bytes");
        }

        try
        {
            return JsonNode.Parse(file) as JsonObject ?? throw Error(name, "the file is not a JSON object");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Path.Combine(place, name)}: not valid JSON: {e.Message} Fetch or export the file again.", e);
        }
    }

    private InvalidDataException Error(string name, string problem) =>
        new($"{Path.Combine(place, name)}: {problem}. Fetch or export the file again.");
}
