using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Tests.Models;
using Idem.Tests.Training;
using Idem.Tokenizers;
using Idem.Training;
using Idem.Verification.Differences;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Tests.Verification.Differences;

/// <summary>What two runs are made of: each thing that can differ is named, and what cannot be compared is not called equal.</summary>
[Collection(typeof(Alone))]
public sealed class RunDifferenceTests : IDisposable
{
    private static readonly TrainConfig Config = InjectedRun.Config;

    private readonly TemporaryFolder _folder = new();
    private readonly string[] _data;

    public RunDifferenceTests() => _data = InjectedRun.WriteData(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnotherTokenizer()
    {
        string a = Write("a", Config), b = Write("b", Config with { Tokenizer = "bpe", VocabSize = 270 });
        DiffReport report = Find(a, b);
        Assert.Contains(report.Differences, difference => difference is { What: "config tokenizer", A: "char", B: "bpe" });
        Assert.Contains(report.Differences, difference => difference is { What: "tokenizer", DecidesBits: true });
        Assert.Contains(report.Causes, cause => cause is { Name: "another tokenizer", IsConfirmed: true });
    }

    /// <summary>Runs that began from the same weights, with other ids for the same text.</summary>
    [Fact]
    public void AnotherTokenizerOfTheModelThatTrainingBeganFrom()
    {
        string first = TinyFolder.Write(_folder, "gpt2", "first"), second = TinyFolder.Write(_folder, "gpt2", "second");
        File.WriteAllBytes(Path.Combine(second, "tokenizer.json"), CharacterTrainer.Train([TinyFolder.Text + "#"]).ToJson());
        File.WriteAllText(_folder["text"], TinyFolder.Text);
        List<KeyValuePair<string, JsonNode?>> settings =
            [new("n_positions", 8), new("batch_size", 2), new("steps", 2), new("eval_every", 0), new("sample_every", 0), new("warmup_steps", 0)];
        foreach ((string name, string from) in new[] { ("a", first), ("b", second) })
        {
            Trainer.Run(new TrainingRequest(_folder[name], [_folder["text"]], Overrides: settings, From: from), null, default);
        }

        DiffReport report = Find(_folder["a"], _folder["b"]);
        Assert.Equal(("tokenizer", true), (Assert.Single(report.Differences).What, report.Differences[0].DecidesBits));
        Assert.Equal(("another tokenizer", true), (Assert.Single(report.Causes).Name, report.Causes[0].IsConfirmed));
        Assert.Equal(("embedding", "transformer.wte"), (report.Place!.Operation, report.Place.Module));
    }

    [Fact]
    public void AnotherCodeDigest()
    {
        string a = Write("a", Config), b = Write("b", Config), path = Path.Combine(b, RunManifest.FileName);
        RunManifest manifest = RunManifest.Decode(File.ReadAllBytes(path), path);
        File.WriteAllBytes(path, (manifest with { Environment = manifest.Environment with { CodeDigest = "sha256:another" } }).Encode());
        DiffReport report = Find(a, b);
        Assert.Equal(new Difference("code", manifest.Environment.CodeDigest, "sha256:another", DecidesBits: false), Assert.Single(report.Differences));
        Assert.True(report.IsEqual);
    }

    [Fact]
    public void AnotherArithmeticIsNamedAndTwoAlikeAreNotCalledEqual()
    {
        string a = Write("a", Config), b = Write("b", Config);
        Assert.Null(RunDifference.OfOtherArithmetic(a, b));
        Foreign(b, "idem-0");
        DiffReport report = RunDifference.OfOtherArithmetic(a, b)!;
        Assert.Equal(new Difference("arithmetic", ArithmeticVersion.Name, "idem-0"), Assert.Single(report.Differences));
        Assert.False(report.IsEqual);

        // Neither can be read, so nothing was compared.
        Foreign(a, "idem-0");
        Assert.Null(RunDifference.OfOtherArithmetic(a, b));
        Assert.Contains("arithmetic 'idem-0'", Assert.Throws<CorruptFileException>(() => Find(a, b)).Message, StringComparison.Ordinal);
        Foreign(a, "idem-2");
        Assert.Equal(new Difference("arithmetic", "idem-2", "idem-0"), Assert.Single(RunDifference.OfOtherArithmetic(a, b)!.Differences));
    }

    [Fact]
    public void ARunThatEndsEarlierIsEqualAsFarAsItGoes()
    {
        string a = Write("a", Config), b = Write("b", Config);
        Assert.False(Find(a, b).Steps!.AreUnequal);
        Cut(b, 3);
        DiffReport report = Find(a, b);
        Assert.True(report.IsEqual);
        Assert.Equal((new DiffSteps(4, 3), 3), (report.Steps, report.Steps!.Common));
        Assert.True(report.Steps.AreUnequal);
    }

    /// <summary>Each side's data is looked for in a place of its own.</summary>
    [Fact]
    public void TheSecondRunsDataMayBeElsewhere()
    {
        string a = Write("a", Config);
        Directory.CreateDirectory(_folder["there"]);
        string[] there = [.. _data.Select(file => Path.Combine(_folder["there"], Path.GetFileName(file)))];
        foreach ((string from, string to) in _data.Zip(there))
        {
            File.Copy(from, to);
        }

        string b = InjectedRun.Write(_folder, "b", Config with { Seed = 12 }, there, new Injection());
        Directory.Move(_folder["there"], _folder["moved"]);
        string[] moved = [.. _data.Select(file => Path.Combine(_folder["moved"], Path.GetFileName(file)))];
        DiffReport lost = Find(a, b);
        Assert.Empty(lost.Causes);
        Assert.Contains(lost.Notes, note => note.StartsWith("b cannot be re-executed: ", StringComparison.Ordinal));
        DiffReport found = Find(a, b, moved);
        Assert.Equal(("another seed", true), (Assert.Single(found.Causes).Name, found.Causes[0].IsConfirmed));

        // Other data in that place is not the run's.
        File.AppendAllText(moved[0], "more");
        Assert.Contains(Find(a, b, moved).Notes, note => note.Contains("the data is not what", StringComparison.Ordinal));
    }

    private string Write(string name, TrainConfig config) => InjectedRun.Write(_folder, name, config, _data, new Injection());

    private static void Cut(string run, int lines)
    {
        string ledger = Path.Combine(run, "ledger.jsonl");
        File.WriteAllText(ledger, string.Concat(File.ReadLines(ledger).Take(lines).Select(line => line + "\n")));
        Directory.Delete(Path.Combine(run, "checkpoints", "step-00000004"), recursive: true);
    }

    private static void Foreign(string run, string arithmetic)
    {
        string path = Path.Combine(run, RunManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        manifest["arithmetic"] = arithmetic;
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private static DiffReport Find(string a, string b, string[]? dataB = null) => RunDifference.Find(
        RunFolder.Open(DiskFileSystem.Instance, a), RunFolder.Open(DiskFileSystem.Instance, b), null, dataB, new Compute(SimdPaths.Widest, 2), null, default);
}
