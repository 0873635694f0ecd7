// run.json: what a run is. The configuration, arithmetic and digests of data and tokenizer decide every later bit and are
// bound into the genesis digest, with which the ledger's chain begins. The rest (paths, environment) is for the reader.
// The file ends with a checksum of itself, and there is one way to write it: any changed byte is found.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;

namespace Idem.Training;

/// <summary>The identity of a training run, as <c>run.json</c> holds it.</summary>
public sealed record RunManifest
{
    /// <summary>The file's name in a run folder.</summary>
    public const string FileName = "run.json";

    /// <summary>Version of the file's layout.</summary>
    public const string Format = "idem-run-1";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The arithmetic that the run follows.</summary>
    public string Arithmetic { get; init; } = ArithmeticVersion.Name;

    /// <summary>Every setting that decides a bit.</summary>
    public required TrainConfig Config { get; init; }

    /// <summary>Digest of the training text (docs/formats.md).</summary>
    public required Digest Data { get; init; }

    /// <summary>Digest of <c>tokenizer.json</c>.</summary>
    public required Digest Tokenizer { get; init; }

    /// <summary>Entries of the tokenizer's vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The model that the run began from; null where it began from drawn weights.</summary>
    public BaseIdentity? Base { get; init; }

    /// <summary>What the model learns; null where it is the next token.</summary>
    public string? Objective => Base is null ? null : TrainingObjective.NameOf(Base.ModelType);

    /// <summary>Where the data was read; another place with the same digest is as good.</summary>
    public required IReadOnlyList<string> DataPaths { get; init; }

    /// <summary>What ran it: versions, machine, resources. Decides no bit.</summary>
    public required RunEnvironment Environment { get; init; }

    /// <summary>The digest of everything that decides the run's bits; the ledger's chain begins with it.</summary>
    public Digest Genesis => Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n',
        (string[])[Format, Arithmetic, ConfigJson().ToJsonString(), Data.ToString(), Tokenizer.ToString(), .. BaseLines(), ""])));

    /// <summary>What may differ between two executions without changing a bit, as the run states it; empty where it states nothing.</summary>
    public IReadOnlyList<string> InvariantUnder { get; init; } = Invariances.OfTraining;

    /// <summary>The digest of a checkpoint's config.json.</summary>
    internal Digest ModelConfigDigest => Base?.Config ?? Digest.Of(Config.ModelConfig(VocabSize).ToJson());

    /// <summary>The bytes of run.json.</summary>
    public byte[] Encode()
    {
        JsonObject root = ToJson();
        root["checksum"] = Checksum(root).ToString();
        return Encoding.UTF8.GetBytes(root.ToJsonString(Indented) + "\n");
    }

    /// <summary>Reads run.json.</summary>
    /// <exception cref="CorruptFileException">It is not what <see cref="Encode"/> wrote, or of another format or arithmetic.</exception>
    public static RunManifest Decode(ReadOnlySpan<byte> bytes, string path)
    {
        const string Redo = "Restore the file from a copy; a run without it cannot be verified or resumed";
        try
        {
            JsonObject root = JsonNode.Parse(bytes)!.AsObject();
            string format = Text(root, "format");
            if (format != Format)
            {
                throw new CorruptFileException(path, $"has format '{format}', this version reads '{Format}'", "Use the version of Idem that wrote it");
            }

            string arithmetic = Text(root, "arithmetic");
            if (arithmetic != ArithmeticVersion.Name)
            {
                throw new CorruptFileException(path, $"was computed with arithmetic '{arithmetic}', this version computes '{ArithmeticVersion.Name}'", "Use the version of Idem that wrote it");
            }

            RunManifest manifest = new()
            {
                Base = root["base"] is JsonObject start
                    ? new BaseIdentity(Text(start, "path"), Text(start, "model_type"), Digest.Parse(Text(start, "model_digest")), Digest.Parse(Text(start, "config_digest")))
                    : null,
                Config = root["base"] is null ? TrainConfigResolver.Parse(root["config"]!, path) : TrainConfigResolver.ParseFrom(root["config"]!, path),
                Data = Digest.Parse(Text(root, "data_digest")),
                Tokenizer = Digest.Parse(Text(root, "tokenizer_digest")),
                VocabSize = root["vocab_size"]!.GetValue<int>(),
                InvariantUnder = [.. root["invariant_under"]?.AsArray().Select(node => node!.GetValue<string>()) ?? []],
                DataPaths = [.. root["data_paths"]!.AsArray().Select(node => node!.GetValue<string>())],
                Environment = RunEnvironment.Of(root["environment"]!.AsObject()),
            };
            if (!manifest.Encode().AsSpan().SequenceEqual(bytes))
            {
                throw new CorruptFileException(path, "its content does not match its checksum: it was changed", Redo);
            }

            return manifest;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or NullReferenceException or FormatException or TrainConfigException)
        {
            throw new CorruptFileException(path, $"is not a run manifest: {exception.Message}", Redo, exception);
        }
    }

    private static string Text(JsonObject parent, string name) => parent[name]!.GetValue<string>();

    private static Digest Checksum(JsonObject root) => Digest.Of(Encoding.UTF8.GetBytes(root.ToJsonString()));

    /// <summary>The settings that decide bits, as run.json holds them.</summary>
    public JsonObject ConfigJson() => Base is null ? TrainConfigResolver.ToJson(Config) : TrainConfigResolver.ToJsonFrom(Config);

    /// <summary>The arithmetic that a run's run.json names, without reading the rest; null if it names none.</summary>
    internal static string? ArithmeticOf(string run)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(System.IO.Path.Combine(run, FileName)))!.AsObject()["arithmetic"]?.GetValue<string>();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>What decides the run's bits, as traces state it.</summary>
    internal JsonObject Subject()
    {
        JsonObject subject = new()
        {
            ["genesis"] = Genesis.ToString(), ["config"] = ConfigJson(), ["data_digest"] = Data.ToString(), ["tokenizer_digest"] = Tokenizer.ToString(),
        };
        if (Base is not null)
        {
            subject["base_model_digest"] = Base.Model.ToString();
        }

        return subject;
    }

    private IEnumerable<string> BaseLines() => 
        Base is null ? [] : [Base.Model.ToString(), Base.Config.ToString(), .. Objective is null ? Array.Empty<string>() : [Objective]];

    private JsonObject ToJson()
    {
        JsonObject json = CommonJson();
        if (InvariantUnder.Count == 0)
        {
            json.Remove("invariant_under");
        }

        if (Base is not null)
        {
            json["base"] = new JsonObject
            {
                ["path"] = Base.Path, ["model_type"] = Base.ModelType, ["model_digest"] = Base.Model.ToString(), ["config_digest"] = Base.Config.ToString(),
            };
        }

        if (Objective is not null)
        {
            json["objective"] = Objective;
        }

        return json;
    }

    private JsonObject CommonJson() => new()
    {
        ["format"] = Format,
        ["arithmetic"] = Arithmetic,
        ["genesis"] = Genesis.ToString(),
        ["config"] = ConfigJson(),
        ["data_digest"] = Data.ToString(),
        ["tokenizer_digest"] = Tokenizer.ToString(),
        ["vocab_size"] = VocabSize,
        ["data_paths"] = new JsonArray([.. DataPaths.Select(path => JsonValue.Create(path))]),
        ["invariant_under"] = new JsonArray([.. InvariantUnder.Select(name => JsonValue.Create(name))]),
        ["environment"] = Environment.ToJson(),
    };
}
