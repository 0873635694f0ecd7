// manifest.json of a durable folder: every other file with its size and SHA-256. Its own bytes are canonical, so any
// change to it shows too: what is read must be exactly what would be written.

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Idem.Formats;

internal sealed class FolderManifest
{
    public const string FileName = "manifest.json";
    public const string Format = "idem-folder-1";
    public const long BytesMax = 64L << 20;

    private const string Redo = "Use another copy or an earlier checkpoint";

    public FolderManifest(IEnumerable<Item> items) => Items = [.. items.OrderBy(item => item.Name, NameOrder.Instance)];

    /// <summary>Size in bytes and SHA-256 as 64 lower-case hex digits.</summary>
    public sealed record Item(string Name, long Size, string Sha256);

    /// <summary>In ordinal name order.</summary>
    public IReadOnlyList<Item> Items { get; }

    public byte[] Encode()
    {
        var json = new StringBuilder("{\"format\":\"").Append(Format).Append("\",\"files\":[");
        string separator = "\n";
        foreach (Item item in Items)
        {
            json.Append(separator).Append("{\"name\":").AppendString(item.Name).Append(",\"size\":").AppendInteger(item.Size);
            json.Append(",\"sha256\":").AppendString(item.Sha256).Append('}');
            separator = ",\n";
        }

        // Its own checksum last, so that a changed manifest is not taken for changed files.
        string content = json.Append("\n]").ToString();
        string checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
        return Encoding.UTF8.GetBytes($"{content},\"sha256\":\"{checksum}\"}}\n");
    }

    public static FolderManifest Parse(byte[] bytes, string path)
    {
        FolderManifest manifest;
        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = json.RootElement;
            string format = Text(root, "format");
            if (format != Format)
            {
                throw new CorruptFileException(path, $"format '{format}' is not '{Format}'", "Open it with the version that wrote it");
            }

            manifest = new FolderManifest(root.GetProperty("files").EnumerateArray().Select(file => new Item(
                Text(file, "name"), file.GetProperty("size").GetInt64(), Text(file, "sha256"))));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CorruptFileException(path, $"is not a manifest ({e.Message.TrimEnd('.')})", Redo, e);
        }

        if (manifest.Items.DistinctBy(item => item.Name).Count() != manifest.Items.Count)
        {
            throw new CorruptFileException(path, "lists a file twice", Redo);
        }

        if (!manifest.Encode().AsSpan().SequenceEqual(bytes))
        {
            throw new CorruptFileException(path, "is not byte for byte what its writer produces: it was changed", Redo);
        }

        return manifest;
    }

    private static string Text(JsonElement item, string property)
        => item.GetProperty(property).GetString() ?? throw new FormatException($"{property} is null");
}
