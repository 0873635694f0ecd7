namespace Idem.Tests.Cli;

/// <summary>idem diff as a person uses it: exit codes, one line on the error stream, JSON.</summary>
public sealed class DiffVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RunsModelsAndTracesAreCompared()
    {
        string a = Train("a", "1"), b = Train("b", "1"), c = Train("c", "2");
        Assert.True((bool)Check(0, a, b, "--json").LastJson["equal"]!);
        System.Text.Json.Nodes.JsonNode json = Check(3, a, c, "--json").LastJson;
        Assert.Equal(("another seed", true, 1), ((string?)json["causes"]![0]!["name"], (bool)json["causes"]![0]!["confirmed"]!, (int)json["first_step"]!));
        IdemProcess.Outcome people = Check(3, a, c);
        Assert.Contains("confirmed: another seed: 1 in a, 2 in b", people.Output, StringComparison.Ordinal);
        Assert.Contains("config seed: 1 in a, 2 in b", people.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', people.Output);

        string checkpoints = Path.Combine(a, "checkpoints");
        Check(3, Path.Combine(checkpoints, "step-00000002"), Path.Combine(checkpoints, "step-00000003"));
        Check(0, a + ".trace", b + ".trace");
        Check(3, a + ".trace", c + ".trace");

        string cut = _folder["cut"];
        File.WriteAllBytes(cut, File.ReadAllBytes(a + ".trace")[..^9]);
        Check(4, a + ".trace", cut);
        File.AppendAllText(Path.Combine(c, "ledger.jsonl"), "x\n");
        Check(4, a, c);
        Check(1, a, _folder["absent"]);
        Check(1, a + ".trace", _folder["absent"]);
        Check(2, a, b, "--map", "x");
        Check(2, checkpoints, a + ".trace");
        Check(2, a);
    }

    private string Train(string name, string seed)
    {
        string run = _folder[name];
        IdemProcess.Outcome outcome = IdemProcess.Run(
            "train", "--data", "demo:", "--out", run, "--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "4", "--steps", "3",
            "--checkpoint-every", "2", "--eval-every", "0", "--sample-every", "0", "--seed", seed, "--trace", run + ".trace");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return run;
    }

    private static IdemProcess.Outcome Check(int exitCode, params string[] arguments)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(["diff", .. arguments]);
        Assert.True(outcome.ExitCode == exitCode, string.Join(' ', arguments) + "\n" + outcome);
        int lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        Assert.True(exitCode switch { 0 => lines == 0, 2 => lines is 1 or 2, _ => lines == 1 }, outcome.ToString());
        return outcome;
    }
}
