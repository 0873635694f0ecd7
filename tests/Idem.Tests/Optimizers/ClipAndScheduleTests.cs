// Gradient clipping over several parameters, and schedules against the formulas of nanoGPT and Hugging Face.

using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;
using Idem.Optimizers;

namespace Idem.Tests.Optimizers;

public class ClipAndScheduleTests
{
    [Fact]
    public void TheNormIsOfAllGradientsInOrderOfNames()
    {
        // Sums of squares 1, 2^-53, 2^-53: left to right they stay 1, from the right they do not.
        float tiny = MathF.ScaleB(1, -26) * MathF.Sqrt(0.5f);
        IParameter[] parameters = [Parameter("a", 1f), Parameter("b", tiny), Parameter("c", tiny)];
        double norm = new GradientClipper(parameters).Norm();
        Assert.Equal(Bits(norm), Bits(new GradientClipper(parameters.Reverse()).Norm()));
        Assert.Equal(5.0, new GradientClipper([Parameter("x", 3f), Parameter("y", 4f)]).Norm());
    }

    /// <summary>Some tensors fill a thread, one is longer than a thread's share, some have no gradient: the sum of the reference's sums, in order of names.</summary>
    [Fact]
    public void TheNormIsTheSameOnEveryPathAndNumberOfThreads()
    {
        Random random = new(9);
        float[][] gradients = [.. new[] { 40_000, 7, 0, 3_000, 33, 0, 900 }.Select(length => Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f).ToArray())];
        IParameter[] parameters = [.. gradients.Select((gradient, i) => new MemoryParameter($"p{i}", new float[Math.Max(gradient.Length, 1)], gradient))];
        double expected = GradientClip.TotalNorm([.. gradients.Where(gradient => gradient.Length > 0).Select(gradient => Lanes.Reference.SumOfSquaresInDouble(gradient))]);
        foreach (SimdPath path in SimdPaths.All)
        {
            foreach (int threads in new[] { 1, 2, 3, 7 })
            {
                GradientClipper clipper = new(parameters, new Compute(path, threads));
                Assert.Equal(Bits(expected), Bits(clipper.Norm()));
                Assert.Equal(Bits(expected), Bits(clipper.Norm()));
            }
        }
    }

    [Fact]
    public void ClippingScalesOnlyWhatIsTooLong()
    {
        IParameter[] parameters = [Parameter("x", 3f), Parameter("y", -4f), new MemoryParameter("none", new float[2], Memory<float>.Empty)];
        GradientClipper clipper = new(parameters);
        Assert.Equal(5.0, clipper.ClipNorm(10));
        Assert.Equal((3f, -4f), (parameters[0].Gradient[0], parameters[1].Gradient[0]));
        Assert.Equal(5.0, clipper.ClipNorm(1));
        float coefficient = (float)(1 / (5 + 1e-6));
        Assert.Equal((3f * coefficient, -4f * coefficient), (parameters[0].Gradient[0], parameters[1].Gradient[0]));
        clipper.ClipValue(0.7);
        Assert.Equal((3f * coefficient, -0.7f), (parameters[0].Gradient[0], parameters[1].Gradient[0]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void ANonFiniteGradientIsNamedAndNothingChanges(float bad)
    {
        IParameter[] parameters = [Parameter("fine", 100f), Parameter("h.3.bad", bad)];
        NonFiniteGradientException exception = Assert.Throws<NonFiniteGradientException>(() => new GradientClipper(parameters).ClipNorm(1));
        Assert.Equal("h.3.bad", exception.ParameterName);
        Assert.Equal(100f, parameters[0].Gradient[0]);
        Assert.Equal(float.MaxValue * Math.Sqrt(2), new GradientClipper([Parameter("x", float.MaxValue), Parameter("y", float.MaxValue)]).Norm(), 1e25);
    }

    [Fact]
    public void NanoGptsCosine()
    {
        const double Peak = 6e-4, Minimum = 6e-5;
        const int Warmup = 100, Decay = 1000;
        WarmupSchedule schedule = new(Warmup, new CosineSchedule(Peak, Minimum, Decay - Warmup), WarmupStart.AboveZero);
        for (int step = 0; step < 1200; step++)
        {
            double expected = step < Warmup ? Peak * (step + 1) / (Warmup + 1)
                : step > Decay ? Minimum
                : Minimum + (0.5 * (1 + Math.Cos(Math.PI * (step - Warmup) / (Decay - Warmup))) * (Peak - Minimum));
            Assert.Equal(expected, schedule.LearningRate(step), 1e-15);
        }

        Assert.Equal(Peak, schedule.LearningRate(Warmup));
        Assert.Equal(Minimum, schedule.LearningRate(Decay));
        Assert.Equal(Minimum, schedule.LearningRate(long.MaxValue));
    }

    [Fact]
    public void HuggingFacesLinearConstantAndCosine()
    {
        const double Peak = 5e-5;
        const int Warmup = 10, Total = 50;
        WarmupSchedule linear = new(Warmup, new LinearSchedule(Peak, 0, Total - Warmup));
        WarmupSchedule cosine = new(Warmup, new CosineSchedule(Peak, 0, Total - Warmup));
        WarmupSchedule constant = new(Warmup, new ConstantSchedule(Peak));
        for (int step = 0; step < 70; step++)
        {
            double up = (double)step / Warmup, progress = (double)(step - Warmup) / (Total - Warmup);
            Assert.Equal(Peak * (step < Warmup ? up : Math.Max(0, (double)(Total - step) / (Total - Warmup))), linear.LearningRate(step), 1e-19);
            Assert.Equal(Peak * (step < Warmup ? up : 1), constant.LearningRate(step), 1e-19);
            double half = progress >= 1 ? 0 : 0.5 * (1 + Math.Cos(Math.PI * progress)); // a run ends at Total; the schedule stays at its minimum
            Assert.Equal(Peak * (step < Warmup ? up : half), cosine.LearningRate(step), 1e-19);
        }

        Assert.Equal(0.0, linear.LearningRate(0));
    }

    [Fact]
    public void StepsAndCosineAnnealing()
    {
        StepSchedule steps = new(0.8, 3, 0.5);
        Assert.Equal([0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2], Enumerable.Range(0, 7).Select(step => steps.LearningRate(step)));
        CosineAnnealingSchedule annealing = new(0.05, 20, 0.001);
        Assert.Equal(0.05, annealing.LearningRate(0));
        Assert.Equal(0.001, annealing.LearningRate(20), 1e-18);
        Assert.Equal(0.05, annealing.LearningRate(40), 1e-16);
    }

    [Fact]
    public void ScalarFunctionsAreWithinTwoUlps()
    {
        for (int i = 0; i <= 4000; i++)
        {
            double r = i / 1000.0, x = i * 0.37;
            Assert.Equal(Math.Cos(Math.PI * r), OptimizerScalars.CosPi(r), 1.5e-15); // the oracle's own argument is rounded
            Assert.Equal(1, OptimizerScalars.Power096(x) / Math.Pow(0.96, x), 4.5e-16);
            Assert.Equal(1, OptimizerScalars.Power(0.999, i) / Math.Pow(0.999, i), 1e-12);
        }

        Assert.Equal([1, 0, -1, 0, 1, 0, -1], Enumerable.Range(0, 7).Select(i => OptimizerScalars.CosPi(i / 2.0) + 0.0));
        Assert.Equal((1.0, 0.96, 0.0), (OptimizerScalars.Power096(0), OptimizerScalars.Power096(1), OptimizerScalars.Power096(1e6)));
    }

    [Fact]
    public void ScheduleMistakesAreNamed()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearSchedule(0.1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(-0.1, 0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmupSchedule(-1, new ConstantSchedule(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantSchedule(1).LearningRate(-1));
    }

    private static MemoryParameter Parameter(string name, float gradient) => new(name, new float[1], new[] { gradient });

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
