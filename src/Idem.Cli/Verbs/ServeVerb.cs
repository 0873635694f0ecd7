// idem serve: an OpenAI-compatible server over one model. Ctrl-C or SIGTERM once: it finishes what runs and takes nothing new; twice: it ends.

using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Idem.Cli.Terminal;
using Idem.Inference;
using Idem.Models;
using Idem.Server;

namespace Idem.Cli.Verbs;

internal static class ServeVerb
{
    private const string KeyVariable = "IDEM_API_KEY";

    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Option<string> Host = new("--host")
    {
        Description = "Address to listen on; 0.0.0.0: every one of this machine.", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1",
    };

    private static readonly Option<int> Port = new("--port") { Description = "Port; 0: a free one.", HelpName = "N", DefaultValueFactory = _ => 8000 };

    private static readonly Option<string?> ApiKey = new("--api-key")
    {
        Description = $"Clients must send this bearer token. {KeyVariable} in the environment does the same, and stands in no list of processes.", HelpName = "KEY",
    };

    private static readonly Option<int?> MaxLength = new("--max-model-len") { Description = "Tokens of a prompt and its continuation together. Default: the model's context.", HelpName = "N" };

    private static readonly Option<int> MaxSequences = new("--max-num-seqs") { Description = "Sequences computed at once; others wait.", HelpName = "N", DefaultValueFactory = _ => 64 };

    private static readonly Option<int> MaxBatchedTokens = new("--max-num-batched-tokens")
    {
        Description = "Positions computed in one step; every sequence past its prompt gets one, even if those are more.", HelpName = "N", DefaultValueFactory = _ => 128,
    };

    private static readonly Option<int?> CacheMemory = new("--kv-cache-mib")
    {
        Description = "Memory for keys and values, taken as it is needed; where it runs out, sequences wait or are computed again. Default: a quarter of the machine's.", HelpName = "N",
    };

    private static readonly Option<string?> Name = new("--served-model-name") { Description = "The name that requests give. Default: the folder's.", HelpName = "NAME" };

    private static readonly Option<string> GenerationConfig = SamplingOptions.GenerationConfigOption("Fields that requests leave out have");

    private static readonly Option<bool> Metrics = new("--metrics") { Description = "Answer GET /metrics, in Prometheus' text format." };

    private static readonly Option<string> Dtype = ModelPath.DtypeOption();

    private static readonly Option<string> CacheDtypeName = ModelPath.CacheDtypeOption();

    public static Command Create()
    {
        Command command = new("serve", "Serve a model over HTTP as OpenAI does; answers do not depend on who else is asking.")
        {
            Model, Host, Port, ApiKey, MaxLength, MaxSequences, MaxBatchedTokens, CacheMemory, Name, Dtype, CacheDtypeName, GenerationConfig, Metrics,
        };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        ServerSettings settings = Settings(context);
        EngineSettings engine = new()
        {
            MaxBatchedTokens = Positive(context, MaxBatchedTokens),
            MaxSequences = Positive(context, MaxSequences),
            CacheDtype = ProfileNames.ParseCache(context.Value(CacheDtypeName)!),
        };
        if (context.Value(MaxLength) is < 1 and int length)
        {
            throw new UsageException($"{MaxLength.Name} {length}: use a number from 1");
        }

        ModelFolder folder = ModelPath.Load("serve", context.Value(Model)!, context.Value(Dtype)!);
        if (!folder.HasTokenizer)
        {
            throw new FileNotFoundException($"serve: {folder.TokenizerProblem}, so there is nothing to read texts with");
        }

        ServedModel model = new(folder, new ServedModelSettings
        {
            Name = context.Value(Name) ?? NameOf(context.Value(Model)!),
            MaxLength = context.Value(MaxLength),
            CacheDtype = engine.CacheDtype,
            Defaults = folder.Model is DecoderModel ? SamplingOptions.Defaults(context, GenerationConfig, folder) : GenerationDefaults.None,
        });
        if (folder.Model is DecoderModel decoder)
        {
            engine = WithMemory(engine, decoder, context.Value(CacheMemory));
        }

        context.Cancellation.ThrowIfCancellationRequested();
        return ServeAsync(context, model, engine, settings).GetAwaiter().GetResult();
    }

    // Keys and values that no sequence needs any more are kept as far as there is memory.
    private static EngineSettings WithMemory(EngineSettings engine, DecoderModel model, int? mib)
    {
        long bytes = mib is { } given ? (long)given << 20 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
        int positions = engine.PositionsIn(bytes, model);
        return positions >= engine.PageLength
            ? engine with { KvPositions = positions, PrefixPositions = positions }
            : throw new UsageException($"{CacheMemory.Name} {bytes >> 20}: there is no room for {engine.PageLength} positions of this model");
    }

    private static async Task<int> ServeAsync(VerbContext context, ServedModel model, EngineSettings engine, ServerSettings settings)
    {
        await using IdemServer server = await IdemServer.StartAsync(model, engine, settings);
        Announce(context, model, server, settings);
        TaskCompletionSource interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (context.Cancellation.Register(interrupted.SetResult))
        {
            await interrupted.Task;
        }

        Console.Error.WriteLine("idem: stopping: what runs is finished, nothing new is taken; once more to end at once");
        await server.DrainAsync();
        return ExitCodes.Success;
    }

    private static void Announce(VerbContext context, ServedModel model, IdemServer server, ServerSettings settings)
    {
        if (settings.ApiKey is null && !settings.IsLocal)
        {
            Console.Error.WriteLine($"idem: warning: {settings.Host} can be reached from other machines, and anyone who does may use the model; set {ApiKey.Name} or {KeyVariable}");
        }

        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["url"] = server.Address.ToString(),
                ["model"] = model.Name,
                ["model_digest"] = model.Identity.Weights.ToString(),
                ["system_fingerprint"] = model.Fingerprint,
                ["max_model_len"] = model.MaxLength,
                ["generation_defaults"] = model.Defaults.ToJson(),
            });
            return;
        }

        string kind = model.Folder.Model is not DecoderModel ? "embeddings" : model.HasChatTemplate ? "chat and completions" : "completions (it has no chat template)";
        Console.Out.WriteLine($"{model.Name}: {model.Folder.Model.Config.ModelType}, {kind}, context {model.MaxLength}, {model.Identity.Dtype}");
        Console.Out.WriteLine($"fingerprint {model.Fingerprint}");
        if (!model.Defaults.IsEmpty)
        {
            string said = string.Join(", ", model.Defaults.ToJson().Select(setting => $"{setting.Key} {setting.Value!.ToJsonString()}"));
            Console.Out.WriteLine($"from its generation_config.json, where requests say nothing ({GenerationConfig.Name} none: without): {said}");
        }

        Console.Out.WriteLine($"Serving at {server.Address} (API below {server.Address}v1). Ctrl-C stops.");
    }

    // A run's name is better than that of its newest checkpoint, and a name in the cache is one already.
    private static string NameOf(string model) =>
        Directory.Exists(model) || File.Exists(model) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))) : model;

    private static ServerSettings Settings(VerbContext context)
    {
        string host = context.Value(Host)!;
        int port = context.Value(Port);
        string? key = context.Value(ApiKey) ?? Environment.GetEnvironmentVariable(KeyVariable);
        return host != "localhost" && !IPAddress.TryParse(host, out _) ? throw new UsageException($"{Host.Name} {host}: use an IP address, or localhost")
            : port is < 0 or > 65535 ? throw new UsageException($"{Port.Name} {port}: use 0 to 65535")
            : host == "localhost" && port == 0 ? throw new UsageException($"{Port.Name} 0: use --host 127.0.0.1 for a free port")
            : key is { Length: 0 } ? throw new UsageException($"{ApiKey.Name}: the key is empty; give one, or leave the option out")
            : new ServerSettings
            {
                Host = host,
                Port = port,
                ApiKey = key,
                Metrics = context.Value(Metrics),
                Report = line => Console.Error.WriteLine($"idem: {line}"),
            };
    }

    private static int Positive(VerbContext context, Option<int> option) =>
        context.Value(option) is > 0 and int value ? value : throw new UsageException($"{option.Name} {context.Value(option)}: use a number from 1");
}
