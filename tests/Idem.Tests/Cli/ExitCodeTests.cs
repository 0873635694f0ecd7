using System.CommandLine;
using Idem.Cli;
using Idem.Tests.Support;

namespace Idem.Tests.Cli;

/// <summary>What a person sees who errs: one line that names the thing and the remedy, the documented exit code, no stack trace.</summary>
public class ExitCodeTests
{
    private static readonly string[] Small =
        ["--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "2", "--steps", "4", "--checkpoint-every", "2",
         "--eval-every", "4", "--warmup-steps", "1", "--sample-every", "0", "--threads", "1"];

    [Theory]
    [InlineData(2, "--no-such-flag", "train", "--no-such-flag")]
    [InlineData(2, "--threads", "doctor", "--threads", "0")]
    [InlineData(2, "scalar, 128, 256 or 512", "doctor", "--simd", "1024")]
    [InlineData(2, "--data", "train", "--out", "{run}")]
    [InlineData(2, "--out", "train", "--data", "demo:")]
    [InlineData(2, "unknown preset 'tiny'", "train", "--data", "demo:", "--out", "{run}", "--preset", "tiny")]
    [InlineData(2, "n_embd", "train", "--data", "demo:", "--out", "{run}", "--n-embd", "10", "--n-head", "3")]
    [InlineData(2, "shards", "train", "--data", "demo:", "--out", "{run}", "--batch-size", "4", "--shards", "3")]
    [InlineData(2, "give a number", "train", "--data", "demo:", "--out", "{run}", "--steps", "many")]
    [InlineData(2, "temperature", "generate", "{run}", "--temperature", "-1")]
    [InlineData(2, "--kv-cache-dtype: Argument 'f16' not recognized. Must be one of: 'f32' 'bf16'. Try 'idem generate --help'.\n", "generate", "{run}", "--kv-cache-dtype", "f16")]
    [InlineData(2, "unknown option --stepz. Try 'idem train --help'", "train", "--out", "{run}", "--data", "demo:", "--stepz", "3")]
    [InlineData(2, "unknown option --contex", "eval", "{run}", "--data", "a", "--contex", "4")]
    [InlineData(2, "unknown option --jsno", "embed", "{run}", "to be", "--jsno")]
    [InlineData(2, "unknown option --jsno", "logits", "{run}", "--ids", "1", "--out", "--jsno")]
    [InlineData(2, "--key' is required; Option '--out' is required. Try 'idem attest --help'", "attest", "{run}")]
    [InlineData(2, "--max-tokens abc: give a whole number. Try", "generate", "{run}", "--max-tokens", "abc")]
    [InlineData(2, "--max-tokens 9999999999: give a whole number up to 2147483647. Try", "generate", "{run}", "--max-tokens", "9999999999")]
    [InlineData(2, "--seed -1: give a whole number from 0. Try", "generate", "{run}", "--seed", "-1")]
    [InlineData(2, "--threads x: give a whole number. Try", "doctor", "--threads", "x")]
    [InlineData(2, "--temperature hot: give a number", "generate", "{run}", "--temperature", "hot")]
    [InlineData(2, "there is no verb 'nonsense'. Try 'idem --help'.", "nonsense")]
    [InlineData(2, "no verb 'xyz'. Try 'idem tokenizer --help'.", "tokenizer", "xyz")]
    [InlineData(1, "@everyone does not exist", "digest", "@everyone")]
    [InlineData(1, "does not exist", "digest", "{run}/nothing")]
    [InlineData(1, "no-key does not exist: check the path\n", "attest", "{run}", "--key", "no-key", "--out", "no-file")]
    [InlineData(1, "Check the path.\n", "attest", "{run}", "--key", "{run}/no/key", "--out", "no-file")]
    [InlineData(1, "is not a run folder", "verify", "{run}")]
    [InlineData(1, "nothing.txt", "train", "--data", "{run}/nothing.txt", "--out", "{run}")]
    public void AWrongCommandLineIsNamed(int exitCode, string names, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        IdemProcess.Outcome outcome = IdemProcess.Run([.. arguments.Select(argument => argument.Replace("{run}", folder["run"], StringComparison.Ordinal))]);
        AssertFailure(outcome, exitCode, names);
    }

    /// <summary>Behind an option or among arguments that take many values too: every verb, so that none can be forgotten.</summary>
    [Fact]
    public void AMisspeltFlagIsNeverTakenAsAValue()
    {
        int places = 0;
        foreach (string[] words in CommandsWithManyValues())
        {
            places++;
            string? problem = Problem([.. words, "a", "--no-such-flag"]);
            Assert.True(problem?.StartsWith("unknown option --no-such-flag. Try 'idem ", StringComparison.Ordinal) == true, $"{string.Join(' ', words)}: {problem}");
            Assert.StartsWith("unknown option --no-such-flag", Problem([.. words, "--no-such-flag=3"]), StringComparison.Ordinal);
            Assert.DoesNotContain("unknown option", Problem([.. words, "a", "--json"]) ?? "", StringComparison.Ordinal);
        }

        Assert.True(places >= 7, $"{places}");
        Assert.Null(Problem(["embed", "model", "--", "--no-such-flag"]));
        Assert.Null(Problem(["generate", "model", "--prompt=--no-such-flag"]));
        Assert.Null(Problem(["embed", "model", "-5 degrees", "-- so be it", "---"]));
        Assert.Null(Problem(["generate", "model", "--prompt", "--- a title", "--stop", "---"]));
    }

    // The words that lead to each option and argument of each verb that takes many values.
    private static IEnumerable<string[]> CommandsWithManyValues()
    {
        Stack<(string[] Words, Command Command)> open = new([([], CliApp.CreateRoot())]);
        while (open.TryPop(out (string[] Words, Command Command) at))
        {
            foreach (Option option in at.Command.Options.Where(option => option.AllowMultipleArgumentsPerToken))
            {
                yield return [.. at.Words, option.Name];
            }

            if (at.Command.Arguments.Any(argument => argument.Arity.MaximumNumberOfValues > 1))
            {
                yield return [.. at.Words, "path"];
            }

            foreach (Command child in at.Command.Subcommands)
            {
                open.Push(([.. at.Words, child.Name], child));
            }
        }
    }

    private static string? Problem(string[] words) => Idem.Cli.CommandLine.Problem(Idem.Cli.CommandLine.Parse(CliApp.CreateRoot(), words), words);

    [Theory]
    [InlineData("empty", new byte[0], "empty")]
    [InlineData("binary", new byte[] { 0x7F, 0x45, 0x4C, 0x46, 0, 0, 1, 2 }, "zero")]
    [InlineData("latin1", new byte[] { 0x63, 0x61, 0x66, 0xE9, 0x0A }, "UTF-8")]
    public void DataThatIsNotTextIsCorruptInput(string name, byte[] content, string names)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder[name], content);
        AssertFailure(IdemProcess.Run(["train", "--data", folder[name], "--out", folder["run"], .. Small]), 4, names);
        Assert.False(Directory.Exists(folder["run"]), "a run folder was begun for data that cannot be read");
    }

    [Fact]
    public void AMisspeltSettingInAConfigFileIsNamed()
    {
        using TemporaryFolder folder = new();
        AssertFailure(IdemProcess.Run("train", "--data", "demo:", "--out", folder["run"], "--config", folder["none"]), 1, $"config file {folder["none"]} does not exist: name a JSON file");
        AssertFailure(IdemProcess.Run("train", "--data", "demo:", "--out", folder["run"], "--config", folder.Path), 2, "is a folder: name a JSON file");
        File.WriteAllText(folder["config.json"], """{ "n_layers": 2 }""");
        AssertFailure(IdemProcess.Run("train", "--data", "demo:", "--out", folder["run"], "--config", folder["config.json"]), 2, "did you mean 'n_layer'");
        File.WriteAllText(folder["config.json"], """{ "n_layer": """);
        AssertFailure(IdemProcess.Run("train", "--data", "demo:", "--out", folder["run"], "--config", folder["config.json"]), 2, "is not JSON");
        File.WriteAllText(folder["config.json"], """{ "n_layer": "two" }""");
        AssertFailure(IdemProcess.Run("train", "--data", "demo:", "--out", folder["run"], "--config", folder["config.json"]), 2, "n_layer");
    }

    [Fact]
    public void ARunIsNotOverwritten()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["full"]);
        File.WriteAllText(Path.Combine(folder["full"], "thesis.txt"), "years of work");
        AssertFailure(IdemProcess.Run(["train", "--data", "demo:", "--out", folder["full"], .. Small]), 1, "not empty");
        Assert.Equal(0, IdemProcess.Run(["train", "--data", "demo:", "--out", folder["run"], .. Small]).ExitCode);
        AssertFailure(IdemProcess.Run(["train", "--data", "demo:", "--out", folder["run"], .. Small]), 1, "--resume");
        AssertFailure(IdemProcess.Run("train", "--out", folder["run"], "--resume", "--steps", "9"), 2, "steps is 4 in the run, 9 on the command line");
        AssertFailure(IdemProcess.Run("train", "--out", folder["run"], "--resume", "3"), 1, "it has: 2, 4");
    }

    [Fact]
    public void APlaceWhereNoRunCanBeIsNamedBeforeTheDataIsRead()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["file"], "");
        string[] train = ["train", "--data", folder["no-data"], "--out"];
        AssertFailure(IdemProcess.Run([.. train, Path.Combine(folder["file"], "a", "run")]), 1, $"{folder["file"]} is a file, in which there is no folder: name one elsewhere");
        string[] tokenizer = ["tokenizer", "train", "--data", "demo:", "--vocab-size", "256", "--out"];
        AssertFailure(IdemProcess.Run([.. tokenizer, folder["file"]]), 2, "is a file: name a folder, or a file name that ends with .json");
        AssertFailure(IdemProcess.Run([.. tokenizer, Path.Combine(folder["file"], "t")]), 1, $"{folder["file"]} is a file: name a folder elsewhere");
        if (OperatingSystem.IsLinux())
        {
            AssertFailure(IdemProcess.Run(["train", "--data", "demo:", "--out", "/proc/run", .. Small]), 1, "/proc/run: the system makes no folders there; name one elsewhere");
        }
    }

    [Fact]
    public void WhatCannotBeResumedIsNamed()
    {
        using TemporaryFolder folder = new();
        AssertFailure(IdemProcess.Run("train", "--resume", "--out", folder["run"]), 1, "has no run.json; name a folder that 'idem train --out' wrote, or begin a run with --data");
        AssertFailure(IdemProcess.Run("train", "--resume", folder["nothing"]), 2, $"--resume {folder["nothing"]}: there is no such checkpoint folder");
        AssertFailure(IdemProcess.Run("train", "--resume", "5"), 2, "name the run to continue with --out RUN");
        AssertFailure(IdemProcess.Run("train", "--resume"), 2, "name the run to continue with --out RUN");
    }

    /// <summary>Only training leaves something to go on from.</summary>
    [Fact]
    public void AFullDiskHasARemedyThatTheVerbHas()
    {
        IOException full = new("No space left on device : 'x'");
        foreach (Command verb in CliApp.CreateRoot().Subcommands)
        {
            Failures.Failure failure = Failures.Describe(full, verb)!;
            Assert.Equal(ExitCodes.Failure, failure.ExitCode);
            Assert.Equal($"{full.Message}. Free some space, then {(verb.Name == "train" ? "continue with --resume" : "run it again")}.", failure.Message);
        }
    }

    internal static void AssertFailure(IdemProcess.Outcome outcome, int exitCode, string names)
    {
        Assert.True(outcome.ExitCode == exitCode, outcome.ToString());
        Assert.Contains(names, outcome.Error, StringComparison.Ordinal);
        Assert.StartsWith("idem: ", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }
}
