using System.Text.Json.Nodes;
using Idem.Tests.Support;

namespace Idem.Tests.Cli;

/// <summary>What <c>idem bench</c> prints; never how fast.</summary>
public class BenchTests
{
    [Theory]
    [InlineData("--model", "gpt3", "use tiny, shakespeare-char, gpt2")]
    [InlineData("--seconds", "0", "more than 0")]
    [InlineData("--only", "nothing-like-it", "no line contains that")]
    public void AWrongCommandLineIsNamed(string option, string value, string names) =>
        ExitCodeTests.AssertFailure(IdemProcess.Run("bench", option, value), 2, names);

    [Fact]
    public void JsonHasALineACaseAndNothingElse()
    {
        IdemProcess.Outcome outcome = IdemProcess.Run("bench", "--only", "limits", "--seconds", "0.001", "--threads", "2", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        JsonNode[] lines = [.. outcome.Output.TrimEnd().Split('\n').Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.Equal("limits", (string)line["group"]!));
        Assert.All(lines, line => Assert.True((double)line["value"]! > 0));
        Assert.Equal(["GFLOP/s", "GB/s", "GB/s", "GFLOP/s", "GB/s", "GB/s"], lines.Select(line => (string)line["unit"]!));
    }

    [Fact]
    public void APipeGetsAPlainTableAndTheDigestOfTheSteps()
    {
        IdemProcess.Outcome outcome = IdemProcess.Run("bench", "--only", "train", "--seconds", "0.001", "--threads", "1");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.Contains("| train     | gpt2-tiny B=16 T=64", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("weights after step 4 sha256:", outcome.Output, StringComparison.Ordinal);
    }
}
