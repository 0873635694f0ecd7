// One side of a comparison: a process that answers requests, line by line.

using System.Diagnostics;
using System.Globalization;

namespace Idem.Bench.Peers;

internal sealed class Side : IDisposable
{
    private readonly Process _process;

    private Side(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.UseShellExecute = false;
        _process = Process.Start(start)!;
    }

    /// <summary>Ourselves, in a process of our own.</summary>
    public static Side Idem(int threads)
    {
        string threadCount = threads.ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = new(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Side).Assembly.Location);
        }

        foreach (string argument in new[] { "serve", "--threads", threadCount })
        {
            start.ArgumentList.Add(argument);
        }

        return new Side(start);
    }

    /// <summary>The peer's command, with the number of threads behind it.</summary>
    public static Side Peer(IReadOnlyList<string> command, int threads)
    {
        ProcessStartInfo start = new(command[0]);
        foreach (string argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.ArgumentList.Add(threads.ToString(CultureInfo.InvariantCulture));
        return new Side(start);
    }

    public string Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"the other side ended at '{request}'");
    }

    /// <summary>Nanoseconds of one call, over at least so many seconds of calls.</summary>
    public double Sample(double seconds) =>
        double.Parse(Ask(string.Create(CultureInfo.InvariantCulture, $"sample {seconds}")), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
