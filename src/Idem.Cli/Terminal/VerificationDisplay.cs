// Re-execution with its progress: a bar in a terminal, a line every five seconds in a file, nothing beside JSON.

using System.Diagnostics;
using Idem.Numerics;
using Idem.Training;
using Idem.Verification;
using Spectre.Console;

namespace Idem.Cli.Terminal;

internal static class VerificationDisplay
{
    private const double SecondsBetweenLines = 5;

    public static VerificationReport Run(RunFolder run, VerificationRequest request, Compute compute, bool json, CancellationToken cancellation)
    {
        if (json)
        {
            return RunVerifier.Verify(run, request, compute, null, cancellation);
        }

        return Display.IsLive ? WithBar(run, request, compute, cancellation) : WithLines(run, request, compute, cancellation);
    }

    private static VerificationReport WithLines(RunFolder run, VerificationRequest request, Compute compute, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp(), last = begin;
        return RunVerifier.Verify(run, request, compute, (done, total) =>
        {
            if (Stopwatch.GetElapsedTime(last).TotalSeconds >= SecondsBetweenLines)
            {
                last = Stopwatch.GetTimestamp();
                double remaining = Stopwatch.GetElapsedTime(begin).TotalSeconds / done * (total - done);
                Console.Out.WriteLine($"verified {done}/{total} steps  ETA {Display.Duration(remaining)}");
            }
        }, cancellation);
    }

    private static VerificationReport WithBar(RunFolder run, VerificationRequest request, Compute compute, CancellationToken cancellation)
    {
        VerificationReport? report = null;
        AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(progress =>
        {
            ProgressTask task = progress.AddTask("re-executing");
            report = RunVerifier.Verify(run, request, compute, (done, total) =>
            {
                task.MaxValue = total;
                task.Value = done;
            }, cancellation);
        });
        return report!;
    }
}
