// The tokenizers of the reference data, loaded once each; files packed with gzip are unpacked in memory.

using System.Collections.Concurrent;
using System.IO.Compression;
using Idem.Tests.Support;
using Idem.Tokenizers;

namespace Idem.Tests.Tokenizers;

internal static class ReferenceTokenizers
{
    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> Loaded = new();

    public static Tokenizer Load(string name)
    {
        string file = Require(name);
        return Loaded.GetOrAdd(name, _ => new(() => Tokenizer.Parse(Read(file), file))).Value;
    }

    public static byte[] Bytes(string name) => Read(Require(name));

    private static string Require(string name)
    {
        string folder = SharedData.Require($"reference/tokenizers/{name}");
        string file = Path.Combine(folder, "tokenizer.json");
        return File.Exists(file) ? file : file + ".gz";
    }

    private static byte[] Read(string file)
    {
        using Stream stream = File.OpenRead(file);
        using Stream unpacked = file.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(stream, CompressionMode.Decompress)
            : stream;
        var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }
}
