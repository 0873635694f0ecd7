using System.Text.Json.Nodes;
using Idem.Tests.Support;

namespace Idem.Tests.Cli;

/// <summary>What verify accepts, and that a changed bit anywhere in a run is found and named.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _run;

    public VerifyTests()
    {
        _run = _folder["run"];
        IdemProcess.Outcome outcome = IdemProcess.Run(
            "train", "--data", "demo:", "--out", _run, "--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "4",
            "--steps", "12", "--checkpoint-every", "4", "--eval-every", "6", "--eval-windows", "2", "--warmup-steps", "2", "--sample-every", "0");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ASoundRunIsEqual()
    {
        foreach ((int steps, string level, string[] arguments) in new (int, string, string[])[]
        {
            (12, "full", []), (12, "full", ["--full"]), (0, "ledger", ["--ledger"]), (8, "sample", ["--sample", "2", "--seed", "5", "--threads", "3", "--simd", "scalar"]),
        })
        {
            IdemProcess.Outcome outcome = IdemProcess.Run(["verify", _run, .. arguments, "--json"]);
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.True((bool)outcome.LastJson["equal"]!);
            Assert.Equal(level, (string)outcome.LastJson["level"]!);
            Assert.Equal(steps, (int)outcome.LastJson["steps_executed"]!);
            Assert.Equal(steps, outcome.LastJson["segments"]!.AsArray().Sum(segment => (int)segment!["steps"]!));
        }
    }

    [Fact]
    public void TheTableHasALineForEachSegment()
    {
        IdemProcess.Outcome outcome = IdemProcess.Run("verify", _run);
        foreach (string line in new[] { "1..4 ", "5..8 ", "9..12 " })
        {
            Assert.Contains(outcome.Output.Split('\n'), text => text.StartsWith(line, StringComparison.Ordinal) && text.Contains("equal", StringComparison.Ordinal));
        }

        Assert.Contains("all 12 steps re-executed", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("nothing was re-executed", IdemProcess.Run("verify", _run, "--ledger").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void LevelsExcludeEachOther()
    {
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run, "--ledger", "--full"), 2, "use one of --ledger, --sample and --full");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run, "--sample", "1", "--full"), 2, "use one of");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run, "--seed", "1"), 2, "--sample");
    }

    /// <summary>A final checkpoint alone is no claim to a run: the ledger must be there, and reach to it.</summary>
    [Fact]
    public void CheckpointsWithoutTheirLedgerAreRefused()
    {
        string ledger = Path.Combine(_run, "ledger.jsonl");
        string[] lines = File.ReadAllLines(ledger);
        foreach (int kept in new[] { 0, 3, 11 })
        {
            File.WriteAllText(ledger, string.Concat(lines.Take(kept).Select(line => line + "\n")));
            ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run, "--ledger"), 4, $"ledger.jsonl: ends after line {kept}");
        }

        File.Delete(ledger);
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run), 4, "ledger.jsonl: is missing");
    }

    [Fact]
    public void AChangedByteIsFoundAndItsFileNamed()
    {
        Random random = new(7);
        foreach (string file in Directory.EnumerateFiles(_run, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("timing.jsonl", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            byte[] content = File.ReadAllBytes(file);
            int offset = random.Next(content.Length);
            byte[] changed = [.. content];
            changed[offset] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, changed);
            IdemProcess.Outcome outcome = IdemProcess.Run("verify", _run, "--ledger");
            Assert.True(outcome.ExitCode is 3 or 4, $"{file}, byte {offset}: {outcome}");
            string name = Path.GetFileName(file);
            Assert.True(outcome.Error.Contains(name, StringComparison.Ordinal), $"{file}, byte {offset}: {outcome}");
            File.WriteAllBytes(file, content);
        }
    }

    /// <summary>A forger who recomputes every hash of the chain is found by re-execution, at the step and quantity that was changed.</summary>
    [Fact]
    public void AForgedChainIsAMismatch()
    {
        Idem.Training.RunFolder run = Idem.Training.RunFolder.Open(Idem.Formats.DiskFileSystem.Instance, _run);
        List<Idem.Audit.LedgerEntry> entries = [.. Idem.Audit.Ledger.Read(Idem.Formats.DiskFileSystem.Instance, run.LedgerPath, run.Manifest.Genesis)];
        Directory.Delete(Path.Combine(_run, "checkpoints"), recursive: true);
        File.Delete(run.LedgerPath);
        using (Idem.Audit.LedgerWriter writer = Idem.Audit.LedgerWriter.Create(Idem.Formats.DiskFileSystem.Instance, run.LedgerPath, run.Manifest.Genesis))
        {
            foreach (Idem.Audit.LedgerEntry entry in entries)
            {
                float loss = (float)entry.Record.Loss.Value;
                writer.Append(entry.Record.Step == 7
                    ? entry.Record with { Loss = Idem.Audit.LedgerNumber.Of(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(loss) ^ 1)) }
                    : entry.Record);
            }

            writer.Commit();
        }

        IdemProcess.Outcome outcome = IdemProcess.Run("verify", _run);
        ExitCodeTests.AssertFailure(outcome, 3, "step 7: loss");
    }

    [Fact]
    public void OtherDataIsNamed()
    {
        File.WriteAllText(_folder["other.txt"], string.Concat(Enumerable.Repeat("another text altogether\n", 100)));
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _run, "--data", _folder["other.txt"]), 1, "the data is not what");
    }

    [Fact]
    public void TheDigestOfARunIsThatOfItsNewestModel()
    {
        string whole = (string)IdemProcess.Run("digest", _run, "--json").LastJson["digest"]!;
        JsonNode model = IdemProcess.Run("digest", Path.Combine(_run, "checkpoints", "step-00000012"), "--json").LastJson;
        Assert.Equal(whole, (string)model["digest"]!);
        Assert.NotEmpty(model["tensors"]!.AsArray());
        string file = Path.Combine(_run, "checkpoints", "step-00000012", "model.safetensors");
        Assert.Equal(whole, (string)IdemProcess.Run("digest", file, "--json").LastJson["digest"]!);
        Assert.NotEqual(whole, (string)IdemProcess.Run("digest", Path.Combine(_run, "checkpoints", "step-00000008"), "--json").LastJson["digest"]!);
    }
}
