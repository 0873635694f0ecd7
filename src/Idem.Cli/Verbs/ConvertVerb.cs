// idem convert: a model in other files, of the same bits or of a profile's.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Inference;
using Spectre.Console;

namespace Idem.Cli.Verbs;

internal static class ConvertVerb
{
    // In the order of StoredDtype.
    private static readonly string[] DtypeNames = ["f32", "bf16", "f16", "q8"];

    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Argument<string> Out = new("out") { Description = "The folder to write; it must not exist, or be empty." };

    private static readonly Option<string?> Dtype = CreateDtype();

    public static Command Create()
    {
        Command command = new("convert", "Write a model as a folder of safetensors, with its weights as they are or in another type.") { Model, Out, Dtype };
        command.SetVerb(Run);
        return command;
    }

    private static Option<string?> CreateDtype()
    {
        Option<string?> option = new("--dtype")
        {
            Description = "How matrices are stored: f32; bf16 and f16 (rounded to nearest once); q8 (8-bit blocks); all else is f32. Default: everything as it is.",
            HelpName = string.Join('|', DtypeNames),
        };
        option.AcceptOnlyFromAmong(DtypeNames);
        return option;
    }

    private static int Run(VerbContext context)
    {
        string model = ModelPath.ResolveFolder("convert", context.Value(Model)!), destination = context.Value(Out)!;
        StoredDtype? dtype = context.Value(Dtype) is { } name ? (StoredDtype)Array.IndexOf(DtypeNames, name) : null;
        ConvertedModel converted = Convert(context, model, destination, dtype);
        Digest digest = DigestPath.Compute(destination, Numerics.Compute.Current.Threads).Root;
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["path"] = converted.Path,
                ["model_type"] = converted.ModelType,
                ["dtype"] = context.Value(Dtype),
                ["bytes"] = converted.Bytes,
                ["digest"] = digest.ToString(),
                ["tokenizer"] = converted.TokenizerProblem is null,
            });
            return ExitCodes.Success;
        }

        Console.Out.WriteLine($"{digest}  {converted.Path}");
        if (converted.TokenizerProblem is { } problem)
        {
            Console.Error.WriteLine($"idem: convert: {problem}; the folder is written without a tokenizer");
        }

        return ExitCodes.Success;
    }

    private static ConvertedModel Convert(VerbContext context, string model, string destination, StoredDtype? dtype)
    {
        if (context.Json || !Display.IsLive)
        {
            return ModelConverter.Convert(model, destination, dtype, null, context.Cancellation);
        }

        ConvertedModel? converted = null;
        AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(progress =>
        {
            ProgressTask task = progress.AddTask("converting");
            converted = ModelConverter.Convert(model, destination, dtype, (begun, total) => (task.MaxValue, task.Value) = (total, begun - 1), context.Cancellation);
            task.Value = task.MaxValue;
        });
        return converted!;
    }
}
