// What an optimizer promises beside its arithmetic: groups, state, checkpoints, missing gradients, and that a step allocates nothing.

using System.Globalization;
using System.Text.Json;
using Idem.Optimizers;
using Idem.Tests.Support;

namespace Idem.Tests.Optimizers;

public class OptimizerTests
{
    private static readonly Compute OneThread = new(SimdPath.Vector256, 1);

    private static readonly (string Name, Func<IEnumerable<ParameterGroup>, Optimizer> Create, int StatesPerElement)[] All =
    [
        ("sgd", groups => new Sgd(groups, 0.05, compute: OneThread), 0),
        ("sgd-momentum", groups => new Sgd(groups, 0.05, momentum: 0.9, dampening: 0.1, compute: OneThread), 1),
        ("adam", groups => new Adam(groups, compute: OneThread), 2),
        ("adam-amsgrad", groups => new Adam(groups, amsgrad: true, compute: OneThread), 3),
        ("adamw", groups => new AdamW(groups, compute: OneThread), 2),
        ("adadelta", groups => new Adadelta(groups, compute: OneThread), 2),
        ("adagrad", groups => new Adagrad(groups, lrDecay: 0.1, compute: OneThread), 1),
        ("adamax", groups => new Adamax(groups, compute: OneThread), 2),
        ("nadam", groups => new NAdam(groups, compute: OneThread), 2),
        ("radam", groups => new RAdam(groups, beta2: 0.5, compute: OneThread), 2),
        ("rmsprop", groups => new RmsProp(groups, compute: OneThread), 1),
        ("rmsprop-centered-momentum", groups => new RmsProp(groups, momentum: 0.9, centered: true, compute: OneThread), 3),
    ];

    public static TheoryData<string> Names => [.. All.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ContinuingFromSavedStateAtAnyStepGivesTheSameBits(string name)
    {
        var (_, create, states) = All.Single(item => item.Name == name);
        const int Steps = 6;
        for (int cut = 0; cut <= Steps; cut++)
        {
            Run whole = new(create);
            Run first = new(create);
            whole.Advance(0, Steps);
            first.Advance(0, cut);
            Run second = new(create);
            for (int p = 0; p < first.Parameters.Length; p++)
            {
                first.Parameters[p].Data.CopyTo(second.Parameters[p].Data);
                ParameterState from = first.Optimizer.State[p], to = second.Optimizer.State[p];
                to.Step = from.Step;
                Assert.Equal(states, from.Tensors.Count);
                for (int i = 0; i < from.Tensors.Count; i++)
                {
                    Assert.Equal($"{from.Name}.{from.Tensors[i].Name}", to.Tensors[i].FullName);
                    from.Tensors[i].Data.CopyTo(to.Tensors[i].Data);
                }
            }

            second.Advance(cut, Steps);
            for (int p = 0; p < whole.Parameters.Length; p++)
            {
                Assert.Equal(Bits(whole.Parameters[p].Data), Bits(second.Parameters[p].Data));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AStepAllocatesNothingAndStateTakesItsBytesOnly(string name)
    {
        var (_, create, states) = All.Single(item => item.Name == name);
        Run run = new(create);
        Assert.Equal(states * run.Parameters.Sum(parameter => parameter.Data.Length) * sizeof(float), run.Optimizer.StateBytes);
        run.Optimizer.Step();
        run.Optimizer.Step();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++) // the runtime may have its own first times in one of them
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++)
            {
                run.Optimizer.SetLearningRate(0.01);
                run.Optimizer.Step();
                run.Optimizer.ZeroGrad();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void GroupsHaveTheirOwnRateAndDecay()
    {
        MemoryParameter matrix = Filled("matrix", 2f), bias = Filled("bias", 2f), frozen = Filled("frozen", 2f);
        AdamW optimizer = new([new ParameterGroup([matrix]), new ParameterGroup([bias], weightDecay: 0), new ParameterGroup([frozen], lr: 0)], lr: 0.1, weightDecay: 0.5);
        optimizer.Step(); // gradients are 0: only decay acts
        Assert.Equal(1.9f, matrix.Data[0]);
        Assert.Equal(2f, bias.Data[0]);
        Assert.Equal(2f, frozen.Data[0]);
        Assert.Equal((0.1, 0.5, 0.0, 0.0), (optimizer.Groups[0].LearningRate, optimizer.Groups[0].WeightDecay, optimizer.Groups[1].WeightDecay, optimizer.Groups[2].LearningRate));
        optimizer.SetLearningRate(0.2);
        Assert.All(optimizer.Groups, group => Assert.Equal(0.2, group.LearningRate));
    }

    [Fact]
    public void AParameterWithoutGradientIsLeftAlone()
    {
        MemoryParameter late = new("late", new float[] { 1f }, Memory<float>.Empty);
        MemoryParameter always = new("always", new float[] { 1f }, new float[] { 1f });
        Adam optimizer = new([late, always]);
        optimizer.Step();
        Assert.Equal(1f, late.Data[0]);
        Assert.NotEqual(1f, always.Data[0]);
        Assert.Equal(["always", "late"], optimizer.State.Select(state => state.Name));
        Assert.Equal([1L, 0L], optimizer.State.Select(state => state.Step));
        optimizer.SetStep(7);
        Assert.All(optimizer.State, state => Assert.Equal(7, state.Step));
        optimizer.ZeroGrad();
        Assert.Equal(0f, always.Gradient[0]);
    }

    [Fact]
    public void MistakesAreNamed()
    {
        ParameterGroup[] Group() => [new ParameterGroup([Filled("w", 1f)])];
        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => new Sgd([.. Group(), .. Group()], 0.1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(Group(), -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(Group(), double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(Group(), beta1: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(Group(), weightDecay: -1));
        Assert.Throws<ArgumentException>(() => new Sgd(Group(), 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => new Sgd(Group(), 0.1, momentum: 0.9, dampening: 0.1, nesterov: true));
        MemoryParameter odd = new("odd", new float[3], new float[2]);
        string message = Assert.Throws<ArgumentException>(() => new Adam([new ParameterGroup([odd])]).Step()).Message;
        Assert.Contains("'odd' has 3 elements and its gradient 2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void PlainSgdIsPyTorchsBitForBit()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("reference/hello-reproducibility/expected.json")));
        JsonElement initial = document.RootElement.GetProperty("initial"), step = document.RootElement.GetProperty("steps")[0];
        int compared = 0;
        foreach (JsonProperty parameter in initial.EnumerateObject())
        {
            float[] data = Floats(parameter.Value);
            float[] gradient = Floats(step.GetProperty("grads").GetProperty(parameter.Name));
            new Sgd([new MemoryParameter(parameter.Name, data, gradient)], 0.01).Step();
            Assert.Equal(Bits(Floats(step.GetProperty("weights_after").GetProperty(parameter.Name))), Bits(data));
            compared += data.Length;
        }

        Assert.Equal(121, compared);
    }

    private static MemoryParameter Filled(string name, float value) => new(name, new[] { value }, new float[1]);

    private static uint[] Bits(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.Cast<float, uint>(values).ToArray();

    private static float[] Floats(JsonElement tensor) =>
        [.. tensor.GetProperty("hex").EnumerateArray().Select(word => BitConverter.UInt32BitsToSingle(uint.Parse(word.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];

    /// <summary>An optimizer over two parameters whose gradients are a function of the step and the present values.</summary>
    private sealed class Run
    {
        public Run(Func<IEnumerable<ParameterGroup>, Optimizer> create)
        {
            Parameters = [.. new[] { ("a", 37), ("b", 5) }.Select(item => new MemoryParameter(item.Item1, Values(item.Item2), new float[item.Item2]))];
            Optimizer = create([new ParameterGroup(Parameters)]);
        }

        public MemoryParameter[] Parameters { get; }

        public Optimizer Optimizer { get; }

        public void Advance(int from, int to)
        {
            for (int step = from; step < to; step++)
            {
                foreach (MemoryParameter parameter in Parameters)
                {
                    for (int i = 0; i < parameter.Data.Length; i++)
                    {
                        parameter.Gradient[i] = (parameter.Data[i] * 0.3f) - (0.01f * ((i + step) % 5));
                    }
                }

                Optimizer.Step();
            }
        }

        private static float[] Values(int length) => [.. Enumerable.Range(0, length).Select(i => (i - 11) / 7f)];
    }
}
