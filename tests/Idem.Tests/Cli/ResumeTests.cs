using System.Diagnostics;
using Idem.Conformance;
using Idem.Tests.Support;

namespace Idem.Tests.Cli;

/// <summary>A run that is interrupted, however, and resumed ends in the bits of one that was not.</summary>
public class ResumeTests
{
    private static readonly string[] Settings =
        ["--data", "demo:", "--preset", "demo", "--steps", "40", "--n-layer", "1", "--n-embd", "32", "--n-head", "2", "--dropout", "0.1",
         "--checkpoint-every", "3", "--digest-every", "2", "--eval-every", "10", "--eval-windows", "2", "--warmup-steps", "4", "--sample-every", "0", "--json"];

    private static readonly Lazy<(string Digest, string Ledger)> Uninterrupted = new(() =>
    {
        using TemporaryFolder folder = new();
        IdemProcess.Outcome outcome = IdemProcess.Run(["train", "--out", folder["run"], .. Settings]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return ((string)outcome.LastJson["digest"]!, File.ReadAllText(Path.Combine(folder["run"], "ledger.jsonl")));
    });

    [Fact]
    public void KilledAtRandomInstantsAndResumedItEndsInTheSameBits() =>
        Assert.Null(KillSweep.FirstDifference(Settings, 25, new Random(20240229), TextWriter.Null));

    [Fact]
    public void AnyCheckpointContinuesToTheSameBitsAndAskingTwiceChangesNothing()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        Assert.Equal(0, IdemProcess.Run(["train", "--out", run, .. Settings]).ExitCode);
        foreach (string from in new[] { "latest", "0", "3", "21", Path.Combine(run, "checkpoints", "step-00000036") })
        {
            IdemProcess.Outcome outcome = IdemProcess.Run("train", "--out", run, "--resume", from, "--threads", "3", "--json");
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Equal(Uninterrupted.Value.Digest, (string)outcome.LastJson["digest"]!);
            Assert.Equal(Uninterrupted.Value.Ledger, File.ReadAllText(Path.Combine(run, "ledger.jsonl")));
        }
    }

    [Fact]
    public void AnInterruptSavesAndSaysHowToContinue()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs the kill command");
        using TemporaryFolder folder = new();
        using Process process = IdemProcess.Start(null, ["train", "--out", folder["run"], .. Settings.Select(setting => setting == "40" ? "100000" : setting)]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        for (string? line = ""; line is not null && !line.Contains("\"step\":5,", StringComparison.Ordinal);)
        {
            line = process.StandardOutput.ReadLine();
        }

        _ = process.StandardOutput.ReadToEndAsync();

        // SIGTERM rather than SIGINT, which takes the same way: a shell that starts tests in the background has SIGINT ignored.
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        bool ended = process.WaitForExit(TimeSpan.FromMinutes(1));
        process.Kill();
        Assert.True(ended, "the process did not end");
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("--resume", error.Result, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(folder["run"], "checkpoints")));
    }
}
