// One configuration from four layers, later ones winning: defaults, preset, config file, flags. All four speak the same flat
// snake-case names, so an unknown or misspelt one is found in one place.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;

namespace Idem.Training;

/// <summary>Resolves presets, config files and flags to a checked <see cref="TrainConfig"/>.</summary>
public static class TrainConfigResolver
{
    /// <summary>Names that a preset, config file or flag may set, in the order of <see cref="TrainConfig"/>.</summary>
    public static IReadOnlyList<string> SettingNames { get; } =
        [.. JsonSerializer.SerializeToNode(new TrainConfig(), TrainConfigJson.Default.TrainConfig)!.AsObject().Select(pair => pair.Key)];

    // What a model that training begins from has decided.
    private static readonly string[] ModelSettings =
    [
        "tokenizer", "vocab_size", "n_layer", "n_head", "n_embd", "activation_function", "bias", "tie_word_embeddings", "dropout", "layer_norm_epsilon", "initializer_range",
    ];

    /// <summary>Resolves and checks.</summary>
    /// <param name="preset">A name of <see cref="Presets"/>, or null.</param>
    /// <param name="configFile">A JSON file with settings, or null.</param>
    /// <param name="overrides">Settings by name, as given by flags.</param>
    /// <exception cref="TrainConfigException">Something is unknown, malformed or out of range.</exception>
    /// <exception cref="IOException">The file is not there, or cannot be read.</exception>
    public static TrainConfig Resolve(string? preset, string? configFile, IEnumerable<KeyValuePair<string, JsonNode?>> overrides)
    {
        JsonObject merged = JsonSerializer.SerializeToNode(new TrainConfig(), TrainConfigJson.Default.TrainConfig)!.AsObject();
        if (preset is not null)
        {
            merged = JsonSerializer.SerializeToNode(Presets.Get(preset), TrainConfigJson.Default.TrainConfig)!.AsObject();
        }

        if (configFile is not null)
        {
            Merge(merged, ReadFile(configFile), configFile);
        }

        Merge(merged, overrides, "the command line");
        return Parse(merged, configFile ?? "the configuration");
    }

    /// <summary>Resolves and checks for a run that begins from a model: its shape, tokenizer and dropout are the folder's.</summary>
    /// <param name="contextLength">The longest sequence of the model.</param>
    /// <param name="configFile">A JSON file with settings, or null.</param>
    /// <param name="overrides">Settings by name, as given by flags.</param>
    /// <param name="canSample">Whether the model continues texts, so that samples can be shown.</param>
    /// <exception cref="TrainConfigException">Something is unknown, malformed or out of range, or not for this run to say.</exception>
    /// <exception cref="IOException">The file is not there, or cannot be read.</exception>
    internal static TrainConfig ResolveFrom(int contextLength, string? configFile, IEnumerable<KeyValuePair<string, JsonNode?>> overrides, bool canSample = true)
    {
        TrainConfig start = Presets.FineTuning with { NPositions = Math.Min(Presets.FineTuning.NPositions, contextLength) };
        return MergeFrom(ToJson(canSample ? start : start with { SampleEvery = 0 }), contextLength, configFile, overrides, canSample);
    }

    /// <summary>As <see cref="RequireSame"/>, for a run that began from a model.</summary>
    internal static void RequireSameFrom(
        TrainConfig saved, int contextLength, string? configFile, IEnumerable<KeyValuePair<string, JsonNode?>> overrides, string run, bool canSample) =>
        RequireEqual(ToJson(saved), ToJson(MergeFrom(ToJson(saved), contextLength, configFile, overrides, canSample)), run);

    private static TrainConfig MergeFrom(JsonObject merged, int contextLength, string? configFile, IEnumerable<KeyValuePair<string, JsonNode?>> overrides, bool canSample)
    {
        if (configFile is not null)
        {
            JsonObject file = ReadFile(configFile);
            RefuseModelSettings(file, configFile);
            Merge(merged, file, configFile);
        }

        RefuseModelSettings(overrides, "the command line");
        Merge(merged, overrides, "the command line");
        TrainConfig config = Parse(merged, configFile ?? "the configuration");
        Require(config.NPositions <= contextLength, "n_positions", config.NPositions, $"the model's context is {contextLength}");
        Require(canSample || config.SampleEvery == 0, "sample_every", config.SampleEvery, "the model is an encoder, which does not continue a text: leave it out");
        return config;
    }

    private static void RefuseModelSettings(IEnumerable<KeyValuePair<string, JsonNode?>> source, string where)
    {
        foreach ((string name, _) in source)
        {
            if (ModelSettings.Contains(name))
            {
                throw new TrainConfigException($"{where}: setting '{name}' is the model's, which --from names: leave it out, or change the folder's config.json");
            }
        }
    }

    /// <summary>A configuration as run.json holds it, without the settings that the model has decided.</summary>
    internal static JsonObject ToJsonFrom(TrainConfig config)
    {
        JsonObject json = ToJson(config);
        foreach (string name in ModelSettings)
        {
            json.Remove(name);
        }

        return json;
    }

    /// <summary>Reads what <see cref="ToJsonFrom"/> gives.</summary>
    internal static TrainConfig ParseFrom(JsonNode node, string source)
    {
        JsonObject merged = ToJson(Presets.FineTuning);
        Merge(merged, node.AsObject(), source);
        return Parse(merged, source);
    }

    /// <summary>Checks that settings given again for a run that exists are its own.</summary>
    /// <exception cref="TrainConfigException">Names each setting that differs.</exception>
    internal static void RequireSame(
        TrainConfig saved, string? preset, string? configFile, IEnumerable<KeyValuePair<string, JsonNode?>> overrides, string run)
    {
        JsonObject before = ToJson(saved), after = preset is null ? ToJson(saved) : ToJson(Presets.Get(preset));
        if (configFile is not null)
        {
            Merge(after, ReadFile(configFile), configFile);
        }

        Merge(after, overrides, "the command line");
        RequireEqual(before, ToJson(Parse(after, configFile ?? "the configuration")), run);
    }

    private static void RequireEqual(JsonObject before, JsonObject after, string run)
    {
        string[] differing = [.. before.Where(pair => !JsonNode.DeepEquals(pair.Value, after[pair.Key]))
            .Select(pair => $"{pair.Key} is {pair.Value!.ToJsonString()} in the run, {after[pair.Key]!.ToJsonString()} on the command line")];
        if (differing.Length > 0)
        {
            throw new TrainConfigException($"{run}: a run's settings cannot change when it is resumed ({string.Join("; ", differing)}); leave them out, or begin a new run");
        }
    }

    /// <summary>Reads a configuration that was saved whole, as in run.json.</summary>
    internal static TrainConfig Parse(JsonNode node, string source)
    {
        try
        {
            TrainConfig config = node.Deserialize(TrainConfigJson.Default.TrainConfig)
                ?? throw new TrainConfigException($"{source}: no configuration");
            return Check(config);
        }
        catch (JsonException exception)
        {
            string setting = exception.Path?.TrimStart('$', '.') ?? "?";
            throw new TrainConfigException($"{source}: setting '{setting}' has a value of the wrong kind: give a {Kind(setting)}");
        }
    }

    /// <summary>A configuration as run.json holds it, in the order of <see cref="SettingNames"/>.</summary>
    public static JsonObject ToJson(TrainConfig config) =>
        JsonSerializer.SerializeToNode(config, TrainConfigJson.Default.TrainConfig)!.AsObject();

    private static JsonObject ReadFile(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"config file {path} does not exist: name a JSON file of settings", exception);
        }
        catch (Exception) when (Directory.Exists(path))
        {
            throw new TrainConfigException($"config file {path} is a folder: name a JSON file of settings");
        }
        catch (Exception exception) when (ReadFailure.Is(path, exception))
        {
            throw ReadFailure.Of(path, exception);
        }

        try
        {
            JsonDocumentOptions options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
            return JsonNode.Parse(text, null, options) as JsonObject
                ?? throw new TrainConfigException($"config file {path}: the top level must be a JSON object of settings");
        }
        catch (JsonException exception)
        {
            throw new TrainConfigException($"config file {path} is not JSON: {exception.Message}");
        }
    }

    private static void Merge(JsonObject target, IEnumerable<KeyValuePair<string, JsonNode?>> source, string where)
    {
        foreach ((string name, JsonNode? value) in source)
        {
            if (!SettingNames.Contains(name))
            {
                throw new TrainConfigException($"{where}: unknown setting '{name}'{Suggest(name)}; known: {string.Join(", ", SettingNames)}");
            }

            target[name] = value?.DeepClone();
        }
    }

    private static string Suggest(string name)
    {
        string? nearest = SettingNames.MinBy(known => EditDistance(known, name));
        return nearest is not null && EditDistance(nearest, name) <= Math.Max(2, name.Length / 3) ? $" (did you mean '{nearest}'?)" : "";
    }

    private static int EditDistance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }

    private static string Kind(string setting) =>
        ToJson(new TrainConfig()).TryGetPropertyValue(setting, out JsonNode? value)
            ? value!.GetValueKind() switch
            {
                JsonValueKind.String => "string",
                JsonValueKind.True or JsonValueKind.False => "true or false",
                _ when value.ToJsonString().Contains('.', StringComparison.Ordinal) || value.ToJsonString().Contains('E', StringComparison.Ordinal) => "number",
                _ => "whole number (or, for rates, a number)",
            }
            : "known setting";

    private static TrainConfig Check(TrainConfig config)
    {
        Require(config.Tokenizer is "char" or "bpe", "tokenizer", config.Tokenizer, "use char or bpe");
        Require(config.Tokenizer == "char" || config.VocabSize is >= 256 and <= 1_000_000, "vocab_size", config.VocabSize, "byte-level BPE needs 256 to 1000000");
        Require(config.ValFraction is >= 0 and < 1, "val_fraction", config.ValFraction, "use a share from 0 to below 1");
        Require(config.NLayer is >= 1 and <= 10_000, "n_layer", config.NLayer, "use at least 1");
        Require(config.NHead >= 1, "n_head", config.NHead, "use at least 1");
        Require(config.NEmbd >= 1 && config.NEmbd % config.NHead == 0, "n_embd", config.NEmbd, $"use a multiple of n_head = {config.NHead}");
        Require(config.NPositions is >= 2 and <= 1_000_000, "n_positions", config.NPositions, "use 2 to 1000000");
        Require(config.ActivationFunction is "gelu_new" or "gelu" or "relu" or "silu", "activation_function", config.ActivationFunction, "use gelu_new, gelu, relu or silu");
        Require(config.Dropout is >= 0 and < 1, "dropout", config.Dropout, "use a probability from 0 to below 1");
        Require(config.LayerNormEpsilon is > 0 and < 1, "layer_norm_epsilon", config.LayerNormEpsilon, "use a small positive number");
        Require(config.InitializerRange is > 0 and < 100, "initializer_range", config.InitializerRange, "use a positive number");
        Require(config.BatchSize is >= 1 and <= 1_000_000, "batch_size", config.BatchSize, "use at least 1");
        Require(config.GradientAccumulationSteps is >= 1 and <= 1_000_000, "gradient_accumulation_steps", config.GradientAccumulationSteps, "use at least 1");
        Require((long)config.BatchSize * config.GradientAccumulationSteps <= 100_000_000, "batch_size", config.BatchSize, "a step may have up to 100000000 sequences");
        if (config.Shards == 0)
        {
            config = config with { Shards = DefaultShards(config.SequencesPerStep) };
        }

        Require(config.Shards >= 1 && config.SequencesPerStep % config.Shards == 0, "shards", config.Shards,
            $"it must divide the step's {config.SequencesPerStep} sequences (batch_size times gradient_accumulation_steps)");
        Require(config.Steps is >= 1 and <= 1_000_000_000, "steps", config.Steps, "use at least 1");
        Require(config.Optimizer is "adamw" or "adam" or "sgd", "optimizer", config.Optimizer, "use adamw, adam or sgd");
        Require(double.IsFinite(config.LearningRate) && config.LearningRate >= 0, "learning_rate", config.LearningRate, "use a number from 0");
        Require(config.Schedule is "cosine" or "linear" or "constant", "schedule", config.Schedule, "use cosine, linear or constant");
        Require(config.Schedule == "constant" || (config.MinLearningRate >= 0 && config.MinLearningRate <= config.LearningRate),
            "min_learning_rate", config.MinLearningRate, $"use 0 up to learning_rate = {config.LearningRate}");
        Require(config.WarmupSteps >= 0, "warmup_steps", config.WarmupSteps, "use a number from 0");
        if (config.DecaySteps == 0)
        {
            config = config with { DecaySteps = config.Steps };
        }

        Require(config.DecaySteps >= 1, "decay_steps", config.DecaySteps, "use at least 1, or 0 for the number of steps");
        Require(config.Beta1 is >= 0 and < 1, "beta1", config.Beta1, "use 0 to below 1");
        Require(config.Beta2 is >= 0 and < 1, "beta2", config.Beta2, "use 0 to below 1");
        Require(config.AdamEpsilon is > 0 and < 1, "adam_epsilon", config.AdamEpsilon, "use a small positive number");
        Require(config.WeightDecay is >= 0 and < 100, "weight_decay", config.WeightDecay, "use a number from 0");
        Require(config.Momentum is >= 0 and < 1, "momentum", config.Momentum, "use 0 to below 1");
        Require(double.IsFinite(config.GradClip) && config.GradClip >= 0, "grad_clip", config.GradClip, "use a positive norm, or 0 for none");
        foreach ((string name, int value) in new[]
        {
            ("eval_every", config.EvalEvery), ("eval_windows", config.EvalWindows), ("sample_every", config.SampleEvery), ("sample_tokens", config.SampleTokens),
        })
        {
            Require(value >= 0, name, value, "use a number from 0");
        }

        Require(config.CheckpointEvery >= 1, "checkpoint_every", config.CheckpointEvery, "use at least 1");
        Require(config.DigestEvery >= 1, "digest_every", config.DigestEvery, "use at least 1");
        return config;
    }

    private static int DefaultShards(int sequences)
    {
        int shards = Math.Min(4, sequences);
        while (sequences % shards != 0)
        {
            shards--;
        }

        return shards;
    }

    private static void Require(bool holds, string setting, object value, string remedy)
    {
        if (!holds)
        {
            throw new TrainConfigException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"setting '{setting}' is {value}: {remedy}"));
        }
    }
}
