// idem generate: continues a prompt, streaming to the terminal. Several samples of a prompt are computed side by side and shown
// as they end.

using System.CommandLine;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Tracing;

namespace Idem.Cli.Verbs;

internal static class GenerateVerb
{
    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Option<string?> Prompt = new("--prompt") { Description = "Text to continue.", HelpName = "TEXT" };

    private static readonly Option<string?> Ids = TokenInput.IdsOption();

    private static readonly Option<string[]> Stop = new("--stop") { Description = "End the text before this string; may be repeated.", HelpName = "TEXT" };

    private static readonly Option<int> LogProbs = new("--logprobs") { Description = "With --json, report the N most likely tokens at each place.", HelpName = "N" };

    private static readonly Option<int> Samples = new("--n")
    {
        Description = "Samples of the prompt, each with its own draws.", HelpName = "N", DefaultValueFactory = _ => 1,
    };

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
            Model, Prompt, Ids, Samples, Stop, LogProbs, Dtype, CacheDtypeName, ReceiptFile,
        };
        SamplingOptions.AddTo(command);
        TraceOptions.AddTo(command);
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        _ = SamplingOptions.Read(context);
        string[] stops = context.Value(Stop) ?? [];
        int samples = context.Value(Samples);
        if (context.Value(Prompt) is not null && context.Value(Ids) is not null)
        {
            throw new UsageException("generate: give --prompt or --ids, not both");
        }

        if (context.Value(LogProbs) < 0)
        {
            throw new UsageException($"--logprobs {context.Value(LogProbs)}: use a number from 0");
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
        string? prompt = context.Value(Ids) is null ? context.Value(Prompt) ?? "\n" : null;
        int[] ids = prompt is null ? TokenInput.Parse("generate", context.Value(Ids)!, model) : TokenInput.Encode("generate", prompt, model);
        if (stops.Length > 0 && !model.HasTokenizer)
        {
            throw new UsageException($"--stop: {model.TokenizerProblem}, so there is no text to look in");
        }

        DecoderModel decoder = model.Decoder;
        SamplingSettings settings = SamplingOptions.Read(context, model, ids.Length) with { TopLogProbabilities = context.Value(LogProbs) };
        int unseen = TellUnseen(ids.Length, decoder.Config.ContextLength);
        using TraceWriter? trace = TraceOptions.Begin(traced, model, context.Value(Dtype)!, context.Value(CacheDtypeName)!, ids, settings, samples);
        CacheDtype cacheDtype = ProfileNames.ParseCache(context.Value(CacheDtypeName)!);
        Engine engine = new(decoder, new EngineSettings { CacheDtype = cacheDtype });
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
            GenerateJson.Write(model, context.Value(Dtype)!, context.Value(CacheDtypeName)!, prompt, ids, unseen, settings, stops, generated, receipt);
        }

        return context.Cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    // A text longer than the context slides out of it: that is how long texts are continued, but of a prompt it is not what most people mean.
    private static int TellUnseen(int tokens, int context)
    {
        int unseen = Math.Max(0, tokens - context);
        if (unseen > 0)
        {
            Console.Error.WriteLine($"idem: the prompt has {tokens} tokens, more than the model's context of {context}: the model does not see the first {unseen}");
        }

        return unseen;
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
}
