// idem eval: how well a model predicts a text.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Inference;
using Idem.Training;

namespace Idem.Cli.Verbs;

internal static class EvalVerb
{
    private const int ContextDefault = 1024;

    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Option<string[]> Data = new("--data")
    {
        Description = "Text files or folders to measure on (UTF-8).", HelpName = "FILE|DIR", AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int?> Context = new("--context")
    {
        Description = $"Tokens of a window, each predicted from those before it; part of the result. Default: the model's context, at most {ContextDefault}.", HelpName = "N",
    };

    private static readonly Option<string> Dtype = ModelPath.DtypeOption();

    public static Command Create()
    {
        Command command = new("eval", "Measure a model's loss and perplexity on a text.") { Model, Data, Context, Dtype };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string[] data = context.Value(Data) ?? [];
        if (data.Length == 0)
        {
            throw new UsageException("eval: --data FILE|DIR is missing: name the text to measure on");
        }

        ModelFolder model = ModelPath.Load("eval", context.Value(Model)!, context.Value(Dtype)!);
        int longest = model.Decoder.Config.ContextLength, window = context.Value(Context) ?? Math.Min(ContextDefault, longest);
        if (window < 1 || window > longest)
        {
            throw new UsageException($"--context {window}: use 1 to the model's {longest}");
        }

        Perplexity result = Perplexity.Measure(model, data, window, Numerics.Compute.Current, cancellation: context.Cancellation);
        LedgerNumber loss = LedgerNumber.Of(result.Loss), perplexity = LedgerNumber.Of(result.Value);
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["model"] = model.Path,
                ["model_digest"] = ModelFolder.Digests(model.Path, Numerics.Compute.Current.Threads).Root.ToString(),
                ["arithmetic"] = Numerics.ArithmeticVersion.Name,
                ["dtype"] = context.Value(Dtype)!,
                ["data_digest"] = result.Data.ToString(),
                ["tokens"] = result.Tokens,
                ["context"] = result.Context,
                ["loss"] = result.Loss,
                ["loss_bits"] = loss.Hex,
                ["perplexity"] = result.Value,
                ["perplexity_bits"] = perplexity.Hex,
            });
        }
        else
        {
            Console.Out.WriteLine($"perplexity {Display.Number(result.Value, "0.0000")}  loss {Display.Number(result.Loss, "0.000000")}  {Display.Count(result.Tokens)} tokens in windows of {result.Context}");
        }

        return ExitCodes.Success;
    }
}
