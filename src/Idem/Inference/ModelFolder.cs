// A model folder: configuration, weights, tokenizer; or a GGUF file in its place. Reading one for use, and the files of one being written.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>A model that is whole, but of a kind that cannot do what is asked of it.</summary>
public sealed class UnsuitableModelException(string message) : Exception(message);

/// <summary>A model with its tokenizer.</summary>
public sealed class ModelFolder
{
    // What belongs to a model beside its configuration, weights and tokenizer.json, and stays as it is when weights change.
    private static readonly string[] CompanionNames =
    [
        IModelFiles.Generation, IModelFiles.TokenizerConfig, "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model",
        "chat_template.jinja", "chat_template.json",
    ];

    private readonly IModelFiles _files;
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<string?> _tokenizerProblem;

    private ModelFolder(IModelFiles files, LanguageModel model, PackedDtype dtype)
    {
        _files = files;
        Model = model;
        Dtype = dtype;
        _tokenizer = new Lazy<Tokenizer>(files.LoadTokenizer);
        _tokenizerProblem = new Lazy<string?>(() => files.TokenizerProblem);
    }

    /// <summary>Where it was read: a folder, or a GGUF file.</summary>
    public string Path => _files.Path;

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>The weight profile that it computes with; a model that can be trained has float32's bits.</summary>
    public PackedDtype Dtype { get; }

    /// <summary>The model, if it generates text.</summary>
    /// <exception cref="UnsuitableModelException">It does not.</exception>
    public DecoderModel Decoder => Model as DecoderModel ?? throw new UnsuitableModelException(
        $"{Path}: model_type '{Model.Config.ModelType}' is an encoder, which does not continue a text; use 'idem embed', or name a decoder.");

    /// <summary>Whether there is a tokenizer.</summary>
    public bool HasTokenizer => TokenizerProblem is null;

    /// <summary>Why there is none, for messages: absent, or in a GGUF file of a kind that is not supported; null if there is one.</summary>
    public string? TokenizerProblem => _tokenizerProblem.Value;

    /// <summary>The tokenizer, read when it is first asked for.</summary>
    /// <exception cref="FileNotFoundException">The folder has none.</exception>
    /// <exception cref="TokenizerFormatException">It is malformed or of a kind that is not supported.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>The ids that end a text: generation_config.json's, else config.json's; those of the vocabulary.</summary>
    /// <exception cref="CorruptFileException">generation_config.json is malformed.</exception>
    public IReadOnlyList<int> StopIds => [.. (GenerationConfig()?.StopIds() ?? Model.Config.EosTokenIds).Where(id => id >= 0 && id < Model.Config.VocabSize)];

    /// <summary>What generation_config.json says of drawing, for requests that say nothing; a GGUF file says nothing.</summary>
    /// <exception cref="CorruptFileException">It is malformed, or a field is of another type or out of range.</exception>
    /// <exception cref="ModelConfigException">A field that would change a text is not supported.</exception>
    public GenerationDefaults GenerationDefaults => GenerationConfig()?.Defaults() ?? GenerationDefaults.None;

    /// <summary>Reads a model folder, or a GGUF file; a folder that Idem wrote is checked against its manifest.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="packed">How inference holds the weights of products, see <see cref="Nn.Module.LoadStateDict"/>; null for a model that can be trained.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="CorruptFileException">A file is not what it should be.</exception>
    /// <exception cref="ModelConfigException">The model is of a kind that is not supported.</exception>
    /// <exception cref="StateDictException">The weights do not fit the configuration.</exception>
    public static ModelFolder Load(string path, PackedDtype? packed = null)
    {
        IModelFiles files = OpenFiles(path);
        byte[] config = files.Require(IModelFiles.Config);
        using OpenWeights weights = files.OpenWeights();
        StoredState state = weights.State();
        LanguageModel model = CreateModel(files, config, state);
        try
        {
            model.LoadStateDict(state, packed);
        }
        catch (StateDictException exception)
        {
            throw exception.At(path);
        }

        model.Eval();
        return new ModelFolder(files, model, packed ?? PackedDtype.Float32);
    }

    /// <summary>Reads all but the weights, for those who ask what a model is; it computes nothing.</summary>
    internal static ModelFolder OpenWithoutWeights(string path)
    {
        IModelFiles files = OpenFiles(path);
        using OpenWeights weights = files.OpenWeights();
        return new ModelFolder(files, CreateModel(files, files.Require(IModelFiles.Config), weights.State()), PackedDtype.Float32);
    }

    /// <summary>The files of a folder that make the model, in ordinal order: what else lies there changes nothing.</summary>
    internal static IReadOnlyList<string> FileNames(string folder)
    {
        using SafeTensorsFolder weights = SafeTensorsFolder.Open(folder);
        IEnumerable<string> names = [IModelFiles.Config, IModelFiles.Tokenizer, .. CompanionNames, SafeTensorsFolder.SingleFile, SafeTensorsFolder.IndexFile, FolderManifest.FileName];
        return
        [
            .. names.Concat(weights.Files.Select(file => System.IO.Path.GetFileName(file.Path))).Distinct()
                .Where(name => File.Exists(System.IO.Path.Combine(folder, name))).Order(NameOrder.Instance),
        ];
    }

    /// <summary>The tokenizer of a folder, a tokenizer.json or a GGUF file.</summary>
    /// <exception cref="TokenizerFormatException">It is malformed or of a kind that is not supported.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static Tokenizer LoadTokenizer(string path) => GgufFile.IsGguf(path) ? IModelFiles.Of(path).LoadTokenizer() : Tokenizer.Load(path);

    /// <summary>The digests of the tensors of a safetensors file, a model folder or a GGUF file; of the last under Hugging Face's names, as 'idem convert' writes them.</summary>
    /// <exception cref="CorruptFileException">There is no such thing there, or it is malformed.</exception>
    public static TensorDigests Digests(string path, int threads)
    {
        if (!GgufFile.IsGguf(path))
        {
            return DigestPath.Compute(path, threads);
        }

        using OpenWeights weights = IModelFiles.Of(path).OpenWeights();
        return TensorDigest.ComputeAll(weights.Tensors, threads);
    }

    /// <summary>The bytes of a file beside the weights, such as tokenizer_config.json; null if there is none.</summary>
    public byte[]? ReadFile(string name) => _files.Read(name);

    /// <summary>The files at a path; a folder that Idem wrote is checked against its manifest.</summary>
    internal static IModelFiles OpenFiles(string path)
    {
        if (File.Exists(System.IO.Path.Combine(path, "manifest.json")))
        {
            _ = AtomicFolder.OpenVerified(DiskFileSystem.Instance, path);
        }

        return IModelFiles.Of(path);
    }

    /// <summary>The model that a configuration describes, its parameters not yet loaded.</summary>
    internal static LanguageModel CreateModel(IModelFiles files, byte[] config, StoredState weights)
    {
        try
        {
            return ModelTypes.Create(config, weights);
        }
        catch (ModelConfigException exception)
        {
            // The message begins with the file's name, which in a folder is the end of its path.
            string place = files is FolderFiles && exception.Message.StartsWith(IModelFiles.Config, StringComparison.Ordinal) ? files.Path + System.IO.Path.DirectorySeparatorChar : files.Path + ": ";
            throw new ModelConfigException(place + exception.Message, exception);
        }
    }

    /// <summary>The bytes of the tokenizer.json.</summary>
    internal byte[] TokenizerBytes() => HasTokenizer ? _files.Require(IModelFiles.Tokenizer) : throw new FileNotFoundException($"{TokenizerProblem}, which training needs");

    /// <summary>The files that stay with the model when its weights change, as far as there are any.</summary>
    internal IReadOnlyList<FolderFile> Companions() => Companions(_files);

    /// <summary>The files that stay with a model when its weights change, as far as there are any.</summary>
    internal static IReadOnlyList<FolderFile> Companions(IModelFiles files) =>
        [.. CompanionNames.Select(name => (name, bytes: files.Read(name))).Where(file => file.bytes is not null).Select(file => new FolderFile(file.name, stream => stream.Write(file.bytes)))];

    /// <summary>The files of a model folder, for <see cref="AtomicFolder"/>.</summary>
    /// <param name="model">The model, for its configuration.</param>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="tensors">The weights.</param>
    /// <param name="companions">Files of the folder that the model was read from; null for a model of our own.</param>
    internal static IEnumerable<FolderFile> Files(LanguageModel model, byte[] tokenizer, IReadOnlyList<NamedTensor> tensors, IReadOnlyList<FolderFile>? companions = null)
    {
        yield return new FolderFile(IModelFiles.Config, stream => stream.Write(model.Config.ToJson()));
        yield return new FolderFile(IModelFiles.Tokenizer, stream => stream.Write(tokenizer));
        foreach (FolderFile companion in companions ?? OwnCompanions(model))
        {
            yield return companion;
        }

        yield return new FolderFile(
            SafeTensorsFolder.SingleFile, stream => SafeTensorsWriter.Write(stream, tensors, SafeTensorsWriter.TransformersMetadata));
    }

    private static FolderFile[] OwnCompanions(LanguageModel model) =>
    [
        Text(IModelFiles.Generation, """{ "_from_model_config": true }""" + "\n"),
        Text(IModelFiles.TokenizerConfig, new JsonObject
        {
            ["model_max_length"] = model.Config.ContextLength,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n"),
    ];

    private GenerationConfigFile? GenerationConfig() =>
        _files.Read(IModelFiles.Generation) is { } bytes ? new GenerationConfigFile(bytes, System.IO.Path.Combine(Path, IModelFiles.Generation)) : null;

    private static FolderFile Text(string name, string text) => new(name, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
