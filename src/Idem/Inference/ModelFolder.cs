// A Hugging Face model folder: configuration, weights, tokenizer. Reading one for use, and the files of one being written.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Models;
using Idem.Numerics.Kernels;
using Idem.Tokenizers;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Inference;

/// <summary>A model with its tokenizer.</summary>
public sealed class ModelFolder
{
    private const string ConfigFile = "config.json";
    private const string TokenizerFile = "tokenizer.json";
    private const string GenerationFile = "generation_config.json";

    // What belongs to a model beside its configuration, weights and tokenizer.json, and stays as it is when weights change.
    private static readonly string[] CompanionNames =
    [
        GenerationFile, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model",
        "chat_template.jinja", "chat_template.json",
    ];

    private readonly Lazy<Tokenizer> _tokenizer;

    private ModelFolder(string path, LanguageModel model)
    {
        Path = path;
        Model = model;
        _tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(Require(path, TokenizerFile)));
    }

    /// <summary>Where it was read.</summary>
    public string Path { get; }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>The model, if it generates text.</summary>
    /// <exception cref="ModelConfigException">It does not.</exception>
    public DecoderModel Decoder => Model as DecoderModel ?? throw new ModelConfigException(
        $"{Path}: model_type '{Model.Config.ModelType}' is an encoder, which does not continue a text; use 'idem embed', or name a decoder.");

    /// <summary>Whether the folder has a tokenizer.</summary>
    public bool HasTokenizer => File.Exists(System.IO.Path.Combine(Path, TokenizerFile));

    /// <summary>The tokenizer, read when it is first asked for.</summary>
    /// <exception cref="FileNotFoundException">The folder has none.</exception>
    /// <exception cref="TokenizerFormatException">It is malformed or of a kind that is not supported.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>The ids that end a text: generation_config.json's, else config.json's; those of the vocabulary.</summary>
    public IReadOnlyList<int> StopIds => [.. (GenerationStopIds() ?? Model.Config.EosTokenIds).Where(id => id >= 0 && id < Model.Config.VocabSize)];

    /// <summary>Reads a model folder; one that Idem wrote is checked against its manifest.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="packed">How inference holds the weights of products, see <see cref="Nn.Module.LoadStateDict"/>; null for a model that can be trained.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="CorruptFileException">A file is not what it should be.</exception>
    /// <exception cref="ModelConfigException">The model is of a kind that is not supported.</exception>
    /// <exception cref="Nn.StateDictException">The weights do not fit the configuration.</exception>
    public static ModelFolder Load(string path, PackedDtype? packed = null)
    {
        if (File.Exists(System.IO.Path.Combine(path, "manifest.json")))
        {
            _ = AtomicFolder.OpenVerified(DiskFileSystem.Instance, path);
        }

        string config = Require(path, ConfigFile);
        using SafeTensorsFolder weights = SafeTensorsFolder.Open(path);
        SafeTensorsState state = new(weights);
        LanguageModel model = CreateModel(config, state);
        model.LoadStateDict(state, packed);
        model.Eval();
        return new ModelFolder(path, model);
    }

    /// <summary>The bytes of the folder's tokenizer.json.</summary>
    internal byte[] TokenizerBytes() => File.ReadAllBytes(Require(Path, TokenizerFile));

    /// <summary>The files that stay with the model when its weights change, as far as the folder has them.</summary>
    internal IReadOnlyList<FolderFile> Companions() =>
        [.. CompanionNames.Where(name => File.Exists(System.IO.Path.Combine(Path, name))).Select(name =>
        {
            byte[] bytes = File.ReadAllBytes(System.IO.Path.Combine(Path, name));
            return new FolderFile(name, stream => stream.Write(bytes));
        })];

    /// <summary>The files of a model folder, for <see cref="AtomicFolder"/>.</summary>
    /// <param name="model">The model, for its configuration.</param>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="tensors">The weights.</param>
    /// <param name="companions">Files of the folder that the model was read from; null for a model of our own.</param>
    internal static IEnumerable<FolderFile> Files(LanguageModel model, byte[] tokenizer, IReadOnlyList<NamedTensor> tensors, IReadOnlyList<FolderFile>? companions = null)
    {
        yield return new FolderFile(ConfigFile, stream => stream.Write(model.Config.ToJson()));
        yield return new FolderFile(TokenizerFile, stream => stream.Write(tokenizer));
        foreach (FolderFile companion in companions ?? OwnCompanions(model))
        {
            yield return companion;
        }

        yield return new FolderFile(
            SafeTensorsFolder.SingleFile, stream => SafeTensorsWriter.Write(stream, tensors, SafeTensorsWriter.TransformersMetadata));
    }

    private static FolderFile[] OwnCompanions(LanguageModel model) =>
    [
        Text(GenerationFile, """{ "_from_model_config": true }""" + "\n"),
        Text("tokenizer_config.json", new JsonObject
        {
            ["model_max_length"] = model.Config.ContextLength,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n"),
    ];

    private static LanguageModel CreateModel(string config, SafeTensorsState weights)
    {
        try
        {
            return ModelTypes.Create(File.ReadAllBytes(config), weights);
        }
        catch (ModelConfigException exception)
        {
            throw new ModelConfigException($"{config}: {exception.Message}", exception);
        }
    }

    // eos_token_id of generation_config.json: a number, a list of numbers, or nothing.
    private List<int>? GenerationStopIds()
    {
        string path = System.IO.Path.Combine(Path, GenerationFile);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            JsonNode? ids = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject()["eos_token_id"];
            return ids switch
            {
                null => null,
                JsonArray many => [.. many.Select(id => id!.GetValue<int>())],
                _ => [ids.GetValue<int>()],
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new CorruptFileException(path, $"is not a generation configuration: {exception.Message.TrimEnd('.')}", "Fetch it again, or delete it to use config.json's", exception);
        }
    }

    private static FolderFile Text(string name, string text) => new(name, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private static string Require(string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{folder} is not a whole model folder: it has no {name}");
    }
}
