// One page that shows a run, or two runs over each other: a function of the run folders and the results of verifications alone, so the same
// input gives the same bytes. It refers to nothing outside itself.

using System.Globalization;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Report;

internal static class RunReport
{
    /// <summary>The page.</summary>
    /// <param name="runs">One run, or two to compare.</param>
    /// <param name="results">What verifications found, each of one of the runs.</param>
    public static string Write(IReadOnlyList<RunHistory> runs, IReadOnlyList<VerificationResult> results)
    {
        string[] names = Names(runs);
        string title = string.Join(" and ", names);
        Html html = new();
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        html.Raw($"<title>{Html.Escape(title)} - Idem</title>\n<style>\n{ReportStyle.Css}\n</style>\n</head>\n<body>");
        html.Raw($"<header><p class=\"kicker\">Idem {(runs.Count == 1 ? "training run" : "two training runs")}</p><h1>{Html.Escape(title)}</h1>");
        foreach (RunHistory run in runs)
        {
            html.Raw($"<p class=\"lede\">{(runs.Count == 1 ? "" : $"<strong>{Html.Escape(names[runs.IndexOf(run)])}</strong>: ")}{Lede(run)}</p>");
        }

        html.Raw("</header>\n<main>");
        LedgerDifference? difference = null;
        if (runs.Count == 1)
        {
            WriteTiles(html, runs[0]);
        }
        else
        {
            difference = Comparison.Write(html, runs[0], runs[1], names);
        }

        ReportSections.Verification(html, runs, names, results);
        ReportCharts.Write(html, runs, names, difference);
        ReportSections.Settings(html, runs, names);
        ReportSections.Digests(html, runs, names);
        ReportSections.Checkpoints(html, runs, names);
        ReportSections.Contract(html, runs[0]);
        ReportSections.Times(html, runs, names);
        html.Raw($"</main>\n<footer><p>Written by idem {Html.Escape(RunEnvironment.ProductVersion.Split('+')[0])}. The page is complete in itself: it loads nothing and runs nothing.</p></footer>\n</body>\n</html>");
        return html.ToString();
    }

    private static int IndexOf(this IReadOnlyList<RunHistory> runs, RunHistory run) => ReferenceEquals(runs[0], run) ? 0 : 1;

    // The folder's name; of two folders of one name, the paths.
    private static string[] Names(IReadOnlyList<RunHistory> runs)
    {
        string[] names = [.. runs.Select(run => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Run.Path))))];
        return names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names : [.. runs.Select(run => run.Run.Path)];
    }

    private static string Lede(RunHistory run)
    {
        RunManifest manifest = run.Run.Manifest;
        TrainConfig config = manifest.Config;
        string model = manifest.Base is { } start
            ? $"{Html.Escape(start.ModelType)}, begun from {Html.Escape(start.Path)}"
            : $"GPT-2 of {config.NLayer} layers, {config.NHead} heads, width {config.NEmbd}, context {config.NPositions}, vocabulary {Display.Count(manifest.VocabSize)}";
        string parameters = run.Parameters > 0 ? $", {Display.Count(run.Parameters)} parameters" : "";
        string state = run.Steps.Count == config.Steps ? $"finished after {Display.Count(config.Steps)} steps" : $"at step {Display.Count(run.Steps.Count)} of {Display.Count(config.Steps)}";
        return $"{model}{parameters}; {state}.";
    }

    private static void WriteTiles(Html html, RunHistory run)
    {
        TrainConfig config = run.Run.Manifest.Config;
        html.Raw("<ul class=\"tiles\">");
        if (run.Steps.Count > 0)
        {
            LedgerRecord last = run.Steps[^1];
            Tile(Number(last.Loss), $"training loss of step {last.Step}");
            if (run.Steps.Where(step => step.ValLoss is not null).ToArray() is { Length: > 0 } evaluated)
            {
                LedgerRecord best = evaluated.MinBy(step => step.ValLoss!.Value.Value);
                Tile(Number(evaluated[^1].ValLoss!.Value), $"validation loss of step {evaluated[^1].Step}{(best.Step == evaluated[^1].Step ? ", the lowest" : $"; lowest {Number(best.ValLoss!.Value)} at {best.Step}")}");
            }
        }

        Tile(Display.Count((long)run.Steps.Count * config.SequencesPerStep * config.NPositions), $"tokens in {Display.Count(run.Steps.Count)} steps of {Display.Count((long)config.SequencesPerStep * config.NPositions)}");
        if (run.Times.Steps.Count > 0)
        {
            Tile(Display.Duration(run.Times.Steps.Sum(step => step.Times.Train + step.Times.Evidence + step.Times.Evaluate + step.Times.Save)), run.Times.Steps.Count == run.Steps.Count ? "time of all steps" : $"time of {run.Times.Steps.Count} steps");
            Tile(Axis.Format(Math.Round(ReportCharts.MedianSpeed(run))), "tokens a second, median");
        }

        Tile($"{run.Checkpoints.Count}", run.Checkpoints.Count == 1 ? "checkpoint" : "checkpoints");
        html.Raw("</ul>");

        void Tile(string figure, string words) => html.Raw($"<li><b>{figure}</b><span>{Html.Escape(words)}</span></li>");
    }

    /// <summary>A loss with four decimals; the ledger has all digits.</summary>
    public static string Number(LedgerNumber number) => number.Value.ToString("0.0000", CultureInfo.InvariantCulture);
}
