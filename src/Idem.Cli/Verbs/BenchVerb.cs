// idem bench: this machine's limits, and what kernels and training reach of them.

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Benchmarks;
using Idem.Cli.Terminal;
using Idem.Numerics;
using Idem.Training;
using Spectre.Console;

namespace Idem.Cli.Verbs;

internal static class BenchVerb
{
    private static readonly Option<string> Model = new("--model")
    {
        Description = $"The model to train: {string.Join(", ", Benchmark.Models)}. gpt2 takes a minute and 3 GB.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "tiny",
    };

    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "Seconds of measuring a line.",
        HelpName = "S",
        DefaultValueFactory = _ => 0.5,
    };

    private static readonly Option<string> Only = new("--only")
    {
        Description = "Only lines that contain this text, such as limits, matmul, attention, functions or train.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    public static Command Create()
    {
        Command command = new("bench", "Measure this machine: its limits, kernels, training.") { Model, Seconds, Only };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        BenchmarkRequest request = new(context.Value(Model)!, context.Value(Seconds), context.Value(Only)!);
        if (!Benchmark.Models.Contains(request.Model))
        {
            throw new UsageException($"--model {request.Model}: use {string.Join(", ", Benchmark.Models)}");
        }

        if (!(request.Seconds is > 0 and <= 3600))
        {
            throw new UsageException($"--seconds {request.Seconds.ToString(CultureInfo.InvariantCulture)}: use more than 0 and at most 3600");
        }

        Compute compute = Compute.Current;
        IReadOnlyList<string> names = Benchmark.Names(request, compute);
        if (names.Count == 0)
        {
            throw new UsageException($"--only {request.Only}: no line contains that; use limits, matmul, attention, functions or train, or a part of a line's name");
        }

        if (!context.Json)
        {
            RunEnvironment environment = RunEnvironment.Of(compute);
            Display.Line($"Idem {Display.Escape(environment.Version)}, arithmetic {ArithmeticVersion.Name}, {Display.Escape(environment.Runtime)}, {environment.Architecture}, path {environment.Simd}, {environment.Threads} {(environment.Threads == 1 ? "thread" : "threads")}");
        }

        List<BenchmarkResult> results = context.Json ? Measure(request, compute, context, WriteJson)
            : Display.IsLive ? MeasureLive(request, compute, names, context)
            : MeasurePlain(request, compute, context);
        if (!context.Json)
        {
            foreach (BenchmarkResult result in results.Where(result => result.Digest is not null))
            {
                Display.Line($"{result.Name}: weights after step {Benchmark.DigestStep} [bold]{result.Digest}[/], the same on every machine");
            }

            if (results.Any(result => result.Disturbed))
            {
                Display.Line("(!) other work disturbed this line: the machine's peak changed while it was measured. Run it again when the machine is quiet.");
            }
        }

        return ExitCodes.Success;
    }

    private static List<BenchmarkResult> Measure(BenchmarkRequest request, Compute compute, VerbContext context, Action<BenchmarkResult> show)
    {
        List<BenchmarkResult> results = [];
        foreach (BenchmarkResult result in Benchmark.Run(request, compute, context.Cancellation))
        {
            results.Add(result);
            show(result);
        }

        return results;
    }

    private static List<BenchmarkResult> MeasurePlain(BenchmarkRequest request, Compute compute, VerbContext context)
    {
        Console.Out.WriteLine($"| {"group",-9} | {"case",-28} | {"median",22} | % of peak |");
        Console.Out.WriteLine("| --- | --- | ---: | ---: |");
        return Measure(request, compute, context, result => Console.Out.WriteLine(
            $"| {result.Group,-9} | {result.Name,-28} | {Figure(result),22} | {Share(result),9} |"));
    }

    private static List<BenchmarkResult> MeasureLive(BenchmarkRequest request, Compute compute, IReadOnlyList<string> names, VerbContext context)
    {
        List<BenchmarkResult> results = [];
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns(new TableColumn("group"), new TableColumn("case"), new TableColumn("median").RightAligned(), new TableColumn("% of peak").RightAligned());
        AnsiConsole.Live(table).Start(live =>
        {
            void Announce()
            {
                table.Caption = results.Count < names.Count ? new TableTitle($"{results.Count}/{names.Count}  {names[results.Count]}") : null;
                live.Refresh();
            }

            Announce();
            Measure(request, compute, context, result =>
            {
                results.Add(result);
                table.AddRow(new Text(result.Group), new Text(result.Name), new Text(Figure(result)), new Text(Share(result)));
                Announce();
            });
        });
        return results;
    }

    private static void WriteJson(BenchmarkResult result)
    {
        JsonObject line = new()
        {
            ["group"] = result.Group,
            ["name"] = result.Name,
            ["value"] = result.Value,
            ["unit"] = result.Unit,
            ["spread"] = result.Spread,
            ["peak_share"] = result.PeakShare,
            ["disturbed"] = result.Disturbed,
        };
        if (result.Digest is { } digest)
        {
            line["digest"] = digest.ToString();
        }

        Display.WriteJson(line);
    }

    private static string Figure(BenchmarkResult result)
    {
        string format = result.Value >= 1000 ? "#,0" : result.Value >= 100 ? "0" : "0.0";
        return $"{Display.Number(result.Value, format)} +-{Display.Number(result.Spread * 100, "0")}% {result.Unit}{(result.Disturbed ? " (!)" : "")}";
    }

    private static string Share(BenchmarkResult result) => result.PeakShare is { } share ? Display.Number(share * 100, "0") : "";
}
