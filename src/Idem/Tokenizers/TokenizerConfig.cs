// tokenizer_config.json beside a tokenizer.json, as far as Transformers lets it change the ids of a text: its Llama and Gemma
// classes put the tokens around a text that `add_bos_token` and `add_eos_token` ask for, whatever tokenizer.json says. Everything
// else in the file concerns batches, templates or training, or repeats tokenizer.json.

using System.Text.Json;

namespace Idem.Tokenizers;

internal static class TokenizerConfig
{
    public const string FileName = "tokenizer_config.json";

    private const long BytesMax = 64L << 20;

    private static readonly string[] Classes =
        ["LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast"];

    /// <summary>The tokenizer as the folder's configuration has it.</summary>
    public static Tokenizer Apply(Tokenizer tokenizer, string folder)
    {
        string file = Path.Combine(folder, FileName);
        var info = new FileInfo(file);
        if (!info.Exists)
        {
            return tokenizer;
        }

        if (info.Length > BytesMax)
        {
            throw new TokenizerFormatException(
                file, "$", $"the file has {info.Length} bytes, more than {BytesMax}.", "Check that it is a tokenizer's configuration.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = 64 });
            return Apply(tokenizer, new JsonNode(document.RootElement, file, "$"));
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(file, e.Path ?? "$", $"not valid JSON: {e.Message}", "Fetch or export the file again.", e);
        }
    }

    private static Tokenizer Apply(Tokenizer tokenizer, JsonNode config)
    {
        bool isGiven = config.Optional("add_bos_token") is not null || config.Optional("add_eos_token") is not null;
        if (!isGiven || !Classes.Contains(config.TextOrNull("tokenizer_class")))
        {
            return tokenizer;
        }

        (string, int)? begin = config.Flag("add_bos_token", absent: true) ? Token(tokenizer, config, "bos_token") : null;
        (string, int)? end = config.Flag("add_eos_token", absent: false) ? Token(tokenizer, config, "eos_token") : null;
        TokenizerStages stages = tokenizer.Stages with { PostProcessor = TemplatePostProcessor.Around(begin, end) };
        return new Tokenizer(stages, tokenizer.AddedTokens, [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.IdToToken)]);
    }

    // "<s>", or an object with its content
    private static (string, int) Token(Tokenizer tokenizer, JsonNode config, string name)
    {
        JsonNode node = config.Required(name);
        string content = node.Element.ValueKind == JsonValueKind.Object ? node.Text("content") : node.Text();
        return tokenizer.TokenToId(content) is { } id ? (content, id) : throw node.Error($"'{content}' is not in the vocabulary.");
    }
}
