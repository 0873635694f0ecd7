using Idem.Tracing;

namespace Idem.Tests.Cli;

/// <summary>--trace on train and generate, as a person uses it.</summary>
public sealed class TraceVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TrainAndGenerateWriteTraces()
    {
        string run = _folder["run"], trained = Path.Combine(run, "train.trace"), generated = _folder["generate.trace"];
        Check(0, "train", "--data", "demo:", "--out", run, "--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "4", "--steps", "3",
            "--eval-every", "0", "--sample-every", "0", "--trace", trained, "--trace-steps", "2-3", "--trace-tensors", "transformer.h.0.attn.*");
        using (TraceFile trace = TraceFile.Open(trained))
        {
            Assert.Equal([2L, 3L], trace.Records.Select(record => record.Step).Distinct());
            for (int i = 0; i < trace.Records.Count; i++)
            {
                Assert.Equal(trace.Records[i].Module.StartsWith("transformer.h.0.attn.", StringComparison.Ordinal), trace.Tensor(i) is not null);
            }
        }

        IdemProcess.Outcome plain = Check(0, "generate", run, "--ids", "1,2,3", "--max-tokens", "4", "--seed", "1", "--json");
        IdemProcess.Outcome traced = Check(0, "generate", run, "--ids", "1,2,3", "--max-tokens", "4", "--seed", "1", "--json", "--trace", generated);
        Assert.Equal(plain.LastJson["logits_digest"]!.ToJsonString(), traced.LastJson["logits_digest"]!.ToJsonString());
        using TraceFile passes = TraceFile.Open(generated);
        Assert.Equal([1L, 2L, 3L, 4L], passes.Records.Select(record => record.Step).Distinct());
        Assert.Equal(4, passes.Records.Count(record => record.Module == "lm_head"));

        Check(2, "generate", run, "--trace-steps", "1");
        Check(2, "generate", run, "--trace", generated, "--trace-steps", "0");
        Check(1, "generate", run, "--trace", Path.Combine(_folder["absent"], "file"));
    }

    private static IdemProcess.Outcome Check(int exitCode, params string[] arguments)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(arguments);
        Assert.True(outcome.ExitCode == exitCode, outcome.ToString());
        Assert.True(exitCode == 0 || outcome.Error.TrimEnd().Split('\n').Length == 1, outcome.ToString());
        return outcome;
    }
}
