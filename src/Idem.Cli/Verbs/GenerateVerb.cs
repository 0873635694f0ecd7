// idem generate: continues a prompt, streaming to the terminal.

using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Inference;

namespace Idem.Cli.Verbs;

internal static class GenerateVerb
{
    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Option<string?> Prompt = new("--prompt") { Description = "Text to continue.", HelpName = "TEXT" };

    private static readonly Option<string?> Ids = TokenInput.IdsOption();

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

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Decides every draw.", HelpName = "N" };

    public static Command Create()
    {
        Command command = new("generate", "Continue a prompt; the same text on every machine.") { Model, Prompt, Ids, MaxTokens, Temperature, TopK, TopP, Seed };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        SamplingSettings settings = Settings(context);
        if (context.Value(Prompt) is not null && context.Value(Ids) is not null)
        {
            throw new UsageException("generate: give --prompt or --ids, not both");
        }

        ModelFolder model = ModelPath.Load("generate", context.Value(Model)!);
        Engine engine = new(model.Decoder);
        settings = settings with { StopIds = model.StopIds };
        string? prompt = context.Value(Ids) is null ? context.Value(Prompt) ?? "\n" : null;
        int[] promptIds = prompt is null ? TokenInput.Parse("generate", context.Value(Ids)!, model) : TokenInput.Encode("generate", prompt, model);
        if (!context.Json && prompt is not null)
        {
            Console.Out.Write(prompt.TrimStart('\n'));
        }

        List<GeneratedToken> tokens = [];
        StringBuilder text = new();
        TextStream? decoder = model.HasTokenizer ? new TextStream(model.Tokenizer) : null; // without one, ids are shown
        foreach (GeneratedToken token in engine.Generate(promptIds, settings))
        {
            tokens.Add(token);
            Emit(context, text, decoder?.Append(token.Id) ?? (tokens.Count == 1 ? "" : ",") + token.Id);
            if (context.Cancellation.IsCancellationRequested)
            {
                break;
            }
        }

        Emit(context, text, decoder?.Finish() ?? "");
        if (context.Json)
        {
            WriteJson(model.Path, prompt, promptIds, settings, tokens, decoder is null ? null : text.ToString(), context.Cancellation.IsCancellationRequested);
        }
        else
        {
            Console.Out.WriteLine();
        }

        return context.Cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    private static SamplingSettings Settings(VerbContext context)
    {
        SamplingSettings settings = new()
        {
            MaxTokens = context.Value(MaxTokens),
            Temperature = context.Value(Temperature),
            TopK = context.Value(TopK),
            TopP = context.Value(TopP),
            Seed = context.Value(Seed),
        };
        if (settings.MaxTokens < 0)
        {
            throw new UsageException($"--max-tokens {settings.MaxTokens}: use a number from 0");
        }

        try
        {
            new Numerics.Kernels.SamplingParameters(settings.Temperature, settings.TopK, settings.TopP).Validate();
            return settings;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException("generate: " + exception.Message);
        }
    }

    private static void Emit(VerbContext context, StringBuilder text, string part)
    {
        text.Append(part);
        if (!context.Json)
        {
            Console.Out.Write(part);
            Console.Out.Flush();
        }
    }

    private static void WriteJson(
        string path, string? prompt, int[] promptIds, SamplingSettings settings, List<GeneratedToken> tokens, string? text, bool interrupted)
    {
        using IncrementalHash logits = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        logits.AppendData("idem-logits-1\n"u8);
        foreach (GeneratedToken token in tokens)
        {
            logits.AppendData(token.LogitsDigest.Bytes);
        }

        Display.WriteJson(new JsonObject
        {
            ["model"] = path,
            ["model_digest"] = DigestPath.Compute(path, Numerics.Compute.Current.Threads).Root.ToString(),
            ["arithmetic"] = Numerics.ArithmeticVersion.Name,
            ["prompt"] = prompt,
            ["prompt_ids"] = Array(promptIds.Select(id => JsonValue.Create(id))),
            ["max_tokens"] = settings.MaxTokens,
            ["temperature"] = settings.Temperature,
            ["top_k"] = settings.TopK,
            ["top_p"] = settings.TopP,
            ["seed"] = settings.Seed,
            ["ids"] = Array(tokens.Select(token => JsonValue.Create(token.Id))),
            ["text"] = text,
            ["logprobs"] = Array(tokens.Select(token => JsonValue.Create(token.LogProbability))),
            ["logprobs_bits"] = Array(tokens.Select(token => JsonValue.Create(LedgerNumber.Of(token.LogProbability).Hex))),
            ["logits_digest"] = new Digest(logits.GetHashAndReset()).ToString(),
            ["finish_reason"] = interrupted ? "interrupted" : tokens.Count < settings.MaxTokens || (tokens.Count > 0 && settings.StopIds.Contains(tokens[^1].Id)) ? "stop" : "length",
        });
    }

    private static JsonArray Array(IEnumerable<JsonNode?> values) => new([.. values]);
}
