using System.Security.Cryptography;
using Idem.Tests.Support;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Cli;

/// <summary>idem tokenizer train and idem tokenize, as processes: lines in, lines out, errors with their line.</summary>
public class TokenizeTests
{
    [Fact]
    public void TrainsThenTokenizesBothWays()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["text.txt"], "to be or not to be, that is the question");
        IdemProcess.Outcome trained = IdemProcess.Run(
            "tokenizer", "train", "--data", folder["text.txt"], "--vocab-size", "270", "--special", "<s>", "--out", folder["tok"], "--json");
        Assert.True(trained.ExitCode == 0, trained.ToString());
        string file = Path.Combine(folder["tok"], "tokenizer.json");
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), (string?)trained.LastJson["digest"]);

        File.WriteAllText(folder["in.jsonl"], "\"to be\"\n\"\"\n\"a\\n\\ud83d\\ude00\\u0000<s>\"\n");
        IdemProcess.Outcome encoded = IdemProcess.Run("tokenize", folder["tok"], "--jsonl", folder["in.jsonl"]);
        Assert.True(encoded.ExitCode == 0, encoded.ToString());
        Tokenizer tokenizer = Tokenizer.Load(file);
        Assert.Equal(
            string.Concat(new[] { "to be", "", "a\n\U0001F600\0<s>" }.Select(text => $"[{string.Join(',', tokenizer.Encode(text))}]\n")),
            encoded.Output);

        File.WriteAllText(folder["ids.jsonl"], encoded.Output);
        IdemProcess.Outcome decoded = IdemProcess.Run("tokenize", file, "--decode", "--jsonl", folder["ids.jsonl"]);
        Assert.Equal(["to be", "", "a\n\U0001F600\0<s>"], decoded.Output.TrimEnd('\n').Split('\n').Select(line => (string?)System.Text.Json.Nodes.JsonNode.Parse(line)));

        IdemProcess.Outcome offsets = IdemProcess.Run("tokenize", file, "--offsets", "--jsonl", folder["in.jsonl"]);
        Assert.Contains("\"offsets\":[[0,", offsets.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "in.jsonl: line 2: it is not JSON", "\"a\"\n{\n")]
    [InlineData(4, "in.jsonl: line 2: it is not a JSON string", "\"a\"\n[1]\n")]
    [InlineData(4, "in.jsonl: line 1: the string holds half", "\"\\ud800\"\n")]
    [InlineData(4, "in.jsonl: line 1: it is not a JSON array of ids", "\"a\"\n", "--decode")]
    [InlineData(4, "in.jsonl: line 2: the id 9999999 is not", "[1]\n[9999999]\n", "--decode")]
    [InlineData(2, "leave out --decode", "", "--decode", "--offsets")]
    public void NamesTheLine(int exitCode, string names, string input, params string[] flags)
    {
        using TemporaryFolder folder = new();
        BpeTrainer.Train(["a"], 256).Save(folder["t.json"]);
        File.WriteAllText(folder["in.jsonl"], input);
        ExitCodeTests.AssertFailure(IdemProcess.Run(["tokenize", folder["t.json"], "--jsonl", folder["in.jsonl"], .. flags]), exitCode, names);
    }

    [Fact]
    public void NamesWhatCannotBeTrained()
    {
        using TemporaryFolder folder = new();
        string[] train = ["tokenizer", "train", "--data", "demo:", "--out", folder["t"]];
        ExitCodeTests.AssertFailure(IdemProcess.Run([.. train, "--vocab-size", "100"]), 2, "--vocab-size 100: use 256 or more");
        ExitCodeTests.AssertFailure(IdemProcess.Run([.. train, "--vocab-size", "300", "--special", "x", "--special", "x"]), 2, "--special");
        ExitCodeTests.AssertFailure(IdemProcess.Run("tokenize", folder["nothing"], "--jsonl", "-"), 1, "nothing");
    }
}
