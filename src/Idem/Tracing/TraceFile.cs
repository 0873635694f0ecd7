// Reads traces: checked as a whole first, since a trace that was cut off must not look like one that ends earlier.

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Numerics;

namespace Idem.Tracing;

/// <summary>A trace that is whole.</summary>
public sealed class TraceFile : IDisposable
{
    private const string Remedy = "Write it again with --trace";

    private readonly SafeTensorsFile? _tensors;

    private TraceFile(string path, JsonObject header, IReadOnlyList<TraceRecord> records, SafeTensorsFile? tensors)
    {
        Path = path;
        Header = header;
        Records = records;
        _tensors = tensors;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The first line.</summary>
    public JsonObject Header { get; }

    /// <summary>The results, in order.</summary>
    public IReadOnlyList<TraceRecord> Records { get; }

    /// <summary>Whether a file begins as traces do.</summary>
    public static bool IsTrace(string path)
    {
        byte[] expected = Encoding.ASCII.GetBytes("{\"format\":\"idem-trace-"), start = new byte[expected.Length];
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream file = File.OpenRead(path);
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan().SequenceEqual(expected);
    }

    /// <summary>Reads a trace, and the tensors beside it if there are any.</summary>
    /// <exception cref="CorruptFileException">It is not a whole trace of this version.</exception>
    public static TraceFile Open(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using StreamReader lines = new(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<TraceRecord> records = [];
        JsonObject? header = null;
        string? line = null, next;
        try
        {
            for (long number = 1; (next = lines.ReadLine()) is not null; number++)
            {
                if (line is not null)
                {
                    byte[] bytes = Encoding.UTF8.GetBytes(line);
                    hash.AppendData(bytes);
                    hash.AppendData("\n"u8);
                    if (header is null)
                    {
                        header = ReadHeader(path, line);
                    }
                    else
                    {
                        records.Add(Decode(path, number - 1, bytes));
                    }
                }

                line = next;
            }
        }
        catch (DecoderFallbackException exception)
        {
            throw new CorruptFileException(path, "is not UTF-8", Remedy, exception);
        }

        CheckEnd(path, header, line, records.Count, hash.GetCurrentHash());
        string tensors = TraceWriter.TensorsPath(path);
        return new TraceFile(path, header, records, File.Exists(tensors) ? SafeTensorsFile.Open(tensors) : null);
    }

    /// <summary>The values of a result; null unless they were chosen.</summary>
    /// <exception cref="CorruptFileException">They are not those that the trace was written with.</exception>
    public NamedTensor? Tensor(int index)
    {
        TraceRecord record = Records[index];
        if (_tensors is null || !_tensors.TryGet(record.TensorName(index), out NamedTensor? tensor))
        {
            return null;
        }

        NamedTensor unnamed = new("", tensor.DType, tensor.Shape.AsSpan(), tensor.Data);
        return Audit.TensorDigest.Compute(unnamed) == record.Digest
            ? tensor
            : throw new CorruptFileException(_tensors.Path, $"tensor '{tensor.Name}' is not the one that the trace states", "Keep a trace and its tensors together; write both again with --trace");
    }

    /// <inheritdoc/>
    public void Dispose() => _tensors?.Dispose();

    private static JsonObject ReadHeader(string path, string line)
    {
        try
        {
            JsonObject header = JsonNode.Parse(line)!.AsObject();
            string format = header["format"]!.GetValue<string>();
            return format != TraceWriter.Format
                ? throw new CorruptFileException(path, $"has format '{format}', this version reads '{TraceWriter.Format}'", "Use the version of Idem that wrote it")
                : header["subject"] is JsonObject && header["kind"] is JsonValue && header["arithmetic"] is JsonValue
                    ? header
                    : throw new CorruptFileException(path, "its first line is not a trace's", Remedy);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new CorruptFileException(path, "its first line is not a trace's", Remedy, exception);
        }
    }

    private static TraceRecord Decode(string path, long line, byte[] bytes)
    {
        try
        {
            return TraceRecord.Decode(bytes);
        }
        catch (FormatException exception)
        {
            throw new CorruptFileException(path, $"line {line} {exception.Message}", Remedy, exception);
        }
    }

    private static void CheckEnd(string path, [NotNull] JsonObject? header, string? last, long records, byte[] hash)
    {
        string end = new JsonObject { ["records"] = records, ["sha256"] = Convert.ToHexStringLower(hash) }.ToJsonString(TraceWriter.Json);
        if (header is null || last != end)
        {
            throw new CorruptFileException(path, "its last line does not count and hash what stands before it: the trace was cut off or changed", Remedy);
        }
    }
}
