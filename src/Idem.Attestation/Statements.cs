// What is stated of a run, a model and a receipt. Each is read and checked as far as its own files go (digests, chain, manifest); nothing
// is executed: a statement says what was there when it was signed, not that it is right. That is what re-execution is for.

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Numerics;
using Idem.Training;
using Idem.Verification;

namespace Idem.Attestation;

/// <summary>Makes statements.</summary>
public static class Statements
{
    /// <summary>Of a run.</summary>
    public const string RunPredicate = "urn:idem:attestation:run:1";

    /// <summary>Of a model.</summary>
    public const string ModelPredicate = "urn:idem:attestation:model:1";

    /// <summary>Of a receipt.</summary>
    public const string ReceiptPredicate = "urn:idem:attestation:receipt:1";

    private const string Tensors = "idem-tensors-1";

    /// <summary>Of what lies at a path: a run folder, a receipt's file, or a model.</summary>
    /// <exception cref="CorruptFileException">It is not whole, or no such thing.</exception>
    /// <exception cref="FileNotFoundException">Something is missing.</exception>
    public static Statement Of(string path, CancellationToken cancellation = default) =>
        RunFolder.IsRun(path) ? OfRun(path, cancellation) : IsReceipt(path) ? OfReceipt(path) : OfModel(path);

    /// <summary>Whether a file begins as receipts do.</summary>
    public static bool IsReceipt(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        byte[] expected = Encoding.UTF8.GetBytes($"{{\"format\":\"{Receipt.Format}\""), begin = new byte[expected.Length];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.AsSpan().SequenceEqual(expected);
    }

    private static Statement OfRun(string path, CancellationToken cancellation)
    {
        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, path);
        VerificationReport checkedRun = RunVerifier.Verify(run, new VerificationRequest(LedgerOnly: true), Compute.Current, null, cancellation);
        List<StatementSubject> subjects = [.. new[] { run.TokenizerPath, run.LedgerPath, Path.Combine(path, RunManifest.FileName) }.Select(file => OfFile(path, file))];
        IReadOnlyList<long> steps = run.CheckpointSteps();
        foreach (string folder in steps.Select(step => AtomicFolder.Open(DiskFileSystem.Instance, run.CheckpointPath(step)).Path))
        {
            cancellation.ThrowIfCancellationRequested();
            subjects.AddRange(Directory.EnumerateFiles(folder).Select(file => OfFile(path, file)));
        }

        subjects.Sort((a, b) => NameOrder.Instance.Compare(a.Name, b.Name));
        if (steps.Count > 0)
        {
            subjects.Add(OfTensors("model", ModelFolder.Digests(AtomicFolder.Open(DiskFileSystem.Instance, run.CheckpointPath(steps[^1])).Path, Compute.Current.Threads)));
        }

        RunManifest manifest = run.Manifest;
        JsonObject predicate = new()
        {
            ["arithmetic"] = manifest.Arithmetic,
            ["genesis"] = manifest.Genesis.ToString(),
            ["config"] = manifest.ConfigJson(),
            ["data_digest"] = manifest.Data.ToString(),
            ["tokenizer_digest"] = manifest.Tokenizer.ToString(),
            ["ledger"] = new JsonObject { ["lines"] = checkedRun.Ledger.Lines, ["hash"] = checkedRun.Ledger.Hash.ToString() },
        };
        if (manifest.InvariantUnder.Count > 0)
        {
            predicate["invariant_under"] = Names(manifest.InvariantUnder);
        }

        if (manifest.Base is { } start)
        {
            predicate["base"] = new JsonObject { ["model_type"] = start.ModelType, ["model_digest"] = start.Model.ToString(), ["config_digest"] = start.Config.ToString() };
        }

        return new Statement(RunPredicate, subjects, predicate);
    }

    private static Statement OfModel(string path)
    {
        ModelFolder model = ModelFolder.OpenWithoutWeights(path);
        ReceiptModel identity = Receipts.Identify(model, default);
        string folder = File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        List<StatementSubject> subjects = File.Exists(path)
            ? [OfFile(folder, path) with { Name = "model.gguf" }]
            : [.. ModelFolder.FileNames(path).Select(name => OfFile(folder, Path.Combine(folder, name)))];
        subjects.Add(new StatementSubject("model", Tensors, identity.Weights.ToHex()));
        return new Statement(ModelPredicate, subjects, new JsonObject
        {
            ["arithmetic"] = identity.Arithmetic,
            ["config"] = JsonNode.Parse(model.Model.Config.ToJson()),
            ["tokenizer_digest"] = identity.Tokenizer?.ToString(),
            ["chat_template_digest"] = identity.ChatTemplate?.ToString(),
            ["invariant_under"] = Names(Invariances.OfInference),
        });
    }

    private static Statement OfReceipt(string path)
    {
        Receipt receipt = Receipt.Decode(File.ReadAllBytes(path), path, out Digest id);
        ReceiptModel model = receipt.Model;
        return new Statement(ReceiptPredicate, [OfFile(Path.GetDirectoryName(Path.GetFullPath(path))!, path) with { Name = "receipt.json" }], new JsonObject
        {
            ["id"] = id.ToString(),
            ["arithmetic"] = model.Arithmetic,
            ["model"] = new JsonObject
            {
                ["weights"] = model.Weights.ToString(),
                ["config"] = model.Config.ToString(),
                ["tokenizer"] = model.Tokenizer?.ToString(),
                ["chat_template"] = model.ChatTemplate?.ToString(),
                ["dtype"] = model.Dtype,
                ["kv_cache_dtype"] = model.CacheDtype,
                ["digest"] = model.Digest.ToString(),
            },
            ["invariant_under"] = Names(receipt.InvariantUnder),
        });
    }

    private static StatementSubject OfFile(string folder, string file)
    {
        using FileStream stream = File.OpenRead(file);
        return new StatementSubject(Path.GetRelativePath(folder, file).Replace('\\', '/'), "sha256", Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static StatementSubject OfTensors(string name, TensorDigests digests) => new(name, Tensors, digests.Root.ToHex());

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
