// The options of how a continuation is drawn. What is not given comes from the model's generation_config.json, then from the defaults
// that help shows.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Inference;

namespace Idem.Cli;

internal static class SamplingOptions
{
    private const string Auto = "auto", None = "none";

    private static readonly Option<int> MaxTokens = new("--max-tokens")
    {
        Description = "Tokens to generate at most.", HelpName = "N", DefaultValueFactory = _ => 128,
    };

    private static readonly Option<float> Temperature = new("--temperature")
    {
        Description = "0 takes the most likely token always.", HelpName = "T", DefaultValueFactory = _ => 0.8f,
    };

    private static readonly Option<int> TopK = new("--top-k") { Description = "Draw among the K most likely tokens; 0: all.", HelpName = "K" };

    private static readonly Option<float> TopP = new("--top-p")
    {
        Description = "Draw among the most likely tokens that together reach this probability; 1: all.", HelpName = "P", DefaultValueFactory = _ => 1f,
    };

    private static readonly Option<float> MinP = new("--min-p")
    {
        Description = "Draw among tokens at least this share as likely as the most likely one; 0: all.", HelpName = "P",
    };

    private static readonly Option<float> RepetitionPenalty = new("--repetition-penalty")
    {
        Description = "Divides the logits of tokens in the prompt or the text (multiplies negative ones); 1: none.", HelpName = "R", DefaultValueFactory = _ => 1f,
    };

    private static readonly Option<float> PresencePenalty = new("--presence-penalty")
    {
        Description = "Subtracted from the logits of tokens in the text; 0: none.", HelpName = "P",
    };

    private static readonly Option<float> FrequencyPenalty = new("--frequency-penalty")
    {
        Description = "Subtracted from the logits of tokens in the text, times their number; 0: none.", HelpName = "F",
    };

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Decides every draw.", HelpName = "N" };

    private static readonly Option<string> GenerationConfig = GenerationConfigOption("Options that are left out have");

    // Those that the file's settings stand in for, by the file's names.
    private static readonly (string Name, Option Option)[] Defaulted =
    [
        ("temperature", Temperature), ("top_k", TopK), ("top_p", TopP), ("min_p", MinP), ("repetition_penalty", RepetitionPenalty), ("presence_penalty", PresencePenalty),
        ("frequency_penalty", FrequencyPenalty), ("max_new_tokens", MaxTokens), ("max_length", MaxTokens),
    ];

    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[MaxTokens, Temperature, TopK, TopP, MinP, RepetitionPenalty, PresencePenalty, FrequencyPenalty, Seed, GenerationConfig])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>A new option that leaves the settings of generation_config.json aside.</summary>
    /// <param name="who">Whom they are for, as the beginning of a sentence.</param>
    public static Option<string> GenerationConfigOption(string who)
    {
        Option<string> option = new("--generation-config")
        {
            Description = $"{who} the settings of the model's generation_config.json (auto), or nothing of it (none; its ids end texts all the same).",
            HelpName = $"{Auto}|{None}",
            DefaultValueFactory = _ => Auto,
        };
        option.AcceptOnlyFromAmong(Auto, None);
        return option;
    }

    /// <summary>What a model says, if it is asked.</summary>
    public static GenerationDefaults Defaults(VerbContext context, Option<string> option, ModelFolder model) =>
        context.Value(option) == None ? GenerationDefaults.None : model.GenerationDefaults;

    /// <summary>The settings of the command line alone, to refuse wrong ones before a model is read.</summary>
    public static SamplingSettings Read(VerbContext context) => Read(context, GenerationDefaults.None, 0);

    /// <summary>The settings of the command line, then the model's.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="model">The model.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    public static SamplingSettings Read(VerbContext context, ModelFolder model, int promptTokens)
    {
        GenerationDefaults defaults = Defaults(context, GenerationConfig, model);
        SamplingSettings settings = Read(context, defaults, promptTokens) with { StopIds = model.StopIds };
        JsonObject said = defaults.ToJson();
        string[] taken =
        [
            .. Defaulted.Where(setting => said.ContainsKey(setting.Name) && !context.IsGiven(setting.Option)).Select(setting => $"{setting.Name} {said[setting.Name]!.ToJsonString()}"),
        ];
        if (taken.Length > 0)
        {
            Console.Error.WriteLine($"idem: from the model's generation_config.json ({GenerationConfig.Name} {None}: without): {string.Join(", ", taken)}");
        }

        return settings;
    }

    private static SamplingSettings Read(VerbContext context, GenerationDefaults defaults, int promptTokens)
    {
        try
        {
            SamplingSettings settings = new()
            {
                MaxTokens = context.IsGiven(MaxTokens) ? context.Value(MaxTokens) : defaults.MaxTokens(promptTokens) ?? context.Value(MaxTokens),
                Temperature = Pick(context, Temperature, defaults.Temperature),
                TopK = Pick(context, TopK, defaults.TopK),
                TopP = Pick(context, TopP, defaults.TopP),
                MinP = Pick(context, MinP, defaults.MinP),
                RepetitionPenalty = Pick(context, RepetitionPenalty, defaults.RepetitionPenalty),
                PresencePenalty = Pick(context, PresencePenalty, defaults.PresencePenalty),
                FrequencyPenalty = Pick(context, FrequencyPenalty, defaults.FrequencyPenalty),
                Seed = context.Value(Seed),
            };
            settings.Validate();
            return settings;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException($"generate: {exception.Message}");
        }
    }

    private static T Pick<T>(VerbContext context, Option<T> option, T? said)
        where T : struct => context.IsGiven(option) ? context.Value(option) : said ?? context.Value(option);
}
