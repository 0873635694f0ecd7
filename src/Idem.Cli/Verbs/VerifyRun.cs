// idem verify RUN: checks what a run folder proves by itself, re-executes what it is asked to, and says whether the run is what it states.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Cli.Report;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Numerics;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Verbs;

internal static class VerifyRun
{
    private static readonly Option<bool> LedgerOnly = new("--ledger")
    {
        Description = "Check chain, files and digests only, and execute nothing: seconds. A forger who recomputes all hashes passes.",
    };

    private static readonly Option<int?> Sample = new("--sample")
    {
        Description = "Beside that, re-execute K segments between checkpoints, chosen by --seed.", HelpName = "K",
    };

    private static readonly Option<bool> Full = new("--full") { Description = "Beside that, re-execute the whole run from its initial weights (default)." };

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
    public static IReadOnlyList<Option> Options { get; } = [LedgerOnly, Sample, Full, Seed, Data, From];

    public static int Run(VerbContext context, string path)
    {
        VerificationRequest request = Request(context);
        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, path);
        VerificationReport report = VerificationDisplay.Run(run, request, Compute.Current, context.Json, context.Cancellation);
        if (context.Json)
        {
            WriteJson(run, request, report);
        }
        else
        {
            Print(run, report);
        }

        if (report.Mismatch is { } mismatch)
        {
            Console.Error.WriteLine($"idem: {run.Path}: {mismatch}");
            return ExitCodes.Mismatch;
        }

        return ExitCodes.Success;
    }

    private static VerificationRequest Request(VerbContext context)
    {
        int? sample = context.Value(Sample);
        if (sample is < 1)
        {
            throw new UsageException($"--sample {sample}: use at least 1");
        }

        if ((context.Value(LedgerOnly) ? 1 : 0) + (context.Value(Full) ? 1 : 0) + (sample is null ? 0 : 1) > 1)
        {
            throw new UsageException("verify: use one of --ledger, --sample and --full");
        }

        if (context.IsGiven(Seed) && sample is null)
        {
            throw new UsageException("verify: --seed chooses the segments of --sample, which is not given");
        }

        return new VerificationRequest(
            sample,
            context.Value(Seed),
            context.Value(Data) is { Length: > 0 } data ? data : null,
            context.Value(From) is { } from ? ModelPath.Resolve(from) : null,
            context.Value(LedgerOnly));
    }

    private static void Print(RunFolder run, VerificationReport report)
    {
        Display.Line($"ledger       {report.Ledger.Lines} of {report.RunSteps} steps, chain whole  [grey]{report.Ledger.Hash}[/]");
        Display.Line($"checkpoints  {report.Checkpoints}, every byte as saved, each of this ledger  ({Display.Seconds(report.FilesSeconds)})");
        if (report.Level == VerificationLevel.Ledger)
        {
            Display.Line($"[green]whole[/]        {Display.Escape(run.Path)} agrees with itself; nothing was re-executed (--sample K, --full)");
            return;
        }

        VerificationDisplay.WriteTable(report);
        Display.Line(report.Mismatch is not null ? $"[red]different[/]    {Display.Escape(report.Mismatch.ToString())}"
            : report.Level == VerificationLevel.Full ? $"[green]equal[/]        {Display.Escape(run.Path)} is what it states, bit for bit: all {report.StepsExecuted} steps re-executed"
            : $"[green]equal[/]        the {report.StepsExecuted} steps re-executed of {Display.Escape(run.Path)} are what it states, bit for bit");
    }

    private static void WriteJson(RunFolder run, VerificationRequest request, VerificationReport report) => Display.WriteJson(new JsonObject
    {
        ["format"] = VerificationResult.Format,
        ["run"] = run.Path,
        ["genesis"] = run.Manifest.Genesis.ToString(),
        ["level"] = report.Level.ToString().ToLowerInvariant(),
        ["sample"] = request.Sample is { } sample ? new JsonObject { ["segments"] = sample, ["seed"] = request.Seed } : null,
        ["equal"] = report.Mismatch is null,
        ["ledger_steps"] = report.Ledger.Lines,
        ["ledger_hash"] = report.Ledger.Hash.ToString(),
        ["run_steps"] = report.RunSteps,
        ["checkpoints"] = report.Checkpoints,
        ["segments"] = new JsonArray([.. report.Segments.Select(segment => new JsonObject
        {
            ["from"] = segment.From, ["to"] = segment.To, ["steps"] = segment.Steps, ["equal"] = segment.Mismatch is null, ["seconds"] = Math.Round(segment.Seconds, 6),
        })]),
        ["steps_executed"] = report.StepsExecuted,
        ["seconds"] = Math.Round(report.FilesSeconds + report.Segments.Sum(segment => segment.Seconds), 6),
        ["mismatch"] = report.Mismatch is not { } mismatch ? null : new JsonObject
        {
            ["step"] = mismatch.Step,
            ["quantity"] = mismatch.Quantity,
            ["recorded"] = mismatch.Recorded,
            ["computed"] = mismatch.Computed,
        },
        ["environment"] = RunEnvironment.Of(Compute.Current).ToJson(),
    });
}
