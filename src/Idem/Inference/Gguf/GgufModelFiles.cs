// A GGUF file in the place of a model folder: the files that the folder would have, made from its metadata when they are asked for.

using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Tokenizers;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Inference;

/// <summary>A GGUF file as a model's files.</summary>
internal sealed class GgufModelFiles(string path) : IModelFiles
{
    public string Path => path;

    public string? TokenizerProblem
    {
        get
        {
            using GgufFile file = GgufFile.Open(path);
            return GgufTokenizer.Problem(file);
        }
    }

    public byte[]? Read(string name)
    {
        using GgufFile file = GgufFile.Open(path);
        return name switch
        {
            IModelFiles.Config => GgufConfig.ToJson(file),
            IModelFiles.Tokenizer => GgufTokenizer.Problem(file) is null ? GgufTokenizer.ToJson(file) : null,
            IModelFiles.TokenizerConfig => TokenizerConfig(file),
            IModelFiles.Generation => Generation(file),
            _ => null,
        };
    }

    public OpenWeights OpenWeights()
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            return new OpenWeights(path, GgufTensors.Of(file), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public Tokenizer LoadTokenizer()
    {
        using GgufFile file = GgufFile.Open(path);
        return GgufTokenizer.Problem(file) is { } problem
            ? throw new TokenizerFormatException(path, "$", problem + ".", "Give token ids with --ids, or use the model's own tokenizer.json.")
            : Tokenizer.Parse(GgufTokenizer.ToJson(file), path);
    }

    // The chat template, and the texts of the special tokens it names. What tokens are put around a text, tokenizer.json says.
    private static byte[] TokenizerConfig(GgufFile file)
    {
        JsonObject json = new() { ["tokenizer_class"] = "PreTrainedTokenizerFast" };
        string[] tokens = file.Metadata.Texts(GgufTokenizer.TokensKey) ?? [];
        foreach ((string key, string name) in GgufTokenizer.SpecialNames)
        {
            if (GgufTokenizer.SpecialId(file, key) is { } id && id < tokens.Length)
            {
                json[name] = tokens[id];
            }
        }

        if (file.Metadata.Text("tokenizer.chat_template") is { } template)
        {
            json["chat_template"] = template;
        }

        return ConfigJson.ToBytes(json);
    }

    // The ids that end a text: its end, and the end of a turn where that is another.
    private static byte[] Generation(GgufFile file)
    {
        int?[] ends = [GgufTokenizer.SpecialId(file, "eos_token_id"), GgufTokenizer.SpecialId(file, "eot_token_id")];
        JsonArray ids = [.. ends.OfType<int>().Distinct().Select(id => (JsonNode)id)];
        return ConfigJson.ToBytes(new JsonObject { ["eos_token_id"] = ids.Count == 0 ? null : ids });
    }
}
