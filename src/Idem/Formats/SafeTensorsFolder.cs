// The weights of a Hugging Face folder: model.safetensors, or shards named by model.safetensors.index.json.
// The index and its shards must agree exactly; total_size in the index is ignored, since it is often wrong in the wild.

using System.Text.Json;

namespace Idem.Formats;

/// <summary>All tensors of a model folder, whether in one file or in shards.</summary>
public sealed class SafeTensorsFolder : IDisposable
{
    /// <summary>The file of an unsharded model.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>The index of a sharded one.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private const long IndexBytesMax = SafeTensorsHeader.BytesMax;
    private const string Redo = "Fetch or save the folder again, all shards and the index together";

    private readonly List<SafeTensorsFile> _files = [];
    private readonly SortedDictionary<string, NamedTensor> _tensors = new(NameOrder.Instance);

    private SafeTensorsFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The files opened, in ordinal name order.</summary>
    public IReadOnlyList<SafeTensorsFile> Files => _files;

    /// <summary>The tensors of all files, in ordinal name order.</summary>
    public IReadOnlyCollection<NamedTensor> Tensors => _tensors.Values;

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="SafeTensorsException">There is none.</exception>
    public NamedTensor this[string name] => _tensors.TryGetValue(name, out NamedTensor? tensor)
        ? tensor
        : throw new SafeTensorsException(Path, name, "is in no file of the folder", $"The folder holds {_tensors.Count} tensors; check the model type and the name");

    /// <summary>Opens the folder's weights; <see cref="SingleFile"/> wins over an index, as in Transformers.</summary>
    /// <exception cref="SafeTensorsException">No weights, a malformed file, or an index that disagrees with its shards.</exception>
    public static SafeTensorsFolder Open(string path)
    {
        var folder = new SafeTensorsFolder(path);
        try
        {
            string single = System.IO.Path.Combine(path, SingleFile);
            string index = System.IO.Path.Combine(path, IndexFile);
            if (File.Exists(single))
            {
                folder.Add(SafeTensorsFile.Open(single), null);
            }
            else if (File.Exists(index))
            {
                folder.OpenShards(index);
            }
            else
            {
                throw OtherWeights(path)
                    ?? new SafeTensorsException(path, null, $"holds neither {SingleFile} nor {IndexFile}", "Point to a model folder with safetensors weights");
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The error for weights in a format that is refused on purpose; null for other files.</summary>
    public static SafeTensorsException? OtherFormat(string file) => System.IO.Path.GetExtension(file).ToLowerInvariant() switch
    {
        ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl" => new SafeTensorsException(
            file, null, "is a Python pickle, a program that runs when it is read: Idem reads none",
            "Convert it where you trust it: load it with Transformers and call model.save_pretrained(folder, safe_serialization=True)"),
        ".h5" or ".msgpack" or ".onnx" => new SafeTensorsException(
            file, null, "is of a format that Idem does not read", "Load it with Transformers and call model.save_pretrained(folder, safe_serialization=True)"),
        _ => null,
    };

    /// <summary>Unmaps all files.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static SafeTensorsException? OtherWeights(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path).Order(NameOrder.Instance).Select(OtherFormat).FirstOrDefault(error => error is not null)
        : null;

    private void OpenShards(string index)
    {
        SortedDictionary<string, string> shardOf = ReadIndex(index);
        foreach (string shard in shardOf.Values.Distinct(StringComparer.Ordinal).Order(NameOrder.Instance))
        {
            Add(SafeTensorsFile.Open(System.IO.Path.Combine(Path, shard)), shardOf);
        }

        foreach ((string name, string shard) in shardOf)
        {
            if (!_tensors.ContainsKey(name))
            {
                throw new SafeTensorsException(index, name, $"is not in {shard}, where the index puts it", Redo);
            }
        }
    }

    private void Add(SafeTensorsFile file, SortedDictionary<string, string>? shardOf)
    {
        _files.Add(file);
        foreach (NamedTensor tensor in file.Tensors)
        {
            string shard = System.IO.Path.GetFileName(file.Path);
            if (shardOf is not null && (!shardOf.TryGetValue(tensor.Name, out string? said) || said != shard))
            {
                throw new SafeTensorsException(
                    file.Path, tensor.Name, said is null ? "is not in the index" : $"is here, but the index puts it in {said}", Redo);
            }

            _tensors.Add(tensor.Name, tensor);
        }
    }

    private static SortedDictionary<string, string> ReadIndex(string index)
    {
        try
        {
            if (new FileInfo(index).Length > IndexBytesMax)
            {
                throw new SafeTensorsException(index, null, $"exceeds {IndexBytesMax} bytes", Redo);
            }

            // AllowDuplicateProperties: a name mapped twice would leave it to the parser which shard wins.
            using JsonDocument json = JsonDocument.Parse(
                File.ReadAllBytes(index), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("weight_map", out JsonElement map) && map.ValueKind == JsonValueKind.Object
                ? ReadMap(index, map)
                : throw new SafeTensorsException(index, null, "has no object 'weight_map'", Redo);
        }
        catch (Exception e) when (ReadFailure.Is(index, e))
        {
            throw ReadFailure.Of(index, e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SafeTensorsException(index, null, $"cannot be read ({e.Message.TrimEnd('.')})", Redo, e);
        }
    }

    private static SortedDictionary<string, string> ReadMap(string index, JsonElement map)
    {
        var shardOf = new SortedDictionary<string, string>(NameOrder.Instance);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;

            // A plain file name: an index must not reach outside its folder.
            if (shard is null || !shard.EndsWith(".safetensors", StringComparison.Ordinal) || shard.AsSpan().ContainsAny("/\\:\0"))
            {
                throw new SafeTensorsException(index, entry.Name, "is not mapped to the plain name of a .safetensors file", Redo);
            }

            shardOf.Add(entry.Name, shard);
        }

        return shardOf;
    }
}
