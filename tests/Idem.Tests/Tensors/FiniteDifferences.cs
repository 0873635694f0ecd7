// Gradients against central differences of a double-precision forward: a foreign oracle, so with a tolerance.

using Idem.Tensors;

namespace Idem.Tests.Tensors;

internal static class FiniteDifferences
{
    private const double Step = 1e-5;
    private const double Tolerance = 3e-5;

    /// <summary>Deterministic values in about [-1.5, 1.5], none near 0 and no two equal.</summary>
    public static float[] Values(int count, int salt)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            uint bits = unchecked((((uint)i * 2654435761u) + ((uint)salt * 40503u)) * 2246822519u);
            float magnitude = 0.1f + ((bits >> 9) % 1400 * 0.001f);
            values[i] = (bits & 1) == 0 ? magnitude : -magnitude;
        }

        return values;
    }

    /// <summary>
    /// Checks d(sum_i w_i y_i)/dx for every element of every input, w fixed and all different.
    /// </summary>
    public static void Check(Shape[] shapes, Func<Tensor[], Tensor> forward, Func<double[][], double[]> reference, bool positive = false)
    {
        var inputs = new Tensor[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            float[] values = Values(shapes[i].Length, i + 1);
            inputs[i] = Tensor.From(positive ? Array.ConvertAll(values, Math.Abs) : values, shapes[i]).RequireGrad();
        }

        Tensor y = forward(inputs);
        float[] w = Values(y.Length, 77);
        double[][] points = Array.ConvertAll(inputs, t => Array.ConvertAll(t.ToArray(), v => (double)v));
        double[] expected = reference(points);
        Assert.Equal(y.Length, expected.Length);
        float[] actual = y.ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.True(Near(expected[i], actual[i]), $"y[{i}] is {actual[i]}, double gives {expected[i]}");
        }

        (y * Tensor.From(w, y.Shape)).Sum().Backward();
        double Loss() => reference(points).Zip(w, (a, b) => a * b).Sum();
        for (int t = 0; t < inputs.Length; t++)
        {
            float[] gradient = inputs[t].Grad!.ToArray();
            for (int i = 0; i < gradient.Length; i++)
            {
                double at = points[t][i];
                points[t][i] = at + Step;
                double up = Loss();
                points[t][i] = at - Step;
                double down = Loss();
                points[t][i] = at;
                double slope = (up - down) / (2 * Step);
                Assert.True(Near(slope, gradient[i]), $"input {t}, element {i}: gradient {gradient[i]}, differences give {slope}");
            }
        }
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) <= Tolerance * (1 + Math.Abs(expected));
}
