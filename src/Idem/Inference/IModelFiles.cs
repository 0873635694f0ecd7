// The files that make a model, by Hugging Face's names, wherever they are: in a folder, or in a GGUF file that says the same otherwise.

using Idem.Formats;
using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>Configuration, weights and tokenizer of a model.</summary>
internal interface IModelFiles
{
    public const string Config = "config.json";
    public const string Tokenizer = "tokenizer.json";
    public const string Generation = "generation_config.json";
    public const string TokenizerConfig = "tokenizer_config.json";

    /// <summary>Where they are.</summary>
    string Path { get; }

    /// <summary>Why there is no tokenizer; null if there is one.</summary>
    string? TokenizerProblem { get; }

    /// <summary>The bytes of a file; null if there is none.</summary>
    byte[]? Read(string name);

    /// <summary>The weights, open until they are disposed.</summary>
    OpenWeights OpenWeights();

    /// <summary>The tokenizer.</summary>
    Tokenizer LoadTokenizer();

    /// <summary>What lies at a path.</summary>
    static IModelFiles Of(string path) => GgufFile.IsGguf(path) ? new GgufModelFiles(path) : new FolderFiles(path);

    /// <summary>The bytes of a file that must be there.</summary>
    byte[] Require(string name) => Read(name) ?? throw new FileNotFoundException($"{Path} is not a whole model folder: it has no {name}{OtherFile()}");

    // Of what is often meant instead: a folder of downloads that holds a GGUF file.
    private string OtherFile() => Directory.Exists(Path) && Directory.EnumerateFiles(Path, "*.gguf").Order(NameOrder.Instance).FirstOrDefault() is { } file
        ? $"; to use its GGUF file, name {file}"
        : "";
}

/// <summary>Stored weights in Hugging Face's names.</summary>
/// <param name="Path">Where they are.</param>
/// <param name="Tensors">The tensors.</param>
/// <param name="File">What holds them open.</param>
internal sealed record OpenWeights(string Path, IReadOnlyCollection<NamedTensor> Tensors, IDisposable File) : IDisposable
{
    /// <summary>The weights as a model loads them.</summary>
    public StoredState State() => new(Path, Tensors);

    public void Dispose() => File.Dispose();
}

/// <summary>A Hugging Face folder.</summary>
internal sealed class FolderFiles(string path) : IModelFiles
{
    public string Path => path;

    public string? TokenizerProblem => File.Exists(In(IModelFiles.Tokenizer)) ? null : $"{path} has no {IModelFiles.Tokenizer}";

    public byte[]? Read(string name) => File.Exists(In(name)) ? File.ReadAllBytes(In(name)) : null;

    public OpenWeights OpenWeights()
    {
        SafeTensorsFolder folder = SafeTensorsFolder.Open(path);
        return new OpenWeights(path, folder.Tensors, folder);
    }

    public Tokenizer LoadTokenizer() => TokenizerProblem is null
        ? Tokenizer.Load(path)
        : throw new FileNotFoundException($"{path} is not a whole model folder: it has no {IModelFiles.Tokenizer}");

    private string In(string name) => System.IO.Path.Combine(path, name);
}
