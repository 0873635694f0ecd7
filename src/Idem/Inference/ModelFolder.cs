// A Hugging Face model folder: configuration, weights, tokenizer. Reading one for use, and the files of one being written.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Models;
using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>A model with its tokenizer.</summary>
public sealed class ModelFolder
{
    private const string ConfigFile = "config.json";
    private const string TokenizerFile = "tokenizer.json";

    private ModelFolder(string path, Gpt2 model, Tokenizer tokenizer)
    {
        Path = path;
        Model = model;
        Tokenizer = tokenizer;
    }

    /// <summary>Where it was read.</summary>
    public string Path { get; }

    /// <summary>The model.</summary>
    public Gpt2 Model { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Reads a model folder; one that Idem wrote is checked against its manifest.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="CorruptFileException">A file is not what it should be.</exception>
    /// <exception cref="ModelConfigException">The model is of a kind that is not supported.</exception>
    public static ModelFolder Load(string path)
    {
        if (File.Exists(System.IO.Path.Combine(path, "manifest.json")))
        {
            _ = AtomicFolder.OpenVerified(DiskFileSystem.Instance, path);
        }

        Gpt2Config config = ReadConfig(Require(path, ConfigFile));
        Tokenizer tokenizer = Tokenizer.Load(Require(path, TokenizerFile));
        using SafeTensorsFolder weights = SafeTensorsFolder.Open(path);
        Gpt2 model = new(config);
        model.LoadStateDict(new SafeTensorsState(weights));
        model.Eval();
        return new ModelFolder(path, model, tokenizer);
    }

    /// <summary>The files of a model folder, for <see cref="AtomicFolder"/>.</summary>
    internal static IEnumerable<FolderFile> Files(Gpt2 model, byte[] tokenizer, IReadOnlyList<NamedTensor> tensors)
    {
        yield return new FolderFile(ConfigFile, stream => stream.Write(model.Config.ToJson()));
        yield return Text("generation_config.json", """{ "_from_model_config": true }""" + "\n");
        yield return new FolderFile(TokenizerFile, stream => stream.Write(tokenizer));
        yield return Text("tokenizer_config.json", new JsonObject
        {
            ["model_max_length"] = model.Config.NPositions,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n");
        yield return new FolderFile(
            SafeTensorsFolder.SingleFile, stream => SafeTensorsWriter.Write(stream, tensors, SafeTensorsWriter.TransformersMetadata));
    }

    private static Gpt2Config ReadConfig(string path)
    {
        try
        {
            return Gpt2Config.Parse(File.ReadAllBytes(path));
        }
        catch (ModelConfigException exception)
        {
            throw new ModelConfigException($"{path}: {exception.Message}", exception);
        }
    }

    private static FolderFile Text(string name, string text) => new(name, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private static string Require(string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{folder} is not a model folder: it has no {name}");
    }
}
