// idem verify RUN: re-executes a run and says whether it is what it states.

using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Verbs;

internal static class VerifyRun
{
    private static readonly Option<int?> Sample = new("--sample")
    {
        Description = "Re-execute K segments between checkpoints, chosen by --seed, instead of the whole run.", HelpName = "K",
    };

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Chooses the segments of --sample.", HelpName = "N" };

    private static readonly Option<string[]> Data = new("--data")
    {
        Description = "Where the run's data is; default: where run.json says.", HelpName = "FILE|DIR", AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Where the model is that the run began from; default: where run.json says.", HelpName = "MODEL",
    };

    /// <summary>What only runs have.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Sample, Seed, Data, From];

    public static int Run(VerbContext context, string path)
    {
        if (context.Value(Sample) is < 1)
        {
            throw new UsageException($"--sample {context.Value(Sample)}: use at least 1");
        }

        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, path);
        VerificationRequest request = new(context.Value(Sample), context.Value(Seed), context.Value(Data) is { Length: > 0 } data ? data : null, context.Value(From) is { } from ? ModelPath.Resolve(from) : null);
        long begin = Stopwatch.GetTimestamp();
        VerificationReport report = VerificationDisplay.Run(run, request, Numerics.Compute.Current, context.Json, context.Cancellation);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (context.Json)
        {
            WriteJson(run, report, seconds);
        }
        else
        {
            Print(run, report, seconds);
        }

        if (report.Mismatch is { } mismatch)
        {
            Console.Error.WriteLine($"idem: {run.Path}: {mismatch}");
            return ExitCodes.Mismatch;
        }

        return ExitCodes.Success;
    }

    private static void Print(RunFolder run, VerificationReport report, double seconds)
    {
        Display.Line($"ledger       {report.LedgerSteps} steps, chain whole");
        Display.Line($"checkpoints  {report.Checkpoints}, every byte as saved");
        Display.Line($"re-executed  {report.StepsExecuted} steps in {Display.Duration(seconds)}: {string.Join(", ", report.Segments.Select(segment => $"{segment.From + 1}..{segment.To}"))}");
        Display.Line(report.Mismatch is null
            ? $"[green]equal[/]        {Display.Escape(run.Path)} is what it states, bit for bit"
            : $"[red]different[/]    {Display.Escape(report.Mismatch.ToString())}");
    }

    private static void WriteJson(RunFolder run, VerificationReport report, double seconds) => Display.WriteJson(new JsonObject
    {
        ["run"] = run.Path,
        ["equal"] = report.Mismatch is null,
        ["ledger_steps"] = report.LedgerSteps,
        ["checkpoints"] = report.Checkpoints,
        ["segments"] = new JsonArray([.. report.Segments.Select(segment => new JsonObject { ["from"] = segment.From, ["to"] = segment.To })]),
        ["steps_executed"] = report.StepsExecuted,
        ["seconds"] = seconds,
        ["mismatch"] = report.Mismatch is not { } mismatch ? null : new JsonObject
        {
            ["step"] = mismatch.Step,
            ["quantity"] = mismatch.Quantity,
            ["recorded"] = mismatch.Recorded,
            ["computed"] = mismatch.Computed,
        },
    });
}
