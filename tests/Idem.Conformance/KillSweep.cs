// Kills a training process (SIGKILL on Unix) at random instants, resumes it, and compares how it ends with a run that nobody killed:
// the digest of the final model and every byte of the ledger.

using System.Diagnostics;
using System.Globalization;
using Idem.Tests.Support;

namespace Idem.Conformance;

internal static class KillSweep
{
    public const string Usage = "kills COUNT SEED TRAIN-ARGUMENTS... (without --out, --resume, --threads)";

    public static int Run(string[] args)
    {
        if (args.Length < 3
            || !int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out int kills)
            || !int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int seed))
        {
            Console.Error.WriteLine($"usage: Idem.Conformance {Usage}");
            return 2;
        }

        string? difference = FirstDifference(args[2..], kills, new Random(seed), Console.Out);
        Console.WriteLine(difference ?? $"kills: {kills} kills, every resumed run ends as the uninterrupted one");
        return difference is null ? 0 : 3;
    }

    /// <summary>
    /// Instants are drawn by what a life has told of itself (a line a step and a checkpoint) and a moment after it, so that they are spread
    /// over the run however busy the machine is; now and then while the process starts. A life that ends before its kill gives way to a
    /// new run. The first run that fails or ends otherwise, or null.
    /// </summary>
    public static string? FirstDifference(string[] train, int kills, Random random, TextWriter output)
    {
        using TemporaryFolder folder = new();
        Stopwatch watch = Stopwatch.StartNew();
        (string? failure, string expected, int lines) = Finish(train, folder["uninterrupted"]);
        TimeSpan whole = watch.Elapsed;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kills: uninterrupted in {whole.TotalSeconds:F1} s, {expected.Split('\n')[0]}"));
        for (int run = 0; kills > 0 && failure is null; run++)
        {
            string path = folder[$"run-{run}"];
            int killsHere = 0, told = 0;
            while (kills > 0 && Live(train, path, random, Math.Max(1, lines - told), whole) is { } more)
            {
                told += more;
                kills--;
                killsHere++;
            }

            (failure, string actual, _) = Finish(["--resume", .. train], path);
            if (failure is null && actual != expected)
            {
                failure = $"kills: after {killsHere} kills run {run} ends with {actual.Split('\n')[0]}, not with {expected.Split('\n')[0]}, or its ledger differs";
            }

            output.WriteLine($"kills: run {run}, {killsHere} kills, {failure ?? "equal"}");
        }

        return failure;
    }

    // One life: killed after some of the lines that it has still to tell, which are returned; null if it ended before.
    private static int? Live(string[] train, string path, Random random, int lines, TimeSpan whole)
    {
        using Process process = IdemProcess.Start(null, ["train", "--out", path, "--json", "--resume", "--threads", $"{random.Next(1, 4)}", .. train]);
        _ = process.StandardError.ReadToEndAsync();
        int wanted = random.Next(8) == 0 ? 0 : random.Next(lines + 1), told = 0;
        while (told < wanted && process.StandardOutput.ReadLine() is not null)
        {
            told++;
        }

        // While it starts: some time of a start. Else a part of a step, or of a checkpoint that is being written.
        TimeSpan moment = wanted == 0 ? whole * random.NextDouble() : TimeSpan.FromMilliseconds(random.NextDouble() * 10);
        if (process.WaitForExit(moment))
        {
            return null;
        }

        process.Kill();
        process.WaitForExit();
        return told;
    }

    /// <summary>Trains to the end; the model's digest, and after it the ledger; the lines that it told.</summary>
    private static (string? Failure, string End, int Lines) Finish(string[] train, string path)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(["train", "--out", path, "--json", .. train]);
        return outcome.ExitCode == 0
            ? (null, $"{outcome.LastJson["digest"]}\n{File.ReadAllText(Path.Combine(path, "ledger.jsonl"))}", outcome.Output.Split('\n').Length)
            : (outcome.ToString(), "", 0);
    }
}
