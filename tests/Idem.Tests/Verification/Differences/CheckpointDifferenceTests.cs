using Idem.Tests.Models;
using Idem.Training;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>Checkpoints are equal only if training goes on from both alike.</summary>
[Collection(typeof(Alone))]
public sealed class CheckpointDifferenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string[] _data;

    public CheckpointDifferenceTests() => _data = InjectedRun.WriteData(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ACheckpointIsEqualToItsLike()
    {
        DiffReport report = Find(Write("a", new Injection()), Write("b", new Injection()), 2);
        Assert.True(report.IsEqual);
        Assert.Empty(report.Differences);
    }

    [Fact]
    public void AnElementOfTheOptimizersStateAloneIsFound()
    {
        Injection changed = new()
        {
            Variant = new TrainingVariant
            {
                AfterUpdate = (step, session) => session.Optimizer.State.First(state => state.Name == "exp_avg").Data[7] += step == 2 ? 1 : 0,
            },
        };
        DiffReport report = Find(Write("a", new Injection()), Write("b", changed), 2);
        Assert.False(report.IsEqual);
        TensorDifference state = Assert.Single(report.Tensors);
        Assert.Equal((1, 7), (state.Different, state.First!.Index[0]));
        Assert.Equal(("optimizer", state.Name), (report.Place!.Phase, report.Place.Result));
        Assert.Equal(("a changed optimizer state", true), (Assert.Single(report.Causes).Name, report.Causes[0].IsConfirmed));
        Assert.Equal(["training state ledger_hash", "training state optimizer_digest"], report.Differences.Select(difference => difference.What));

        // Two steps later the weights differ too, and where their first results do.
        DiffReport later = Find(_folder["a"], _folder["b"], 4);
        Assert.Equal("forward", later.Place!.Phase);
        Assert.Contains(later.Tensors, tensor => tensor.Name.EndsWith(".exp_avg", StringComparison.Ordinal));
        Assert.Contains(later.Notes, note => note.Contains("of the optimizer's states differ as well", StringComparison.Ordinal));
    }

    /// <summary>The same tensors in two runs: what training goes on to is another run's.</summary>
    [Fact]
    public void ThePositionInTheRunIsCompared()
    {
        string a = Write("a", new Injection()), b = InjectedRun.Write(_folder, "b", InjectedRun.Config with { SampleTokens = 3 }, _data, new Injection());
        DiffReport report = Find(a, b, 2);
        Assert.False(report.IsEqual);
        Assert.Empty(report.Tensors);
        Assert.Equal(["training state genesis", "training state ledger_hash"], report.Differences.Select(difference => difference.What));
    }

    private string Write(string name, Injection injection) => InjectedRun.Write(_folder, name, InjectedRun.Config, _data, injection);

    private static DiffReport Find(string a, string b, int step)
    {
        string Checkpoint(string run) => Path.Combine(run, "checkpoints", $"step-{step:D8}");
        Assert.True(CheckpointDifference.IsCheckpoint(Checkpoint(a)));
        return CheckpointDifference.Find(Checkpoint(a), Checkpoint(b), null, default);
    }
}
