// Re-execution with its progress, and its table at the end.

using Idem.Numerics;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Terminal;

internal static class VerificationDisplay
{
    private const int RowsMax = 24, RowsAtEnds = 10;

    public static VerificationReport Run(RunFolder run, VerificationRequest request, Compute compute, bool json, CancellationToken cancellation) =>
        ProgressDisplay.Run(json, show => RunVerifier.Verify(run, request, compute, show is null ? null : now => show(Part(now)), cancellation));

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

    private static PartProgress Part(VerificationProgress now) => now.Phase == VerificationPhase.Files
        ? new PartProgress("checking", "checkpoints", now.Done, now.Total)
        : new PartProgress("re-executing", "steps", now.Done, now.Total);
}
