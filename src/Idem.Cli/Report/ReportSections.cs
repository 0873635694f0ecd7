// The sections of a report that are words and tables.

using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Report;

internal static class ReportSections
{
    private const int CheckpointRows = 200;

    public static void Verification(Html html, IReadOnlyList<RunHistory> runs, string[] names, IReadOnlyList<VerificationResult> results)
    {
        html.Raw("<section><h2>Verification</h2>");
        for (int i = 0; i < runs.Count; i++)
        {
            RunHistory run = runs[i];
            html.Raw((runs.Count > 1 ? $"<h3>{Html.Escape(names[i])}</h3>" : "") + "<ul class=\"checks\">");
            Check(html, "good", "files whole", $"Checked when this page was written: every byte of run.json, tokenizer, ledger ({run.Head.Lines} lines, one chain) and {run.Checkpoints.Count} checkpoints, and that they are of one history.");
            VerificationResult[] own = [.. results.Where(result => result.IsOf(run))];
            foreach (VerificationResult result in own)
            {
                Check(html, result.IsEqual ? "good" : "bad", result.IsEqual ? result.Level == "ledger" ? "files whole" : "equal" : "different", Describe(result, run));
            }

            if (!own.Any(result => result.Level != "ledger"))
            {
                Check(html, "", "not re-executed", $"This page has no result of a re-execution. Anyone with the data can: <code>idem verify {Html.Escape(run.Run.Path)} --json &gt; result.json</code>, then <code>idem report ... --verification result.json</code>.");
            }

            html.Raw("</ul>");
        }

        html.Raw("</section>");
    }

    public static void Settings(Html html, IReadOnlyList<RunHistory> runs, string[] names)
    {
        html.Raw("<section><h2>Configuration</h2>");
        JsonObject[] configs = [.. runs.Select(run => run.Run.Manifest.ConfigJson())];
        IReadOnlyList<string> unlike = runs.Count == 1 ? [] : Comparison.UnlikeSettings(runs[0].Run.Manifest, runs[1].Run.Manifest);
        if (unlike.Count > 0)
        {
            html.Table("Settings that differ", ["setting", Html.Escape(names[0]), Html.Escape(names[1])], unlike.Select(name => (IReadOnlyList<string>)[Html.Escape(name), Value(configs[0][name]), Value(configs[1][name])]));
        }

        html.Raw(runs.Count == 1 ? "" : $"<h3>{(unlike.Count == 0 ? "The same in both" : "The same in both otherwise")}</h3>");
        IEnumerable<string> same = configs[0].Where(pair => !unlike.Contains(pair.Key)).Select(pair => $"<div><dt>{Html.Escape(pair.Key)}</dt><dd>{Value(pair.Value)}</dd></div>");
        html.Raw($"<dl class=\"settings\">{string.Concat(same)}</dl></section>");
    }

    public static void Digests(Html html, IReadOnlyList<RunHistory> runs, string[] names)
    {
        html.Raw("<section><h2>Digests</h2>");
        (string Name, Func<RunHistory, string> Of)[] rows =
        [
            ("genesis", run => run.Run.Manifest.Genesis.ToString()),
            ("ledger head", run => run.Head.Hash.ToString()),
            ("model", run => run.Checkpoints.Count > 0 ? run.Checkpoints[^1].Model.ToString() : "no checkpoint"),
            ("data", run => run.Run.Manifest.Data.ToString()),
            ("tokenizer", run => run.Run.Manifest.Tokenizer.ToString()),
            ("arithmetic", run => run.Run.Manifest.Arithmetic),
        ];
        html.Table("Digests", ["of", .. runs.Count == 1 ? ["digest"] : names.Select(Html.Escape)], rows.Select(row => (IReadOnlyList<string>)[row.Name, .. runs.Select(run => Html.Code(row.Of(run)))]), "digests");
        html.Raw("<p class=\"soft\">Genesis covers everything that decides the run's bits; the ledger's head covers genesis and every step.</p></section>");
    }

    public static void Checkpoints(Html html, IReadOnlyList<RunHistory> runs, string[] names)
    {
        html.Raw("<section><h2>Checkpoints</h2>");
        SortedSet<long> steps = [.. runs.SelectMany(run => run.Checkpoints.Select(checkpoint => checkpoint.Step))];
        long[] shown = [.. steps.TakeLast(CheckpointRows)];
        if (steps.Count == 0)
        {
            html.Raw("<p>There is none.</p>");
        }
        else if (runs.Count == 1)
        {
            Dictionary<long, CheckpointDigests> all = runs[0].Checkpoints.ToDictionary(checkpoint => checkpoint.Step);
            html.Table("Checkpoints", ["step", "loss", "model", "optimizer"], shown.Select(step => (IReadOnlyList<string>)
                [$"{step}", step == 0 ? "" : RunReport.Number(runs[0].Steps[(int)step - 1].Loss), Html.Code(all[step].Model.ToString()), Html.Code(all[step].Optimizer.ToString())]), "digests checkpoints");
        }
        else
        {
            html.Table("Models of both runs", ["step", Html.Escape(names[0]), Html.Escape(names[1]), ""], shown.Select(step =>
            {
                string?[] models = [.. runs.Select(run => run.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Step == step)?.Model.ToString())];
                string pill = models[0] is null || models[1] is null ? "" : models[0] == models[1] ? "<span class=\"pill good\">equal</span>" : "<span class=\"pill bad\">differs</span>";
                return (IReadOnlyList<string>)[$"{step}", .. models.Select(model => model is null ? "" : Html.Code(model)), pill];
            }), "digests");
        }

        html.Raw(shown.Length < steps.Count ? $"<p class=\"soft\">The last {CheckpointRows} of {steps.Count}.</p></section>" : "</section>");
    }

    public static void Contract(Html html, RunHistory run)
    {
        html.Raw("<section><h2>What may differ without changing a bit</h2>");
        IReadOnlyList<string> names = run.Run.Manifest.InvariantUnder;
        html.Raw(names.Count == 0 ? "<p>The run states nothing about it.</p>" : $"<ul class=\"names\">{string.Concat(names.Select(name => $"<li><code>{Html.Escape(name)}</code> {Html.Escape(Explain(name))}</li>"))}</ul>");
        html.Raw("</section>");
    }

    public static void Times(Html html, IReadOnlyList<RunHistory> runs, string[] names)
    {
        html.Raw("<section><h2>Environment and time</h2>");
        for (int i = 0; i < runs.Count; i++)
        {
            RunHistory run = runs[i];
            html.Raw(runs.Count > 1 ? $"<h3>{Html.Escape(names[i])}</h3>" : "");
            html.Table("What executed the run", ["from step", "began (UTC)", "idem", "runtime", "system", "threads", "path"], run.Times.Processes.Count > 0
                ? run.Times.Processes.Select(process => Row($"{process.AfterStep + 1}", process.Started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), process.Environment))
                : [Row("1", "", run.Run.Manifest.Environment)]);
            WriteShares(html, run);
        }

        html.Raw("<p class=\"soft\">Times are kept for people. They decide no bit, and nothing proves them.</p></section>");

        static IReadOnlyList<string> Row(string step, string began, RunEnvironment environment) =>
            [step, began, Html.Escape(Short(environment.Version)), Html.Escape(environment.Runtime), $"{Html.Escape(environment.Os)}, {Html.Escape(environment.Architecture)}", $"{environment.Threads}", Html.Escape(environment.Simd)];
    }

    private static void WriteShares(Html html, RunHistory run)
    {
        IReadOnlyList<TimedStep> steps = run.Times.Steps;
        if (steps.Count == 0)
        {
            html.Raw("<p>The run folder holds no times.</p>");
            return;
        }

        (string Name, double Seconds)[] parts =
        [
            ("training", steps.Sum(step => step.Times.Train)), ("digests and ledger", steps.Sum(step => step.Times.Evidence)),
            ("evaluation", steps.Sum(step => step.Times.Evaluate)), ("saving", steps.Sum(step => step.Times.Save)),
        ];
        double total = Math.Max(1e-9, parts.Sum(part => part.Seconds));
        html.Raw($"<div class=\"share\" aria-hidden=\"true\">{string.Concat(parts.Select((part, i) => $"<i class=\"s{i}\" style=\"width:{Html.Place(100 * part.Seconds / total)}%\"></i>"))}</div>");
        html.Table("Where the time went", ["time of", "seconds", "share"], parts.Select((part, i) => (IReadOnlyList<string>)
            [$"<i class=\"key s{i}\"></i>{part.Name}", part.Seconds.ToString("0.0", CultureInfo.InvariantCulture), $"{(100 * part.Seconds / total).ToString("0.0", CultureInfo.InvariantCulture)} %"]), "numbers named");
        if (steps.Count < run.Steps.Count)
        {
            html.Raw($"<p class=\"soft\">Of {steps.Count} of {run.Steps.Count} steps: the times of the others were not kept.</p>");
        }
    }

    private static string Describe(VerificationResult result, RunHistory run)
    {
        string what = result.Level switch
        {
            "ledger" => "Files, chain and digests checked; nothing re-executed",
            "full" => $"All {result.StepsExecuted} steps re-executed from the initial weights",
            _ => $"{result.StepsExecuted} steps in {result.Segments} {(result.Segments == 1 ? "segment" : "segments")} re-executed from their checkpoints",
        };
        RunEnvironment machine = result.Environment;
        string on = $", {machine.Threads} {(machine.Threads == 1 ? "thread" : "threads")}, path {Html.Escape(machine.Simd)}, {Html.Escape(machine.Architecture)}, {Html.Escape(machine.Os)}, in {Display.Seconds(result.Seconds)}.";
        string earlier = result.LedgerSteps < run.Head.Lines ? $" The run had {result.LedgerSteps} steps then." : "";
        return what + on + earlier + (result.Mismatch is { } mismatch ? $" <strong>{Html.Escape(mismatch)}.</strong>" : result.Level == "ledger" ? "" : " Every loss, gradient norm, learning rate and digest is what the run states.");
    }

    private static void Check(Html html, string kind, string word, string markup) => html.Raw($"<li><span class=\"pill {kind}\">{word}</span><p>{markup}</p></li>");

    // A version with as much of the commit as tells it from others.
    private static string Short(string version) => version.IndexOf('+', StringComparison.Ordinal) is var plus and > 0 ? version[..Math.Min(version.Length, plus + 9)] : version;

    private static string Value(JsonNode? value) => value is null ? "" : Html.Escape(value.ToJsonString().Trim('"'));

    private static string Explain(string name) => name switch
    {
        Invariances.Threads => "how many threads compute",
        Invariances.Simd => "the vector path, its width, or none",
        Invariances.Architecture => "processor architecture, operating system and runtime",
        Invariances.ShardAssignment => "which thread computes which shard of a batch",
        Invariances.GradientAccumulation => "how a batch is cut for gradient accumulation",
        Invariances.Resume => "interruption, and continuation from a checkpoint",
        Invariances.Batch => "other sequences computed beside one",
        Invariances.PrefillChunking => "in which parts a prompt is computed",
        Invariances.PrefixCache => "keys and values taken over from another sequence",
        _ => "",
    };
}
