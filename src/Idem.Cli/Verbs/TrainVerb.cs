// idem train: resolves one configuration, runs it, shows it.

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Cli.Terminal;
using Idem.Training;
using Spectre.Console;

namespace Idem.Cli.Verbs;

internal static class TrainVerb
{
    private static readonly Option<string[]> Data = new("--data")
    {
        Description = "Text files or folders to train on (UTF-8).",
        HelpName = "FILE|DIR",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> Out = new("--out") { Description = "Run folder to write.", HelpName = "RUN" };

    private static readonly Option<string?> Config = new("--config") { Description = "JSON file of settings.", HelpName = "FILE" };

    private static readonly Option<string?> Preset = new("--preset")
    {
        Description = "Named settings: " + string.Join("; ", Presets.Summaries.Select(preset => $"{preset.Name} ({preset.Summary})")),
        HelpName = "NAME",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Begin from this model (a folder, a run, or a name in the Hugging Face cache) and train all its parameters; its tokenizer is kept.",
        HelpName = "MODEL",
    };

    /// <summary>The option that continues a run.</summary>
    public const string ResumeName = "--resume";

    private static readonly Option<string?> Resume = new(ResumeName)
    {
        Description = "Continue the run in --out from its newest checkpoint, or from the step or checkpoint folder given.",
        HelpName = "STEP|CHECKPOINT",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly (string Setting, Option<string?> Option)[] Settings =
        [.. TrainConfigResolver.SettingNames.Select(name => (name, new Option<string?>("--" + name.Replace('_', '-'))
        {
            Description = SettingHelp.Of(name),
            HelpName = "VALUE",
        }))];

    public static Command Create()
    {
        Command command = new("train", "Train a GPT from text, or a given model further; the same bits on every machine.") { Data, Out, Preset, Config, From, Resume };
        foreach ((_, Option<string?> option) in Settings)
        {
            command.Options.Add(option);
        }

        TraceOptions.AddTo(command);
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        TrainingRequest request = Request(context);
        request = request with { Trace = TraceOptions.Read("train", context, made: request.RunFolder) };
        TrainingSetup setup = Trainer.Prepare(request);
        if (context.Json)
        {
            return Finish(context, setup.Manifest, Trainer.Run(setup, new JsonTrainingDisplay(), context.Cancellation));
        }

        PrintSetup(setup);
        if (!Display.IsLive)
        {
            return Finish(context, setup.Manifest, Trainer.Run(setup, new PlainTrainingDisplay(), context.Cancellation));
        }

        TrainingOutcome? outcome = null;
        AnsiConsole.Live(new Text("")).AutoClear(false).Start(live =>
            outcome = Trainer.Run(setup, new LiveTrainingDisplay(live), context.Cancellation));
        return Finish(context, setup.Manifest, outcome!);
    }

    private static TrainingRequest Request(VerbContext context)
    {
        string? resume = context.IsGiven(Resume) ? context.Value(Resume) ?? "latest" : null;
        string? outFolder = context.Value(Out);
        if (outFolder is null && resume is not null && Directory.Exists(resume))
        {
            outFolder = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(resume)));
        }

        if (string.IsNullOrWhiteSpace(outFolder))
        {
            throw new UsageException(resume is null ? "train: --out RUN is missing: name the folder to write the run to"
                : context.Value(Resume) is { } place && !place.All(char.IsAsciiDigit) ? $"train: {ResumeName} {place}: there is no such checkpoint folder; name one, or the run with --out RUN"
                : $"train: {ResumeName}: name the run to continue with --out RUN");
        }

        string[] data = context.Value(Data) ?? [];
        if (data.Length == 0 && resume is null)
        {
            throw new UsageException("train: --data FILE|DIR is missing: name the text to train on");
        }

        List<KeyValuePair<string, JsonNode?>> overrides = [];
        foreach ((string setting, Option<string?> option) in Settings)
        {
            if (context.IsGiven(option))
            {
                overrides.Add(new(setting, SettingHelp.Parse(setting, option.Name, context.Value(option) ?? "")));
            }
        }

        return new TrainingRequest(outFolder, data, context.Value(Preset), context.Value(Config), overrides, resume, context.Value(From) is { } from ? ModelPath.ResolveFolder("train --from", from) : null);
    }

    private static void PrintSetup(TrainingSetup setup)
    {
        Display.Line($"[bold]{Display.Escape(setup.RunFolder)}[/]  {(setup.FirstStep > 1 ? $"resuming after step {setup.FirstStep - 1}" : "new run")}");
        Display.Line($"model    {Display.Count(setup.ParameterCount)} parameters, vocabulary {Display.Count(setup.Manifest.VocabSize)}");
        Display.Line($"data     {Display.Count(setup.TrainTokens)} training tokens, {Display.Count(setup.ValTokens)} validation tokens  [grey]{setup.Manifest.Data}[/]");
        if (setup.Manifest.Base is { } start)
        {
            string learns = setup.Manifest.Objective is null ? "" : ", learns masked tokens";
            Display.Line($"from     {Display.Escape(start.Path)}  {start.ModelType}{learns}  [grey]{start.Model}[/]");
        }

        foreach (string line in SettingHelp.Wrap(setup.Manifest.ConfigJson(), 96))
        {
            Display.Line($"config   {Display.Escape(line)}");
        }

        Display.Line($"genesis  [grey]{setup.Manifest.Genesis}[/]  arithmetic {setup.Manifest.Arithmetic}");
    }

    private static int Finish(VerbContext context, RunManifest manifest, TrainingOutcome outcome)
    {
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["event"] = outcome.Interrupted ? "interrupted" : "finished",
                ["step"] = outcome.Step,
                ["run"] = outcome.RunFolder,
                ["checkpoint"] = outcome.CheckpointPath,
                ["digest"] = outcome.ModelDigest.ToString(),
                ["loss"] = outcome.Loss,
                ["val_loss"] = outcome.ValLoss,
            });
        }
        else if (!outcome.Interrupted)
        {
            string val = outcome.ValLoss is { } loss ? $", validation loss {Display.Number(loss, "0.0000")}" : "";
            Display.Line($"[green]done[/]: step {outcome.Step}{val}");
            Display.Line($"model    {outcome.CheckpointPath}");
            Display.Line($"digest   [bold]{outcome.ModelDigest}[/]");
            string use = manifest.Objective is null ? $"idem generate {outcome.RunFolder} --prompt \"...\"" : $"idem embed {outcome.RunFolder} \"...\"";
            Display.Line($"next     {use}    idem verify {outcome.RunFolder}");
        }

        if (outcome.Interrupted)
        {
            Console.Error.WriteLine($"idem: interrupted after step {outcome.Step}, saved {outcome.CheckpointPath}; continue with: idem train --out {outcome.RunFolder} --resume");
            return ExitCodes.Interrupted;
        }

        return ExitCodes.Success;
    }
}

/// <summary>One line of help for each setting, and its value from a flag.</summary>
internal static class SettingHelp
{
    private static readonly JsonObject Defaults = TrainConfigResolver.ToJson(new TrainConfig());

    private static readonly Dictionary<string, string> Texts = new()
    {
        ["seed"] = "Seed of weights, data order, dropout and samples.",
        ["tokenizer"] = "char (one token a character) or bpe (byte-level BPE trained on the data).",
        ["vocab_size"] = "Vocabulary of the bpe tokenizer.",
        ["val_fraction"] = "Share of the data, from its end, kept for validation.",
        ["n_layer"] = "Transformer blocks.",
        ["n_head"] = "Attention heads.",
        ["n_embd"] = "Width.",
        ["n_positions"] = "Context length in tokens.",
        ["activation_function"] = "gelu_new, gelu, relu or silu.",
        ["bias"] = "Biases in linear and norm layers: true or false.",
        ["tie_word_embeddings"] = "Output projection is the token embedding: true or false.",
        ["dropout"] = "Dropout probability.",
        ["layer_norm_epsilon"] = "Epsilon of the layer norms.",
        ["initializer_range"] = "Standard deviation of the initial weights.",
        ["batch_size"] = "Sequences of a step, times gradient-accumulation-steps.",
        ["gradient_accumulation_steps"] = "Multiplies the step's batch.",
        ["shards"] = "Logical micro-batches joined by a fixed tree; part of the result. 0: the largest divisor up to 4.",
        ["steps"] = "Optimizer steps.",
        ["optimizer"] = "adamw, adam or sgd.",
        ["learning_rate"] = "Peak learning rate.",
        ["min_learning_rate"] = "Where cosine and linear schedules end.",
        ["schedule"] = "cosine, linear or constant.",
        ["warmup_steps"] = "Steps of linear warm-up.",
        ["decay_steps"] = "Step at which the schedule reaches its minimum; 0: the last.",
        ["beta1"] = "Adam's first decay rate.",
        ["beta2"] = "Adam's second decay rate.",
        ["adam_epsilon"] = "Adam's epsilon.",
        ["weight_decay"] = "Weight decay of matrices and embeddings.",
        ["momentum"] = "Momentum of sgd.",
        ["grad_clip"] = "Largest global gradient norm; 0: no clipping.",
        ["eval_every"] = "Steps between evaluations; 0: none.",
        ["eval_windows"] = "Validation windows of an evaluation; 0: the whole split.",
        ["checkpoint_every"] = "Steps between checkpoints.",
        ["digest_every"] = "Steps between parameter digests in the ledger.",
        ["sample_every"] = "Steps between samples shown; 0: none.",
        ["sample_tokens"] = "Tokens of such a sample.",
    };

    public static string Of(string setting) => $"{Texts[setting]} Default: {Defaults[setting]!.ToJsonString().Trim('"')}.";

    /// <summary>A flag's text as the JSON value of its setting.</summary>
    public static JsonNode Parse(string setting, string flag, string text)
    {
        switch (Defaults[setting]!.GetValueKind())
        {
            case JsonValueKind.String:
                return JsonValue.Create(text)!;
            case JsonValueKind.True or JsonValueKind.False:
                return bool.TryParse(text, out bool flagValue) ? JsonValue.Create(flagValue) : throw new UsageException($"{flag} {text}: use true or false");
            default:
                if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong whole))
                {
                    return JsonValue.Create(whole);
                }

                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                    ? JsonValue.Create(number)
                    : throw new UsageException($"{flag} {text}: give a number");
        }
    }

    /// <summary>name=value pairs, in lines of at most this many characters.</summary>
    public static IEnumerable<string> Wrap(JsonObject config, int width)
    {
        string line = "";
        foreach ((string name, JsonNode? value) in config)
        {
            string pair = $"{name}={value!.ToJsonString().Trim('"')}";
            if (line.Length + pair.Length + 1 > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? pair : " " + pair;
        }

        yield return line;
    }
}
