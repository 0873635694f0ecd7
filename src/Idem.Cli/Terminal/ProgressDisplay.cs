// Long work that counts: a bar in a terminal, a line every five seconds in a file, nothing beside JSON.

using System.Diagnostics;
using Spectre.Console;

namespace Idem.Cli.Terminal;

internal static class ProgressDisplay
{
    private const double SecondsBetweenLines = 5;

    /// <summary>Does the work; it reports what is done and what there is in all.</summary>
    /// <param name="doing">What it does, as in "re-executing".</param>
    /// <param name="unit">What it counts, as in "tokens".</param>
    /// <param name="json">Whether to show nothing.</param>
    /// <param name="work">The work.</param>
    public static T Run<T>(string doing, string unit, bool json, Func<Action<int, int>?, T> work) =>
        json ? work(null) : Display.IsLive ? WithBar(doing, work) : WithLines(doing, unit, work);

    private static T WithLines<T>(string doing, string unit, Func<Action<int, int>?, T> work)
    {
        long begin = Stopwatch.GetTimestamp(), last = begin;
        return work((done, total) =>
        {
            if (Stopwatch.GetElapsedTime(last).TotalSeconds >= SecondsBetweenLines)
            {
                last = Stopwatch.GetTimestamp();
                double remaining = Stopwatch.GetElapsedTime(begin).TotalSeconds / done * (total - done);
                Console.Out.WriteLine($"{doing} {done}/{total} {unit}  ETA {Display.Duration(remaining)}");
            }
        });
    }

    private static T WithBar<T>(string doing, Func<Action<int, int>?, T> work) =>
        AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(progress =>
        {
            ProgressTask task = progress.AddTask(doing);
            return work((done, total) =>
            {
                task.MaxValue = total;
                task.Value = done;
            });
        });
}
