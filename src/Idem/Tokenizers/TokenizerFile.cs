// tokenizer.json: reading it with every complaint placed, and writing it byte for byte the same every time.
// `truncation` and `padding` shape batches, not the ids of a text: they are read over and written as null.

using System.Text.Json;

namespace Idem.Tokenizers;

internal static class TokenizerFile
{
    private const string FileName = "tokenizer.json";
    private const string Version = "1.0";
    private const long BytesMax = 256L << 20;

    public static Tokenizer Load(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        var info = new FileInfo(file);
        if (!info.Exists)
        {
            throw new FileNotFoundException(
                $"There is no tokenizer file '{file}'. Name a {FileName}, or a folder that holds one.", file);
        }

        if (info.Length > BytesMax)
        {
            throw new TokenizerFormatException(
                file, "$", $"the file has {info.Length} bytes, more than {BytesMax}.", "Check that it is a tokenizer file.");
        }

        Tokenizer tokenizer = Parse(File.ReadAllBytes(file), file);
        return Directory.Exists(path) ? TokenizerConfig.Apply(tokenizer, path) : tokenizer;
    }

    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            return Read(new JsonNode(document.RootElement, file, "$"));
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(
                file, e.Path ?? "$", $"not valid JSON: {e.Message}", "Fetch or export the file again.", e);
        }
    }

    public static void Save(Tokenizer tokenizer, string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        string unfinished = file + ".unfinished";
        File.WriteAllBytes(unfinished, tokenizer.ToJson());
        File.Move(unfinished, file, overwrite: true);
    }

    public static byte[] Write(IReadOnlyList<AddedToken> addedTokens, TokenizerStages stages)
    {
        var json = new JsonText();
        json.BeginObject();
        json.Member("version", Version);
        json.Member("truncation", null);
        json.Member("padding", null);
        json.Name("added_tokens");
        json.BeginArray();
        foreach (AddedToken token in addedTokens)
        {
            token.Write(json);
        }

        json.EndArray();
        WriteStage("normalizer", stages.Normalizer is null ? null : stages.Normalizer.Write);
        WriteStage("pre_tokenizer", stages.PreTokenizer is null ? null : stages.PreTokenizer.Write);
        WriteStage("post_processor", stages.PostProcessor is null ? null : stages.PostProcessor.Write);
        WriteStage("decoder", stages.Decoder is null ? null : stages.Decoder.Write);
        WriteStage("model", stages.Model.Write);
        json.EndObject();
        return json.ToUtf8();

        void WriteStage(string name, Action<JsonText>? write)
        {
            json.Name(name);
            if (write is null)
            {
                json.Null();
            }
            else
            {
                write(json);
            }
        }
    }

    private static Tokenizer Read(JsonNode root)
    {
        if (root.Text("version") is not Version and var version)
        {
            throw root.Unsupported($"the file version '{version}'");
        }

        ITokenModel model = ITokenModel.Read(root.Required("model"));
        List<AddedToken> added = ReadAddedTokens(root, model);
        IPostProcessor? postProcessor = Stage("post_processor", IPostProcessor.Read);
        string[] tokens = AllTokens(root, model, added);
        IEnumerable<Slot> slots = [.. postProcessor?.Single ?? [], .. postProcessor?.Pair ?? []];
        if (slots.SelectMany(slot => slot.Ids).FirstOrDefault(id => id >= tokens.Length) is > 0 and var foreign)
        {
            throw root.Required("post_processor").Error($"the id {foreign} is not in the vocabulary.");
        }

        var stages = new TokenizerStages(
            Stage("normalizer", INormalizer.Read),
            Stage("pre_tokenizer", IPreTokenizer.Read),
            model,
            postProcessor,
            Stage("decoder", IDecoder.Read));
        return new Tokenizer(stages, added, tokens);

        T? Stage<T>(string name, Func<JsonNode, T> read)
            where T : class => root.Optional(name) is { } node ? read(node) : null;
    }

    private static List<AddedToken> ReadAddedTokens(JsonNode root, ITokenModel model)
    {
        var added = new List<AddedToken>();
        var contents = new HashSet<string>(StringComparer.Ordinal);
        var ids = new HashSet<int>();
        foreach (JsonNode item in root.Optional("added_tokens")?.Items() ?? [])
        {
            AddedToken token = AddedToken.Read(item);
            if (token.Content.Length == 0)
            {
                throw item.Error("an added token has no content.");
            }

            if (!contents.Add(token.Content) || !ids.Add(token.Id))
            {
                throw item.Error($"the added token '{token.Content}' or its id {token.Id} is there twice.");
            }

            bool known = model.TryGetId(token.Content, out int id);
            if (known ? id != token.Id : model.Token(token.Id) is not null)
            {
                throw item.Error($"the added token '{token.Content}' has the id {token.Id}, the model says otherwise.");
            }

            added.Add(token);
        }

        return added;
    }

    private static string[] AllTokens(JsonNode root, ITokenModel model, List<AddedToken> added)
    {
        var outside = added.Where(token => model.Token(token.Id) is null).ToDictionary(token => token.Id, token => token.Content);
        string[] tokens = new string[model.Count + outside.Count];
        for (int id = 0; id < tokens.Length; id++)
        {
            tokens[id] = model.Token(id) ?? outside.GetValueOrDefault(id)
                ?? throw root.Error($"no token has the id {id}, though there are {tokens.Length} tokens.");
        }

        return tokens.Length > 0 ? tokens : throw root.Error("the vocabulary is empty.");
    }
}
