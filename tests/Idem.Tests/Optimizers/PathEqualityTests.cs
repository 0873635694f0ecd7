// The fast optimizer steps equal the scalar definition by encoding: every path, thread count, and length around vectors and blocks,
// on signed zeros, subnormals, huge and tiny values, infinities and NaN, and without touching a float beside their buffers.

using Idem.Numerics.Kernels;
using Idem.Optimizers;

namespace Idem.Tests.Optimizers;

public class PathEqualityTests
{
    private const int Guard = 16;
    private const float Poison = 12345.678f;
    private const int Block = 1 << 14; // the least that KernelLoop hands to another thread

    private static readonly (string Name, OptimizerCase Case)[] Cases =
    [
        ("sgd", OptimizerCase.Sgd(0.05, 0, 0, 0, false, false)),
        ("sgd-decay-maximize", OptimizerCase.Sgd(0.05, 0, 0, 0.1, false, true)),
        ("sgd-momentum", OptimizerCase.Sgd(0.05, 0.9, 0.3, 0.1, false, false)),
        ("sgd-nesterov", OptimizerCase.Sgd(0.05, 0.9, 0, 0, true, true)),
        ("sgd-decay-below-float32", OptimizerCase.Sgd(0.05, 1e-60, 0, 1e-60, false, false)),
        ("adam", OptimizerCase.Adam(false, 0.01, (0.9, 0.999), 1e-8, 0, false, false)),
        ("adam-decay-amsgrad", OptimizerCase.Adam(false, 0.01, (0.8, 0.95), 1e-6, 0.1, true, true)),
        ("adam-eps-0", OptimizerCase.Adam(false, 0.01, (0, 0), 0, 0, false, false)),
        ("adamw", OptimizerCase.Adam(true, 6e-4, (0.9, 0.95), 1e-8, 0.1, false, false)),
        ("adamw-amsgrad", OptimizerCase.Adam(true, 0.01, (0.9, 0.999), 1e-8, 0.01, true, true)),
        ("adadelta", OptimizerCase.Adadelta(0.5, 0.9, 1e-6, 0, false)),
        ("adadelta-decay", OptimizerCase.Adadelta(0.5, 0.7, 1e-6, 0.1, true)),
        ("adagrad", OptimizerCase.Adagrad(0.05, 0, 0, 0, 1e-10, false)),
        ("adagrad-full", OptimizerCase.Adagrad(0.05, 0.01, 0.01, 0.1, 1e-10, true)),
        ("adamax", OptimizerCase.Adamax(0.01, (0.9, 0.999), 1e-8, 0, false)),
        ("adamax-decay", OptimizerCase.Adamax(0.01, (0.5, 0.9), 0, 0.1, true)),
        ("nadam", OptimizerCase.NAdam(0.01, (0.9, 0.999), 1e-8, 0, 4e-3)),
        ("nadam-decay-2.x", OptimizerCase.NAdam(0.01, (0.8, 0.9), 1e-8, 0.1, 1e-2, repeat: false)),
        ("radam", OptimizerCase.RAdam(0.01, (0.9, 0.999), 1e-8, 0)),
        ("radam-decay-rectified", OptimizerCase.RAdam(0.01, (0.8, 0.5), 1e-8, 0.1)),
        ("rmsprop", OptimizerCase.RmsProp(0.01, 0.99, 1e-8, 0, 0, false, false)),
        ("rmsprop-centered", OptimizerCase.RmsProp(0.01, 0.9, 1e-8, 0.1, 0, true, true)),
        ("rmsprop-momentum", OptimizerCase.RmsProp(0.01, 0.9, 1e-8, 0, 0.9, false, false)),
        ("rmsprop-centered-momentum", OptimizerCase.RmsProp(0.01, 0.99, 1e-8, 0.01, 0.9, true, false)),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryPathAndThreadCountIsTheDefinition(string name)
    {
        OptimizerCase optimizer = Cases.Single(item => item.Name == name).Case;
        foreach (int length in (int[])[0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100])
        {
            Check(optimizer, length, 3, [1]);
        }

        Check(optimizer, Block - 1, 2, [2]);
        Check(optimizer, Block + 1, 2, [3]);
        Check(optimizer, (2 * Block) + 21, 2, [1, 2, 3, 7]);
    }

    [Fact]
    public void ClippingIsTheDefinition()
    {
        foreach (int length in (int[])[0, 1, 7, 8, 9, 33, Block + 5])
        {
            float[] values = OddValues(length, 5);
            foreach ((SimdPath path, int threads) in Everywhere([1, 3]))
            {
                foreach (double factor in (double[])[0.3, 1, 0])
                {
                    (float[] fast, float[] slow) = ([.. values], [.. values]);
                    GradientClip.Scale(new Compute(path, threads), fast, factor);
                    OptimizerReference.Scale<float>(slow, factor);
                    AssertSame(slow, fast, $"scale {factor} {path}");
                    (fast, slow) = ([.. values], [.. values]);
                    GradientClip.Clamp(new Compute(path, threads), fast, factor);
                    OptimizerReference.Clamp<float>(slow, factor);
                    AssertSame(slow, fast, $"clamp {factor} {path}");
                }
            }
        }
    }

    private static void Check(OptimizerCase optimizer, int length, int steps, int[] threadCounts)
    {
        float[] initial = OddValues(length, 1);
        float[][] gradients = [.. Enumerable.Range(0, steps).Select(step => OddValues(length, 100 + step))];
        float[] expected = [.. initial];
        float[][] expectedState = optimizer.NewState<float>(length);
        for (int step = 0; step < steps; step++)
        {
            optimizer.Step(0.01 + step, step + 1, expected, gradients[step], expectedState);
        }

        foreach ((SimdPath path, int threads) in Everywhere(threadCounts))
        {
            float[] data = new float[length + (2 * Guard)];
            Array.Fill(data, Poison);
            initial.CopyTo(data, Guard);
            float[] gradient = new float[length];
            MemoryParameter parameter = new("w", data.AsMemory(Guard, length), gradient);
            Optimizer fast = optimizer.Create([new ParameterGroup([parameter])], new Compute(path, threads));
            for (int step = 0; step < steps; step++)
            {
                gradients[step].CopyTo(gradient, 0);
                fast.SetLearningRate(0.01 + step);
                fast.Step();
            }

            string where = $"length {length}, path {path}, threads {threads}";
            AssertSame(expected, data.AsSpan(Guard, length), where);
            Assert.All(data.Take(Guard).Concat(data.TakeLast(Guard)), value => Assert.Equal(Poison, value));
            if (length > 0)
            {
                Assert.Equal(gradients[^1].Select(BitConverter.SingleToUInt32Bits), gradient.Select(BitConverter.SingleToUInt32Bits));
            }

            Assert.Equal(expectedState.Length, fast.State[0].Tensors.Count);
            for (int i = 0; i < expectedState.Length; i++)
            {
                AssertSame(expectedState[i], fast.State[0].Tensors[i].Data, $"{where}, {fast.State[0].Tensors[i].Name}");
            }
        }
    }

    private static IEnumerable<(SimdPath Path, int Threads)> Everywhere(int[] threadCounts) =>
        SimdPaths.All.SelectMany(path => threadCounts.Select(threads => (path, threads)));

    /// <summary>Ordinary values with magnitudes from 2^-30 to 2^10, and every 11th an extreme one.</summary>
    private static float[] OddValues(int length, int seed)
    {
        float[] odd = [0f, -0f, float.Epsilon, -float.Epsilon, 1e-40f, 1.17549435e-38f, 1e-23f, 1e19f, -1e30f, float.MaxValue, float.PositiveInfinity, float.NaN, 1f, -1f];
        Random random = new(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = random.Next(11) == 0
                ? odd[random.Next(odd.Length)]
                : (float)(((random.NextDouble() * 2) - 1) * Math.ScaleB(1, random.Next(-30, 11)));
        }

        return values;
    }

    private static void AssertSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string where)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = BitConverter.SingleToUInt32Bits(expected[i]) == BitConverter.SingleToUInt32Bits(actual[i])
                || (float.IsNaN(expected[i]) && float.IsNaN(actual[i]));
            if (!same)
            {
                Assert.Fail($"{where}: element {i} is {actual[i]:R}, defined as {expected[i]:R}");
            }
        }
    }
}
