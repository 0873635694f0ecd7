using Idem.Benchmarks;
using Idem.Numerics;

namespace Idem.Tests.Benchmarks;

/// <summary>What is measured is what is promised: the timed steps have one digest, and their operations are counted right.</summary>
public class TrainingCaseTests
{
    /// <summary>Of the weights of <c>tiny</c> after the step that <c>idem bench</c> shows the digest of, on every machine.</summary>
    private const string Published = "sha256:d571bf88a096962c69c641589d335cd84e4221ae104a23aed689958fcb824b47";

    [Theory]
    [InlineData(SimdPath.Scalar, 3)]
    [InlineData(SimdPath.Vector128, 1)]
    [InlineData(SimdPath.Vector256, 2)]
    [InlineData(SimdPath.Vector512, 2)]
    public void TheMeasuredStepsHaveOneDigest(SimdPath path, int threads)
    {
        Compute before = Compute.Current;
        Compute compute = new(path, threads);
        Compute.Current = compute;
        try
        {
            TrainingSteps steps = Assert.Single(TrainingCase.Get("tiny")).Begin(compute);
            Assert.InRange(steps.ParameterCount, 950_000, 960_000);
            for (int step = 0; step < Benchmark.DigestStep; step++)
            {
                steps.Step();
            }

            Assert.Equal(Published, steps.ModelDigest().ToString());
        }
        finally
        {
            Compute.Current = before;
        }
    }

    [Fact]
    public void OperationsAreThoseOfTheProductsAndOfTheKeysPresent()
    {
        // A block: qkv 128x384, projection 128x128, MLP 128x512 and 512x128; the head 128x1200. Attention: (T + 1) / 2 keys a query
        // on average, a multiply-add for score and value each, on 128 elements of all heads.
        double weights = (4 * ((128 * 384) + (128 * 128) + (2 * 128 * 512))) + (128 * 1200);
        double attention = 4 * 2 * 2 * 128 * (65 / 2.0);
        Assert.Equal(16 * 64 * 3 * ((2 * weights) + attention), TrainingCase.Tiny(16, 64).FlopsPerStep);
    }

    [Fact]
    public void ProbesCountWhatTheyDo()
    {
        Compute compute = new(SimdPath.Vector256, 2);
        Assert.Equal(2.0 * 8 * 14 * 1000 * 2, MachineProbe.MultiplyAdd(compute, 1000));
        Assert.Equal(4 * 64 * 2 * 7, MachineProbe.Read(compute, new float[(64 * 2 * 7) + 5]));
        Assert.Equal(0, MachineProbe.Read(compute, new float[3]));
    }

    [Fact]
    public void AFallOfThePeakIsSeen()
    {
        PeakProbe probe = new(new Compute(SimdPath.Scalar, 1));
        probe.Measure();
        Assert.False(probe.IsDisturbed(probe.Best * 0.95, probe.Best));
        Assert.True(probe.IsDisturbed(probe.Best * 0.85, probe.Best));
        Assert.True(probe.IsDisturbed(probe.Best, probe.Best * 0.85));
        Assert.False(probe.IsDisturbed(probe.Best * 0.85, probe.Best * 0.85));
        Assert.True(probe.IsDisturbed(probe.Best * 0.75, probe.Best * 0.75));
    }
}
