// From a model, in whatever files, to a folder of our own: config.json, safetensors of the wanted element type, tokenizer. Written for
// the bits: loading the folder gives what loading the model with the same profile gives. The bytes depend on the model alone.

using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Inference;

/// <summary>How a converted model stores the matrices of products and the tables of lookups.</summary>
public enum StoredDtype
{
    /// <summary>Float32.</summary>
    F32,

    /// <summary>bfloat16, rounded to nearest even once.</summary>
    BF16,

    /// <summary>Binary16, rounded to nearest even once.</summary>
    F16,

    /// <summary>Blocks of the q8 profile.</summary>
    Q8,
}

/// <summary>A folder that was written.</summary>
/// <param name="Path">Where.</param>
/// <param name="ModelType">Hugging Face's model_type.</param>
/// <param name="Bytes">Size of the tensors.</param>
/// <param name="TokenizerProblem">Why it has no tokenizer; null if it has one.</param>
public sealed record ConvertedModel(string Path, string ModelType, long Bytes, string? TokenizerProblem);

/// <summary>Writes models anew.</summary>
public static class ModelConverter
{
    private const string TransformersDtypes = "float32 bfloat16 float16 float32";

    /// <summary>Converts a model.</summary>
    /// <param name="source">A model folder or GGUF file.</param>
    /// <param name="destination">The folder to write; it must not exist, or be empty.</param>
    /// <param name="dtype">How matrices are to be stored, all else as float32; null for everything as it is.</param>
    /// <param name="progress">Told tensors begun and tensors in all.</param>
    /// <param name="cancellation">Ends it early; nothing is written then.</param>
    /// <exception cref="ConversionException">The destination is taken or inside the model, or a value does not fit the type.</exception>
    /// <exception cref="CorruptFileException">A file is not what it should be.</exception>
    /// <exception cref="ModelConfigException">The model is of a kind that is not supported.</exception>
    /// <exception cref="StateDictException">The weights do not fit the configuration.</exception>
    public static ConvertedModel Convert(
        string source, string destination, StoredDtype? dtype, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        CheckDestination(source, destination);
        IModelFiles files = ModelFolder.OpenFiles(source);
        byte[] config = files.Require(IModelFiles.Config);
        using OpenWeights weights = files.OpenWeights();
        StoredState state = weights.State();
        LanguageModel model = ModelFolder.CreateModel(files, config, state);
        IStateSource renamed = Renamed(model, state, source);
        NamedTensor[] tensors = [.. dtype is { } wanted ? Converted(model, renamed, wanted) : weights.Tensors.Where(tensor => IsWeight(tensor, state))];
        byte[] json = ConfigJson.Of(model.Config, DtypeName(dtype, tensors), tensors.Any(tensor => tensor.DType == DType.I8));
        List<FolderFile> content = [new FolderFile(IModelFiles.Config, stream => stream.Write(json)), .. ModelFolder.Companions(files)];
        string? problem = files.TokenizerProblem;
        if (problem is null)
        {
            byte[] tokenizer = files.Require(IModelFiles.Tokenizer);
            content.Add(new FolderFile(IModelFiles.Tokenizer, stream => stream.Write(tokenizer)));
        }

        content.Add(new FolderFile(
            SafeTensorsFolder.SingleFile, stream => SafeTensorsWriter.Write(stream, Watched(tensors, progress, cancellation), SafeTensorsWriter.TransformersMetadata)));
        try
        {
            AtomicFolder.Write(DiskFileSystem.Instance, destination, content);
        }
        catch (Exception e) when (e is ConversionException or OperationCanceledException)
        {
            AtomicFolder.Clean(DiskFileSystem.Instance, destination);
            throw;
        }

        return new ConvertedModel(destination, model.Config.ModelType, tensors.Sum(tensor => tensor.Data.ByteCount), problem);
    }

    // The weights under the names that the model has, all of them of its shapes.
    private static IStateSource Renamed(LanguageModel model, StoredState state, string source)
    {
        try
        {
            IStateSource renamed = model.Renamed(state);
            model.CheckStateDict(renamed);
            return renamed;
        }
        catch (StateDictException exception)
        {
            throw exception.At(source);
        }
    }

    private static void CheckDestination(string source, string destination)
    {
        if (destination.Length == 0)
        {
            throw new ConversionException("the folder to write has no name: name one that does not exist");
        }

        if (File.Exists(destination) || (Directory.Exists(destination) && Directory.EnumerateFileSystemEntries(destination).Any()))
        {
            throw new ConversionException($"{destination} exists: name a folder that does not, or is empty");
        }

        string inside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)) + Path.DirectorySeparatorChar;
        if (Path.GetFullPath(destination).StartsWith(inside, StringComparison.Ordinal))
        {
            throw new ConversionException($"{destination} is inside {source}, whose manifest does not list it: name a folder elsewhere");
        }
    }

    private static IEnumerable<NamedTensor> Converted(LanguageModel model, IStateSource source, StoredDtype dtype)
    {
        foreach ((string name, Tensor tensor) in model.StateDict())
        {
            if (tensor is not Parameter parameter)
            {
                yield return new[] { new KeyValuePair<string, Tensor>(name, tensor) }.ToNamedTensors()[0]; // what Transformers expects beside
            }
            else if (parameter.Use == ParameterUse.Elements)
            {
                yield return ConvertedData.Numbers(source, name, parameter.Shape, DType.F32);
            }
            else if (dtype != StoredDtype.Q8)
            {
                DType stored = dtype == StoredDtype.BF16 ? DType.BF16 : dtype == StoredDtype.F16 ? DType.F16 : DType.F32;
                yield return ConvertedData.Numbers(source, name, parameter.Shape, stored);
            }
            else
            {
                foreach (NamedTensor part in ConvertedData.Blocks(source, name, parameter.Shape, parameter.Use == ParameterUse.OutputsByInputs))
                {
                    yield return part;
                }
            }
        }
    }

    private static bool IsWeight(NamedTensor tensor, StoredState state) =>
        state.TryGetShape(tensor.Name, out _) || (tensor.Name.EndsWith(Q8Pair.ScaleSuffix, StringComparison.Ordinal) && state.IsQ8(tensor.Name[..^Q8Pair.ScaleSuffix.Length]));

    private static string DtypeName(StoredDtype? dtype, NamedTensor[] tensors) => TransformersDtypes.Split(' ')[(int)(dtype
        ?? (tensors.All(tensor => tensor.DType == DType.BF16) ? StoredDtype.BF16 : tensors.All(tensor => tensor.DType == DType.F16) ? StoredDtype.F16 : StoredDtype.F32))];

    // Tensors that tell when they are first read.
    private static NamedTensor[] Watched(NamedTensor[] tensors, Action<int, int>? progress, CancellationToken cancellation)
    {
        int begun = 0;
        return Array.ConvertAll(tensors, tensor => new NamedTensor(tensor.Name, tensor.DType, tensor.Shape.AsSpan(), new WatchedData(tensor.Data, offset =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (offset == 0)
            {
                progress?.Invoke(++begun, tensors.Length);
            }
        })));
    }

    private sealed class WatchedData(TensorData data, Action<long> read) : TensorData
    {
        public override long ByteCount => data.ByteCount;

        public override ReadOnlySpan<byte> Bytes(long offset, int count)
        {
            read(offset);
            return data.Bytes(offset, count);
        }
    }
}
