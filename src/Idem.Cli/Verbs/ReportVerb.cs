// idem report RUN [RUN2]: a run, or two over each other, as one page for people.

using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Cli.Report;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Verification;

namespace Idem.Cli.Verbs;

internal static class ReportVerb
{
    private static readonly Argument<string[]> Runs = new("run") { Description = "A run folder, or two to compare.", Arity = new ArgumentArity(1, 2) };

    private static readonly Option<string> Out = new("--out") { Description = "The page to write: one HTML file that loads nothing.", HelpName = "FILE", Required = true };

    private static readonly Option<string[]> Verification = new("--verification")
    {
        Description = "What 'idem verify RUN --json' wrote, to be shown.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true,
    };

    public static Command Create()
    {
        Command command = new("report", "Write a page for people: curves, settings, digests, checkpoints, verification of a run; or two runs over each other.") { Runs, Out, Verification };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string file = context.Value(Out)!;
        OutputFile.Require("report", Out.Name, file);
        List<RunHistory> runs = [.. context.Value(Runs)!.Select(path => RunHistory.Load(path, context.Cancellation))];
        List<VerificationResult> results = [.. (context.Value(Verification) ?? []).Select(VerificationResult.Read)];
        if (results.FirstOrDefault(result => !runs.Any(result.IsOf)) is { } stranger)
        {
            throw new CorruptFileException(stranger.File, $"is the result of another run, or of another history of {(runs.Count == 1 ? "this one" : "these")}", "Verify the run again with --json");
        }

        byte[] page = Encoding.UTF8.GetBytes(RunReport.Write(runs, results));
        DurableFile.Write(DiskFileSystem.Instance, file, page);
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["report"] = file,
                ["bytes"] = page.Length,
                ["runs"] = new JsonArray([.. runs.Select(run => new JsonObject { ["run"] = run.Run.Path, ["steps"] = run.Steps.Count, ["ledger_hash"] = run.Head.Hash.ToString() })]),
                ["first_difference"] = runs.Count == 2 && LedgerComparison.FirstDifference(runs[0].Steps, runs[1].Steps) is { } difference
                    ? new JsonObject { ["step"] = difference.Step, ["quantity"] = difference.Quantity, ["a"] = difference.A, ["b"] = difference.B }
                    : null,
            });
        }
        else
        {
            Display.Line($"report   {Display.Escape(file)}  {Display.Count(page.Length)} bytes");
        }

        return ExitCodes.Success;
    }
}
