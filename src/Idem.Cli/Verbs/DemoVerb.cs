// idem demo: trains a small GPT from nothing, compares its digest with the published one, and re-executes a part in another way.

using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Numerics;
using Idem.Training;
using Idem.Verification;
using Spectre.Console;

namespace Idem.Cli.Verbs;

internal static class DemoVerb
{
    /// <summary>The digest of the demo's model under arithmetic <c>idem-1</c>, on every machine.</summary>
    public static readonly Digest Published = Digest.Parse("sha256:b9d28c6df2f9f726ca750ac530d9814c8de6a3042c70ac69acc10cfd59bb4740");

    private static readonly Option<string?> Out = new("--out") { Description = "Keep the run in this folder; default: a temporary one, removed.", HelpName = "RUN" };

    public static Command Create()
    {
        Command command = new("demo", "Train a small GPT in a minute and see that your machine computes our bits.") { Out };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string? kept = context.Value(Out);
        string folder = kept ?? Path.Combine(Path.GetTempPath(), "idem-demo-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)));
        try
        {
            return Run(context, folder);
        }
        finally
        {
            if (kept is null && Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static int Run(VerbContext context, string folder)
    {
        Compute compute = Compute.Current;
        if (!context.Json)
        {
            Display.Line("[bold]Idem[/]: a language model is trained from nothing, twice the same on every machine.");
            Display.Line($"path {compute.Path.Name()}, {compute.Threads} threads. Neither changes a bit.");
        }

        TrainingOutcome outcome = Train(context, folder);
        if (outcome.Interrupted)
        {
            throw new OperationCanceledException(context.Cancellation);
        }

        bool published = outcome.ModelDigest == Published;
        if (!context.Json)
        {
            Display.Line($"this machine  [bold]{outcome.ModelDigest}[/]");
            Display.Line($"published     [bold]{Published}[/]");
            Display.Line(published ? "[green]the same on every machine[/]" : "[red]DIFFERENT: run 'idem doctor'[/]");
        }

        Compute other = Another(compute);
        VerificationReport replay = Replay(context, folder, other);
        bool equal = published && replay.Mismatch is null;
        SegmentResult segment = replay.Segments[0];
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["event"] = "finished",
                ["digest"] = outcome.ModelDigest.ToString(),
                ["published"] = Published.ToString(),
                ["equal"] = equal,
                ["val_loss"] = outcome.ValLoss,
                ["replay"] = new JsonObject
                {
                    ["from"] = segment.From,
                    ["to"] = segment.To,
                    ["threads"] = other.Threads,
                    ["simd"] = other.Path.Name(),
                    ["mismatch"] = replay.Mismatch?.ToString(),
                },
            });
        }
        else
        {
            Display.Line(replay.Mismatch is null
                ? $"[green]equal[/]: steps {segment.From + 1} to {segment.To}, every loss, gradient norm and weight, with {other.Threads} {(other.Threads == 1 ? "thread" : "threads")} and path {other.Path.Name()}"
                : $"[red]different[/]: {Display.Escape(replay.Mismatch.ToString())}");
        }

        return equal ? ExitCodes.Success : ExitCodes.Mismatch;
    }

    private static TrainingOutcome Train(VerbContext context, string folder)
    {
        TrainingRequest request = new(folder, [TrainingSetup.DemoData], Preset: "demo");
        if (context.Json)
        {
            return Trainer.Run(request, new JsonTrainingDisplay(), context.Cancellation);
        }

        TrainingSetup setup = Trainer.Prepare(request);
        if (!Display.IsLive)
        {
            return Trainer.Run(setup, new PlainTrainingDisplay(), context.Cancellation);
        }

        TrainingOutcome? outcome = null;
        AnsiConsole.Live(new Text("")).AutoClear(false).Start(live => outcome = Trainer.Run(setup, new LiveTrainingDisplay(live), context.Cancellation));
        return outcome!;
    }

    private static VerificationReport Replay(VerbContext context, string folder, Compute other)
    {
        if (!context.Json)
        {
            Display.Line($"now a random part again, with {other.Threads} {(other.Threads == 1 ? "thread" : "threads")} and path {other.Path.Name()} ...");
        }

        ulong seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, folder);
        Compute before = Compute.Current;
        Compute.Current = other;
        try
        {
            return VerificationDisplay.Run(run, new VerificationRequest(Sample: 1, Seed: seed), other, context.Json, context.Cancellation);
        }
        finally
        {
            Compute.Current = before;
        }
    }

    // Another thread count, and the next narrower vectors (or wider, from scalar). Without any vectors in hardware .NET's portable
    // ones take hours here: then the thread count alone differs.
    private static Compute Another(Compute compute) => new(
        compute.Path switch
        {
            SimdPath.Vector512 => SimdPath.Vector256,
            SimdPath.Vector256 => SimdPath.Vector128,
            SimdPath.Vector128 => SimdPath.Vector256,
            _ => SimdPaths.Widest == SimdPath.Scalar ? SimdPath.Scalar : SimdPath.Vector128,
        },
        compute.Threads == 1 ? 2 : compute.Threads - 1);
}
