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

    private const string PinnedDigests = """
        sgd cb5cb99f5b4ba9ec
        sgd-decay-maximize 793c6ffb8913ee1f
        sgd-momentum c09c1d430cfd2f0e
        sgd-nesterov c1ad80cb7e4a7764
        sgd-decay-below-float32 7a2c332ba1718880
        adam 24201856d7e737e6
        adam-decay-amsgrad 1543fa06b9385418
        adam-eps-0 2f514971fb966261
        adamw 6165cb20942bf17c
        adamw-amsgrad e4726842a0871cb5
        adadelta bc5c3f8b16cd9418
        adadelta-decay 762cad981e01e9c8
        adagrad b840c8f61e961cdc
        adagrad-full b61e9d448131e33d
        adamax 640cc7ab95eae5e5
        adamax-decay 1e9234114425b410
        nadam d1869cc1183dac42
        nadam-decay-2.x e73cfac773e8c645
        radam 25e86ea4fb1951a5
        radam-decay-rectified 4f83b1dc6d04f5a1
        rmsprop 21f6d2e702f42c32
        rmsprop-centered 180cf87353b3396e
        rmsprop-momentum d46659a5aaafa4aa
        rmsprop-centered-momentum 9c7fcb99493246b0
        """;

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

    /// <summary>The definitions themselves are pinned: a change of both a definition and its fast form is noticed here.</summary>
    [Fact]
    public void TheDefinitionsKeepTheirBits()
    {
        string digests = string.Join('\n', Cases.Select(item => $"{item.Name} {DigestOfDefinition(item.Case):x16}"));
        Assert.True(PinnedDigests == digests, $"the definitions give\n{digests}");
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

    /// <summary>FNV-1a over the bits of 1000 elements and their state after 7 steps, NaN as 7fc00000.</summary>
    private static ulong DigestOfDefinition(OptimizerCase optimizer)
    {
        float[] parameter = OddValues(1000, 1);
        float[][] state = optimizer.NewState<float>(parameter.Length);
        for (int step = 1; step <= 7; step++)
        {
            optimizer.Step(0.01, step, parameter, OddValues(parameter.Length, 100 + step), state);
        }

        ulong hash = 0xcbf29ce484222325;
        foreach (float value in parameter.Concat(state.SelectMany(values => values)))
        {
            hash = (hash ^ (float.IsNaN(value) ? 0x7fc00000u : BitConverter.SingleToUInt32Bits(value))) * 0x100000001b3;
        }

        return hash;
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
