// Re-execution with its progress (a bar in a terminal, a line every five seconds in a file, nothing beside JSON) and its table at the end.

using System.Diagnostics;
using Idem.Numerics;
using Idem.Training;
using Idem.Verification;
using Spectre.Console;

namespace Idem.Cli.Terminal;

internal static class VerificationDisplay
{
    private const double SecondsBetweenLines = 5;
    private const int RowsMax = 24, RowsAtEnds = 10;

    public static VerificationReport Run(RunFolder run, VerificationRequest request, Compute compute, bool json, CancellationToken cancellation)
    {
        if (json)
        {
            return RunVerifier.Verify(run, request, compute, null, cancellation);
        }

        return Display.IsLive ? WithBar(run, request, compute, cancellation) : WithLines(run, request, compute, cancellation);
    }

    /// <summary>The segments that were re-executed, one a line; of very many, the first and the last.</summary>
    public static void WriteTable(VerificationReport report)
    {
        int width = Math.Max(9, $"{report.RunSteps + 1}..{report.RunSteps}".Length);
        Display.Line($"{"segment".PadRight(width)}  {"steps",9}  {"result",-9}  time");
        int count = report.Segments.Count;
        for (int i = 0; i < count; i++)
        {
            if (count > RowsMax && i == RowsAtEnds)
            {
                Display.Line($"{"...".PadRight(width)}  {report.Segments.Skip(RowsAtEnds).Take(count - (2 * RowsAtEnds)).Sum(segment => segment.Steps),9}  {"equal",-9}  {count - (2 * RowsAtEnds)} segments more");
                i = count - RowsAtEnds;
            }

            SegmentResult segment = report.Segments[i];
            string result = segment.Mismatch is null ? $"[green]{"equal",-9}[/]" : $"[red]{"different",-9}[/]";
            Display.Line($"{$"{segment.From + 1}..{segment.To}".PadRight(width)}  {segment.Steps,9}  {result}  {Display.Seconds(segment.Seconds)}");
        }
    }

    private static VerificationReport WithLines(RunFolder run, VerificationRequest request, Compute compute, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp(), last = begin;
        VerificationPhase phase = VerificationPhase.Files;
        return RunVerifier.Verify(run, request, compute, progress =>
        {
            if (progress.Phase != phase)
            {
                (phase, begin) = (progress.Phase, Stopwatch.GetTimestamp());
            }

            if (Stopwatch.GetElapsedTime(last).TotalSeconds >= SecondsBetweenLines && progress.Done > 0)
            {
                last = Stopwatch.GetTimestamp();
                double remaining = Stopwatch.GetElapsedTime(begin).TotalSeconds / progress.Done * (progress.Total - progress.Done);
                Console.Out.WriteLine($"{(phase == VerificationPhase.Files ? "checked" : "verified")} {progress.Done}/{progress.Total} {Unit(phase)}  ETA {Display.Duration(remaining)}");
            }
        }, cancellation);
    }

    private static VerificationReport WithBar(RunFolder run, VerificationRequest request, Compute compute, CancellationToken cancellation)
    {
        VerificationReport? report = null;
        AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(progress =>
        {
            ProgressTask files = progress.AddTask("checking files");
            ProgressTask? steps = null;
            report = RunVerifier.Verify(run, request, compute, now =>
            {
                ProgressTask task = now.Phase == VerificationPhase.Files ? files : steps ??= progress.AddTask("re-executing");
                task.MaxValue = Math.Max(1, now.Total);
                task.Value = now.Total == 0 ? 1 : now.Done;
            }, cancellation);
        });
        return report!;
    }

    private static string Unit(VerificationPhase phase) => phase == VerificationPhase.Files ? "checkpoints" : "steps";
}
