using System.Diagnostics;

namespace Idem.Conformance.Functions;

/// <summary>A line every ten seconds, and one at the end.</summary>
internal sealed class Progress(string title, int total)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _done;
    private long _printedSeconds;

    public void Advance()
    {
        int done = Interlocked.Increment(ref _done);
        long seconds = _watch.ElapsedMilliseconds / 1000;
        long printed = Volatile.Read(ref _printedSeconds);
        if (seconds >= printed + 10 && Interlocked.CompareExchange(ref _printedSeconds, seconds, printed) == printed)
        {
            Console.WriteLine($"{title}: {100L * done / total}% after {seconds} s");
        }
    }

    public void Finish(string result) => Console.WriteLine($"{title}: {result} ({_watch.Elapsed.TotalSeconds:F0} s)");
}
