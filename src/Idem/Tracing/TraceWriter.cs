// Writes a trace: a header, a line for each result, and a last line that counts and hashes what stands before it, so that a trace
// that was cut off or changed shows. Chosen tensors are held until the end, when they become one safetensors file.

using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Numerics;
using Idem.Tensors;

namespace Idem.Tracing;

/// <summary>Writes one trace file.</summary>
public sealed class TraceWriter : IDisposable
{
    /// <summary>The format's name.</summary>
    public const string Format = "idem-trace-1";

    internal static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TraceRequest _request;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<NamedTensor> _tensors = [];
    private long _records;

    private TraceWriter(TraceRequest request, FileStream file)
    {
        _request = request;
        _file = file;
    }

    /// <summary>Results written so far.</summary>
    public long Records => _records;

    /// <summary>The file of chosen tensors.</summary>
    public static string TensorsPath(string trace) => trace + ".safetensors";

    /// <summary>Begins a file, or replaces one.</summary>
    /// <param name="request">What to trace.</param>
    /// <param name="kind">What the steps are: <c>train</c> or <c>generate</c>.</param>
    /// <param name="subject">What was computed: digests and settings that decide the results.</param>
    public static TraceWriter Create(TraceRequest request, string kind, JsonObject subject)
    {
        ArgumentNullException.ThrowIfNull(request);
        TraceWriter writer = new(request, Create(request.Path));
        JsonObject header = new() { ["format"] = Format, ["kind"] = kind, ["arithmetic"] = ArithmeticVersion.Name, ["subject"] = subject };
        writer.WriteLine(Encoding.UTF8.GetBytes(header.ToJsonString(Json)));
        return writer;
    }

    /// <summary>Whether a step is to be traced.</summary>
    public bool Wants(long step) => _request.Steps is not { } steps || steps.Contains(step);

    /// <summary>Runs a forward pass on this thread, and traces it if it is wanted.</summary>
    /// <param name="pass">Its number, from 1.</param>
    /// <param name="body">The pass.</param>
    public void Watch(long pass, Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (!Wants(pass))
        {
            body();
            return;
        }

        OperationTrace trace = new(pass, null, Keeps);
        using (Tape.Watch(trace))
        {
            body();
        }

        Write(trace.Entries);
    }

    /// <summary>Ends the file. A trace without its end is refused by readers.</summary>
    public void Finish()
    {
        string end = new JsonObject { ["records"] = _records, ["sha256"] = Convert.ToHexStringLower(_hash.GetCurrentHash()) }.ToJsonString(Json);
        WriteLine(Encoding.UTF8.GetBytes(end));
        _file.Flush(flushToDisk: true);
        string tensors = TensorsPath(_request.Path);
        if (_request.Tensors is null)
        {
            File.Delete(tensors); // an earlier trace's would not fit this one
            return;
        }

        using FileStream stream = Create(tensors);
        SafeTensorsWriter.Write(stream, _tensors);
        stream.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    /// <summary>Which results' values are kept.</summary>
    internal bool Keeps(TraceRecord record, int number) => _request.Tensors?.Matches(record.Module) == true;

    internal void Write(IEnumerable<TraceEntry> entries)
    {
        foreach (TraceEntry entry in entries)
        {
            if (entry.Values is { } values)
            {
                _tensors.Add(new NamedTensor(entry.Record.TensorName(_records), values.DType, values.Shape.AsSpan(), values.Data));
            }

            WriteLine(entry.Record.Encode());
            _records++;
        }
    }

    private static FileStream Create(string path) => new(DiskFileSystem.Instance.Target(path), FileMode.Create, FileAccess.Write);

    private void WriteLine(byte[] line)
    {
        _file.Write(line);
        _file.WriteByte((byte)'\n');
        _hash.AppendData(line);
        _hash.AppendData("\n"u8);
    }
}
