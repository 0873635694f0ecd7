// idem diff: what two runs, checkpoints, models or traces differ in, where they part, and why.

using System.CommandLine;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Numerics;
using Idem.Tracing;
using Idem.Training;
using Idem.Verification.Differences;

namespace Idem.Cli.Verbs;

internal static class DiffVerb
{
    private static readonly Argument<string> A = new("a") { Description = "A run, a checkpoint, a model (folder, GGUF or safetensors file), or a trace." };

    private static readonly Argument<string> B = new("b") { Description = "Another; beside a trace also a safetensors file of another framework's module outputs." };

    private static readonly Option<string[]> Data = new("--data")
    {
        Description = "Where the runs' data is; default: where each run.json says.", HelpName = "FILE|DIR", AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string[]> DataB = new("--data-b")
    {
        Description = "Where the second run's data is, if it is not the first one's.", HelpName = "FILE|DIR", AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> Map = new("--map")
    {
        Description = "JSON object from the other framework's names to modules of the trace ('module' or 'module:op').", HelpName = "FILE",
    };

    public static Command Create()
    {
        Command command = new("diff", "Find where two runs, checkpoints, models or traces part, to the first operation and element, and why.") { A, B, Data, DataB, Map };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string a = context.Value(A)!, b = context.Value(B)!;
        DiffReport report;
        using (DiffDisplay display = new(context.Json))
        {
            report = Find(context, a, b, display.Show);
        }

        if (context.Json)
        {
            DiffDisplay.WriteJson(a, b, report);
        }
        else
        {
            DiffDisplay.Write(a, b, report);
        }

        if (report.IsEqual)
        {
            return ExitCodes.Success;
        }

        Console.Error.WriteLine($"idem: {a} and {b} differ{DiffDisplay.Summary(report)}");
        return ExitCodes.Mismatch;
    }

    private static DiffReport Find(VerbContext context, string a, string b, Action<DiffProgress> progress)
    {
        bool areRuns = RunFolder.IsRun(a) && RunFolder.IsRun(b), isTrace = TraceFile.IsTrace(a);
        Require(context, Data, areRuns, "two runs");
        Require(context, DataB, areRuns, "two runs");
        Require(context, Map, isTrace && !TraceFile.IsTrace(b), "a trace and another framework's tensors");
        if (areRuns)
        {
            string[]? data = context.Value(Data) is { Length: > 0 } given ? given : null, other = context.Value(DataB) is { Length: > 0 } second ? second : data;
            return RunDifference.OfOtherArithmetic(a, b) ?? RunDifference.Find(
                RunFolder.Open(DiskFileSystem.Instance, a), RunFolder.Open(DiskFileSystem.Instance, b), data, other, Compute.Current, progress, context.Cancellation);
        }

        if (isTrace)
        {
            return FindTraces(context, a, b);
        }

        if (TraceFile.IsTrace(b))
        {
            throw new UsageException($"diff: {b} is a trace and {a} is none: name two traces, or the trace first and another framework's tensors behind it");
        }

        string pathA = ModelPath.Resolve(a), pathB = ModelPath.Resolve(b);
        bool isA = CheckpointDifference.IsCheckpoint(pathA), isB = CheckpointDifference.IsCheckpoint(pathB);
        if (isA && isB)
        {
            return CheckpointDifference.Find(pathA, pathB, progress, context.Cancellation);
        }

        DiffReport models = ModelDifference.Find("models", pathA, pathB, progress, context.Cancellation);
        return isA == isB ? models
            : models with { Notes = [.. models.Notes, $"only {(isA ? "a" : "b")} is a checkpoint: the models alone were compared, not what training goes on from"] };
    }

    private static DiffReport FindTraces(VerbContext context, string a, string b)
    {
        using TraceFile trace = TraceFile.Open(a);
        if (TraceFile.IsTrace(b))
        {
            using TraceFile other = TraceFile.Open(b);
            return TraceDifference.Find(trace, other);
        }

        if (!File.Exists(b))
        {
            throw new FileNotFoundException($"{b} does not exist: name another trace, or a safetensors file of module outputs");
        }

        using SafeTensorsFile foreign = SafeTensorsFile.Open(b);
        return TraceDifference.FindForeign(trace, foreign, context.Value(Map) is { } map ? TraceDifference.ReadMap(map) : null);
    }

    private static void Require(VerbContext context, Option option, bool holds, string what)
    {
        if (!holds && context.IsGiven(option))
        {
            throw new UsageException($"diff: {option.Name} is for {what}");
        }
    }
}
