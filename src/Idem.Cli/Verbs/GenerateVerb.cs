// idem generate: continues a prompt, streaming to the terminal. Several samples of a prompt are computed side by side and shown
// as they end.

using System.CommandLine;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Nn;
using Idem.Tracing;

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

    private static readonly Option<string[]> Stop = new("--stop") { Description = "End the text before this string; may be repeated.", HelpName = "TEXT" };

    private static readonly Option<int> LogProbs = new("--logprobs") { Description = "With --json, report the N most likely tokens at each place.", HelpName = "N" };

    private static readonly Option<int> Samples = new("--n")
    {
        Description = "Samples of the prompt, each with its own draws.", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Decides every draw.", HelpName = "N" };

    private static readonly Option<string> Dtype = ModelPath.DtypeOption();

    private static readonly Option<string> CacheDtypeName = ModelPath.CacheDtypeOption();

    private static readonly Option<string?> ReceiptFile = new("--receipt")
    {
        Description = "Write a receipt, which 'idem verify FILE --model MODEL' replays.", HelpName = "FILE",
    };

    public static Command Create()
    {
        Command command = new("generate", "Continue a prompt; the same text on every machine.")
        {
            Model, Prompt, Ids, MaxTokens, Temperature, TopK, TopP, MinP, RepetitionPenalty, PresencePenalty, FrequencyPenalty, Stop, LogProbs, Samples, Seed, Dtype,
            CacheDtypeName, ReceiptFile,
        };
        TraceOptions.AddTo(command);
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        SamplingSettings settings = Settings(context);
        string[] stops = context.Value(Stop) ?? [];
        int samples = context.Value(Samples);
        if (context.Value(Prompt) is not null && context.Value(Ids) is not null)
        {
            throw new UsageException("generate: give --prompt or --ids, not both");
        }

        if (samples < 1)
        {
            throw new UsageException($"--n {samples}: use a number from 1");
        }

        if (stops.Contains(""))
        {
            throw new UsageException("--stop: an empty string ends every text; give at least one character");
        }

        if (context.Value(ReceiptFile) is { } output)
        {
            OutputFile.Require("generate", ReceiptFile.Name, output);
        }

        TraceRequest? traced = TraceOptions.Read("generate", context);
        ModelFolder model = ModelPath.Load("generate", context.Value(Model)!, context.Value(Dtype)!);
        settings = settings with { StopIds = model.StopIds };
        string? prompt = context.Value(Ids) is null ? context.Value(Prompt) ?? "\n" : null;
        int[] ids = prompt is null ? TokenInput.Parse("generate", context.Value(Ids)!, model) : TokenInput.Encode("generate", prompt, model);
        if (stops.Length > 0 && !model.HasTokenizer)
        {
            throw new UsageException($"--stop: {model.TokenizerProblem}, so there is no text to look in");
        }

        using TraceWriter? trace = TraceOptions.Begin(traced, model, context.Value(Dtype)!, context.Value(CacheDtypeName)!, ids, settings, samples);
        CacheDtype cacheDtype = ProfileNames.ParseCache(context.Value(CacheDtypeName)!);
        Engine engine = new(model.Decoder, new EngineSettings { CacheDtype = cacheDtype });
        GeneratedSample[] generated =
        [
            .. engine.Submit(ids, settings, samples).Select(generation =>
                new GeneratedSample(generation, model.HasTokenizer ? new TextGeneration(engine, generation, model.Tokenizer, stops) : null)),
        ];
        Compute(context, engine, generated, prompt, trace);
        trace?.Finish();
        GenerateJson.ReceiptFile? receipt = context.Value(ReceiptFile) is { } file
            ? WriteReceipt(file, Receipts.Create(Receipts.Identify(model, cacheDtype), ids, settings, stops, [.. generated.Select(sample => sample.Receipt)]))
            : null;
        if (context.Json)
        {
            GenerateJson.Write(model, context.Value(Dtype)!, context.Value(CacheDtypeName)!, prompt, ids, settings, stops, generated, receipt);
        }

        return context.Cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    private static GenerateJson.ReceiptFile WriteReceipt(string file, Receipt receipt)
    {
        DurableFile.Write(DiskFileSystem.Instance, file, receipt.Encode(out Digest id));
        return new GenerateJson.ReceiptFile(file, id, receipt.Model.Weights);
    }

    // One sample streams; of several each is written when it ends.
    private static void Compute(VerbContext context, Engine engine, GeneratedSample[] generated, string? prompt, TraceWriter? trace)
    {
        bool streams = !context.Json && generated.Length == 1;
        if (streams && prompt is not null)
        {
            Console.Out.Write(prompt.TrimStart('\n'));
        }

        bool[] written = new bool[generated.Length];
        long pass = 0;
        do
        {
            pass++;
            Step(engine, trace, pass);
            if (context.Cancellation.IsCancellationRequested)
            {
                foreach (GeneratedSample sample in generated)
                {
                    engine.Cancel(sample.Generation);
                }
            }

            for (int i = 0; i < generated.Length; i++)
            {
                string part = generated[i].Read();
                if (streams)
                {
                    Console.Out.Write(part);
                    Console.Out.Flush();
                }
                else if (!context.Json && generated[i].Generation.Finished is not null && !written[i])
                {
                    written[i] = true;
                    Console.Out.WriteLine($"--- sample {i}\n{prompt?.TrimStart('\n')}{generated[i].Text}");
                }
            }
        }
        while (engine.HasWork);
        if (streams)
        {
            Console.Out.WriteLine();
        }
    }

    private static void Step(Engine engine, TraceWriter? trace, long pass)
    {
        if (trace is null)
        {
            engine.Step();
        }
        else
        {
            trace.Watch(pass, () => engine.Step());
        }
    }

    private static SamplingSettings Settings(VerbContext context)
    {
        SamplingSettings settings = new()
        {
            MaxTokens = context.Value(MaxTokens),
            Temperature = context.Value(Temperature),
            TopK = context.Value(TopK),
            TopP = context.Value(TopP),
            MinP = context.Value(MinP),
            RepetitionPenalty = context.Value(RepetitionPenalty),
            PresencePenalty = context.Value(PresencePenalty),
            FrequencyPenalty = context.Value(FrequencyPenalty),
            TopLogProbabilities = context.Value(LogProbs),
            Seed = context.Value(Seed),
        };
        try
        {
            settings.Validate();
            return settings;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException("generate: " + exception.Message);
        }
    }
}
