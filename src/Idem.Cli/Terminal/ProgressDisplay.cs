// Long work that counts: a bar for each part in a terminal, a line every five seconds in a file, nothing beside JSON.

using System.Diagnostics;
using Spectre.Console;

namespace Idem.Cli.Terminal;

/// <summary>How far a part of the work is.</summary>
/// <param name="Doing">What is done, as in "re-executing".</param>
/// <param name="Unit">What is counted, as in "tokens".</param>
/// <param name="Done">How many are done.</param>
/// <param name="Total">How many there are.</param>
internal readonly record struct PartProgress(string Doing, string Unit, long Done, long Total);

internal static class ProgressDisplay
{
    private const double SecondsBetweenLines = 5;

    /// <summary>Does the work, which reports how far it is.</summary>
    /// <param name="json">Whether to show nothing.</param>
    /// <param name="work">The work.</param>
    public static T Run<T>(bool json, Func<Action<PartProgress>?, T> work) => json ? work(null) : Display.IsLive ? WithBars(work) : WithLines(work);

    private static T WithLines<T>(Func<Action<PartProgress>?, T> work)
    {
        long begin = Stopwatch.GetTimestamp(), last = begin;
        string? doing = null;
        return work(now =>
        {
            if (now.Doing != doing)
            {
                (doing, begin) = (now.Doing, Stopwatch.GetTimestamp());
            }

            if (Stopwatch.GetElapsedTime(last).TotalSeconds >= SecondsBetweenLines && now.Done > 0)
            {
                last = Stopwatch.GetTimestamp();
                double remaining = Stopwatch.GetElapsedTime(begin).TotalSeconds / now.Done * (now.Total - now.Done);
                Console.Out.WriteLine($"{now.Doing} {now.Done}/{now.Total} {now.Unit}  ETA {Display.Duration(remaining)}");
            }
        });
    }

    private static T WithBars<T>(Func<Action<PartProgress>?, T> work) =>
        AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(progress =>
        {
            Dictionary<string, ProgressTask> tasks = [];
            return work(now =>
            {
                if (!tasks.TryGetValue(now.Doing, out ProgressTask? task))
                {
                    tasks[now.Doing] = task = progress.AddTask(now.Doing);
                }

                task.MaxValue = Math.Max(1, now.Total);
                task.Value = now.Total == 0 ? 1 : now.Done;
            });
        });
}
