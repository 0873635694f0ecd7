using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Tests.Training;
using Idem.Tracing;

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
        JsonNode json = Check(3, a, c, "--json").LastJson;
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

    /// <summary>What was not compared is not called equal: the verdict says how far equality goes, and two runs that cannot be read are refused.</summary>
    [Fact]
    public void TheVerdictSaysWhatWasCompared()
    {
        string a = Train("a", "1"), b = Train("b", "1");
        Assert.Contains("equal, bit for bit", Check(0, a, b).Output, StringComparison.Ordinal);
        string ledger = Path.Combine(b, "ledger.jsonl");
        File.WriteAllText(ledger, string.Concat(File.ReadLines(ledger).Take(2).Select(line => line + "\n")));
        Directory.Delete(Path.Combine(b, "checkpoints", "step-00000003"), recursive: true);
        Assert.Contains("equal as far as both go (2 steps), bit for bit", Check(0, a, b).Output, StringComparison.Ordinal);
        Assert.Equal("""{"a":3,"b":2,"compared":2}""", Check(0, a, b, "--json").LastJson["steps"]!.ToJsonString());

        Foreign(b);
        Assert.Contains("arithmetic", Check(3, a, b).Error, StringComparison.Ordinal);
        Foreign(a);
        Assert.Contains("arithmetic 'idem-0'", Check(4, a, b).Error, StringComparison.Ordinal);

        void Foreign(string run)
        {
            string path = Path.Combine(run, "run.json");
            File.WriteAllText(path, File.ReadAllText(path).Replace("\"arithmetic\": \"idem-1\"", "\"arithmetic\": \"idem-0\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void TheSecondRunsDataIsNamedApart()
    {
        File.WriteAllText(_folder["text"], TinyFolder.Text);
        File.Copy(_folder["text"], _folder["copy"]);
        string a = Train("a", "1", _folder["text"]), b = Train("b", "2", _folder["copy"]);
        File.Move(_folder["copy"], _folder["moved"]);
        Assert.Empty(Check(3, a, b, "--json").LastJson["causes"]!.AsArray());
        Assert.Equal("another seed", (string)Check(3, a, b, "--data-b", _folder["moved"], "--json").LastJson["causes"]![0]!["name"]!);
    }

    /// <summary>A trace beside another framework's outputs, under that framework's names.</summary>
    [Fact]
    public void AMappedTraceIsComparedLayerByLayer()
    {
        string model = TinyFolder.Write(_folder, "gpt2", "model"), trace = _folder["idem.trace"], theirs = _folder["theirs.safetensors"], map = _folder["names.json"];
        Assert.Equal(0, IdemProcess.Run("generate", model, "--ids", "1,2,3", "--max-tokens", "1", "--trace", trace, "--trace-tensors", "*").ExitCode);
        (string Theirs, string Ours)[] names =
            [("embed", "transformer:add"), ("blocks.0.norm", "transformer.h.0.ln_1"), ("blocks.0", "transformer.h.1.ln_1:add"), ("blocks.1.fc", "transformer.h.1.mlp.c_fc"), ("head", "lm_head")];
        names = [.. names.Where(name => Find(name.Ours) is not null)];
        Assert.True(names.Length >= 4);
        File.WriteAllText(map, new JsonObject(names.Select(name => KeyValuePair.Create(name.Theirs, (JsonNode?)JsonValue.Create(name.Ours)))).ToJsonString());
        WriteTheirs(null);
        JsonNode equal = Check(0, trace, theirs, "--map", map, "--json").LastJson;
        Assert.True((bool)equal["equal"]!);
        Assert.Equal(names.Length, equal["tensors"]!.AsArray().Count);
        Assert.All(equal["tensors"]!.AsArray(), tensor => Assert.Equal(0, (long)tensor!["different"]!));

        WriteTheirs("blocks.0");
        JsonNode different = Check(3, trace, theirs, "--map", map, "--json").LastJson;
        Assert.Equal(("transformer.h.1.ln_1", "add"), ((string)different["place"]!["module"]!, (string)different["place"]!["op"]!));
        Assert.Equal(("blocks.0", 1ul), ((string)different["place"]!["tensor"]!["name"]!, (ulong)different["place"]!["tensor"]!["ulp_max"]!));
        Assert.Contains("blocks.0 (forward: add in transformer.h.1.ln_1", Check(3, trace, theirs, "--map", map).Output.Replace("step 1, ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        // Without the map nothing has a counterpart; a map that is none is named.
        Check(4, trace, theirs);
        File.WriteAllText(map, "[]");
        Assert.Contains("is not a map", Check(4, trace, theirs, "--map", map).Error, StringComparison.Ordinal);

        float[]? Find(string place)
        {
            using TraceFile file = TraceFile.Open(trace);
            int found = Enumerable.Range(0, file.Records.Count).LastOrDefault(i => file.Records[i].Module == place || $"{file.Records[i].Module}:{file.Records[i].Operation}" == place, -1);
            return found < 0 ? null : file.Tensor(found)!.Values<float>().ToArray();
        }

        void WriteTheirs(string? changed)
        {
            using FileStream stream = File.Create(theirs);
            SafeTensorsWriter.Write(stream, [.. names.Select(name =>
            {
                float[] values = Find(name.Ours)!;
                values[2] = name.Theirs == changed ? MathF.BitIncrement(values[2]) : values[2];
                return NamedTensor.Of(name.Theirs, [values.Length], values);
            })]);
        }
    }

    /// <summary>A checkpoint beside a model that is none: the models are compared, and the report says what was not.</summary>
    [Fact]
    public void OptimizerStatesAreComparedOnlyWhereBothHaveThem()
    {
        string checkpoint = Path.Combine(Train("a", "1"), "checkpoints", "step-00000003");
        Assert.Equal(0, IdemProcess.Run("convert", checkpoint, _folder["model"]).ExitCode);
        Assert.Contains("only a is a checkpoint", Check(0, checkpoint, _folder["model"]).Output, StringComparison.Ordinal);
    }

    private string Train(string name, string seed, string data = "demo:")
    {
        string run = _folder[name];
        IdemProcess.Outcome outcome = IdemProcess.Run(
            "train", "--data", data, "--out", run, "--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "4", "--steps", "3",
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
