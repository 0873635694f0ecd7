// Every file of the reference data: the scalar definition in float64 within 1e-12 of PyTorch in float64, and the optimizers
// themselves within 1e-6 of PyTorch in float32. Tolerances, because PyTorch is a foreign oracle.

using System.Numerics;
using System.Text.Json;
using Idem.Numerics.Kernels;
using Idem.Optimizers;
using Idem.Tests.Support;

namespace Idem.Tests.Optimizers;

public class TorchReferenceTests
{
    [Fact]
    public void EveryFileAgreesInFloat64() => ForEachFile(file =>
    {
        OptimizerCase optimizer = OptimizerCase.FromTorch(file.Optimizer, new Arguments(file.Args));
        Schedule schedule = file.ParseSchedule();
        double[][] parameters = [.. file.Initial.Select(values => values.Select(value => (double)value).ToArray())];
        double[][] gradients = [.. parameters.Select(values => new double[values.Length])];
        double[][][] state = [.. parameters.Select(values => optimizer.NewState<double>(values.Length))];
        int compared = 0;
        for (int step = 1; step <= file.Steps.Length; step++)
        {
            JsonElement? expected = file.StepsFloat64.Where(element => element.GetProperty("step").GetInt32() == step).Cast<JsonElement?>().FirstOrDefault();
            double loss = TinyModel.Backward(parameters, file.X, file.Y, gradients);
            Clip(file, gradients, expected);
            for (int i = 0; i < parameters.Length; i++)
            {
                optimizer.Step(schedule.LearningRate(step - 1), step, parameters[i], gradients[i], state[i]);
            }

            if (expected is { } values)
            {
                Near(values.GetProperty("loss").GetDouble(), loss, 1e-12, "loss", step);
                compared += Compare(values, parameters, 1e-12, step);
            }
        }

        Assert.True(compared >= 3 * ReferenceFile.Names.Length, "fewer than three steps have float64 parameters");
    });

    [Fact]
    public void EveryFileAgreesInFloat32() => ForEachFile(file =>
    {
        OptimizerCase optimizerCase = OptimizerCase.FromTorch(file.Optimizer, new Arguments(file.Args));
        Schedule schedule = file.ParseSchedule();
        float[][] values = [.. file.Initial.Select(initial => initial.ToArray())];
        float[][] gradients = [.. values.Select(value => new float[value.Length])];
        IParameter[] parameters = [.. values.Select((value, i) => new MemoryParameter(ReferenceFile.Names[i], value, gradients[i]))];
        Optimizer optimizer = optimizerCase.Create([new ParameterGroup(parameters)], Compute.Current);
        GradientClipper clipper = new(parameters);
        for (int step = 1; step <= file.Steps.Length; step++)
        {
            JsonElement expected = file.Steps[step - 1];
            double lr = schedule.LearningRate(step - 1);
            Near(expected.GetProperty("lr").GetDouble(), lr, 1e-15, "lr", step);
            Near(expected.GetProperty("loss").GetDouble(), TinyModel.Backward(values, file.X, file.Y, gradients), 1e-6, "loss", step);
            if (file.ParseClip() is { } clip)
            {
                if (clip.ByNorm)
                {
                    Near(expected.GetProperty("norm_before_clip").GetDouble(), clipper.ClipNorm(clip.Limit), 1e-6, "norm", step);
                }
                else
                {
                    clipper.ClipValue(clip.Limit);
                }
            }

            optimizer.SetLearningRate(lr);
            optimizer.Step();
            double[][] widened = [.. values.Select(value => value.Select(element => (double)element).ToArray())];
            Assert.Equal(ReferenceFile.Names.Length, Compare(expected, widened, 1e-6, step));
        }
    });

    private static void ForEachFile(Action<ReferenceFile> check)
    {
        string[] files = [.. Directory.GetFiles(SharedData.Require("reference/optimizers"), "*.json").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        Assert.Multiple([.. files.Select(name => (Action)(() =>
        {
            try
            {
                check(ReferenceFile.Load(name));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{name}: {exception.Message}", exception);
            }
        }))]);
    }

    private static void Clip(ReferenceFile file, double[][] gradients, JsonElement? expected)
    {
        if (file.ParseClip() is not { } clip)
        {
            return;
        }

        if (!clip.ByNorm)
        {
            Array.ForEach(gradients, gradient => OptimizerReference.Clamp<double>(gradient, clip.Limit));
            return;
        }

        double norm = GradientClip.TotalNorm([.. gradients.Select(gradient => gradient.Sum(value => value * value))]);
        if (expected is { } values)
        {
            Near(values.GetProperty("norm_before_clip").GetDouble(), norm, 1e-12, "norm", 0);
        }

        Array.ForEach(gradients, gradient => OptimizerReference.Scale<double>(gradient, GradientClip.Coefficient(norm, clip.Limit)));
    }

    /// <summary>Compares all parameters where the step lists them; returns how many it lists.</summary>
    private static int Compare(JsonElement step, double[][] parameters, double tolerance, int number)
    {
        if (!step.TryGetProperty("params", out _))
        {
            return 0;
        }

        for (int p = 0; p < parameters.Length; p++)
        {
            double[] expected = ReferenceFile.Params(step, ReferenceFile.Names[p]);
            Assert.Equal(expected.Length, parameters[p].Length);
            for (int i = 0; i < expected.Length; i++)
            {
                Near(expected[i], parameters[p][i], tolerance, $"{ReferenceFile.Names[p]}[{i}]", number);
            }
        }

        return parameters.Length;
    }

    private static void Near(double expected, double actual, double tolerance, string what, int step) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance, $"step {step}, {what}: {actual:R} is {Math.Abs(expected - actual):E2} from {expected:R}");
}
