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
    /// Instants are drawn up to the time that an uninterrupted run takes at best; a run that ends before its kill counts as resumed and gives
    /// way to a new one. The first run that fails or ends otherwise, or null.
    /// </summary>
    public static string? FirstDifference(string[] train, int kills, Random random, TextWriter output)
    {
        using TemporaryFolder folder = new();
        Stopwatch watch = Stopwatch.StartNew();
        (string? failure, string expected) = Finish(train, folder["uninterrupted"]);
        TimeSpan whole = watch.Elapsed;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kills: uninterrupted in {whole.TotalSeconds:F1} s, {expected.Split('\n')[0]}"));
        for (int run = 0; kills > 0 && failure is null; run++)
        {
            string path = folder[$"run-{run}"];
            int killsHere = 0;
            bool isDone = false;
            Stopwatch life = Stopwatch.StartNew();
            while (!isDone && kills > 0)
            {
                using Process process = IdemProcess.Start(null, ["train", "--out", path, "--resume", "--threads", $"{random.Next(1, 4)}", .. train]);
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
                life.Restart();
                isDone = process.WaitForExit(TimeSpan.FromMilliseconds(100) + (whole * random.NextDouble()));
                if (!isDone)
                {
                    process.Kill();
                    process.WaitForExit();
                    kills--;
                    killsHere++;
                }
            }

            // A busy machine may have been slow at first: then most instants would lie past the end.
            if (killsHere == 0 && life.Elapsed < whole)
            {
                whole = life.Elapsed;
            }

            (failure, string actual) = Finish(["--resume", .. train], path);
            if (failure is null && actual != expected)
            {
                failure = $"kills: after {killsHere} kills run {run} ends with {actual.Split('\n')[0]}, not with {expected.Split('\n')[0]}, or its ledger differs";
            }

            output.WriteLine($"kills: run {run}, {killsHere} kills, {failure ?? "equal"}");
        }

        return failure;
    }

    /// <summary>Trains to the end; the model's digest, and after it the ledger.</summary>
    private static (string? Failure, string End) Finish(string[] train, string path)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(["train", "--out", path, "--json", .. train]);
        return outcome.ExitCode == 0
            ? (null, $"{outcome.LastJson["digest"]}\n{File.ReadAllText(Path.Combine(path, "ledger.jsonl"))}")
            : (outcome.ToString(), "");
    }
}
