using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class ElementwiseTests
{
    private static readonly int[] s_counts = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100];
    private const int Threaded = 33_001;

    public static TheoryData<UnaryOp> UnaryOps => [.. Enum.GetValues<UnaryOp>()];

    public static TheoryData<BinaryOp> BinaryOps => [.. Enum.GetValues<BinaryOp>()];

    [Theory]
    [MemberData(nameof(UnaryOps))]
    public void UnaryEqualsTheReference(UnaryOp op)
    {
        foreach ((Compute compute, int count) in Cases())
        {
            float[] x = KernelTesting.Anything(count, count), expected = [.. x.Select(value => Elementwise.Reference.Unary(op, value))];
            Guarded y = new(count);
            Elementwise.Unary(compute, op, x, y.Span);
            KernelTesting.SameBits(expected, y.Span, $"{op} of {count}, {compute.Name()}");
            y.CheckWalls(compute.Name());

            Guarded inPlace = new(x);
            Elementwise.Unary(compute, op, inPlace.Span, inPlace.Span);
            KernelTesting.SameBits(expected, inPlace.Span, $"{op} in place, {compute.Name()}");
        }
    }

    /// <summary>Arguments that a quick evaluation leaves open, by function.</summary>
    public static TheoryData<UnaryOp, float[]> OpenArguments => new()
    {
        { UnaryOp.Exp, [float.NaN, 88.5f, -88.5f, float.PositiveInfinity, float.NegativeInfinity] },
        { UnaryOp.Erf, [float.NaN, 1e-30f, -1e-30f, 0f, -0f] },
        { UnaryOp.Gelu, [float.NaN, 1e-30f, -1e-30f, 0f, -0f] },
        { UnaryOp.Sigmoid, [float.NaN, 60f, -60f, float.PositiveInfinity, float.NegativeInfinity] },
        { UnaryOp.Silu, [float.NaN, 60f, -60f, float.PositiveInfinity, float.NegativeInfinity] },
        { UnaryOp.GeluTanh, [float.NaN, 10f, -10f, float.PositiveInfinity, float.NegativeInfinity] },
    };

    /// <summary>What is left open is decided chunk by chunk: here all lanes of whole chunks, of a chunk with the most left over, and of rows that are asked for ahead.</summary>
    [Theory]
    [MemberData(nameof(OpenArguments))]
    public void RowsOfOpenLanesEqualTheReference(UnaryOp op, float[] open)
    {
        foreach (Compute compute in KernelTesting.SingleThreaded)
        {
            foreach (int count in new[] { 255 * 16, (255 * 8) + 3, 256 * 16, (259 * 16) + 15, 66_000 })
            {
                float[] x = [.. Enumerable.Range(0, count).Select(i => open[i % open.Length])], expected = [.. x.Select(value => Elementwise.Reference.Unary(op, value))];
                Guarded inPlace = new(x);
                Elementwise.Unary(compute, op, inPlace.Span, inPlace.Span);
                KernelTesting.SameBits(expected, inPlace.Span, $"{op} of {count}, {compute.Name()}");
                inPlace.CheckWalls(compute.Name());
            }
        }
    }

    /// <summary>A derivative may take the place of any of its operands, across the buffers that some need.</summary>
    [Theory]
    [InlineData(UnaryOp.Silu)]
    [InlineData(UnaryOp.Gelu)]
    [InlineData(UnaryOp.GeluTanh)]
    public void UnaryGradientInPlaceEqualsTheReference(UnaryOp op)
    {
        foreach (Compute compute in KernelTesting.SingleThreaded)
        {
            foreach (int count in new[] { 5, 1023, 1024, 1025, 2051 })
            {
                float[] x = KernelTesting.Anything(count, count), dy = KernelTesting.Awkward(count + 1, count);
                float[] y = [.. x.Select(value => Elementwise.Reference.Unary(op, value))];
                float[] expected = [.. Enumerable.Range(0, count).Select(i => Elementwise.Reference.UnaryGradient(op, x[i], y[i], dy[i]))];
                Guarded overX = new(x), overY = new(y), overDy = new(dy);
                Elementwise.UnaryGradient(compute, op, overX.Span, y, dy, overX.Span);
                Elementwise.UnaryGradient(compute, op, x, overY.Span, dy, overY.Span);
                Elementwise.UnaryGradient(compute, op, x, y, overDy.Span, overDy.Span);
                KernelTesting.SameBits(expected, overX.Span, $"{op} of {count} over x, {compute.Name()}");
                KernelTesting.SameBits(expected, overY.Span, $"{op} of {count} over y, {compute.Name()}");
                KernelTesting.SameBits(expected, overDy.Span, $"{op} of {count} over dy, {compute.Name()}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(UnaryOps))]
    public void UnaryGradientEqualsTheReference(UnaryOp op)
    {
        foreach ((Compute compute, int count) in Cases())
        {
            float[] x = KernelTesting.Anything(count, count), dy = KernelTesting.Awkward(count + 1, count);
            float[] y = [.. x.Select(value => Elementwise.Reference.Unary(op, value))];
            float[] expected = [.. Enumerable.Range(0, count).Select(i => Elementwise.Reference.UnaryGradient(op, x[i], y[i], dy[i]))];
            Guarded dx = new(count);
            Elementwise.UnaryGradient(compute, op, x, y, dy, dx.Span);
            KernelTesting.SameBits(expected, dx.Span, $"gradient of {op}, {compute.Name()}");
            dx.CheckWalls(compute.Name());
        }
    }

    /// <summary>The derivatives are derivatives: they agree with a difference quotient in double.</summary>
    [Theory]
    [MemberData(nameof(UnaryOps))]
    public void UnaryGradientIsTheDerivative(UnaryOp op)
    {
        foreach (float x in new[] { 0.3f, 0.9f, 1.7f, 2.5f, -0.4f, -1.3f, -2.2f })
        {
            if (x <= 0 && op is UnaryOp.Sqrt or UnaryOp.Rsqrt or UnaryOp.Log or UnaryOp.Log2 || (x <= -1 && op == UnaryOp.Log1p))
            {
                continue;
            }

            const float Step = 1f / 64;
            float y = Elementwise.Reference.Unary(op, x), slope = Elementwise.Reference.UnaryGradient(op, x, y, 1f);
            double Difference(float step) =>
                ((double)Elementwise.Reference.Unary(op, x + step) - Elementwise.Reference.Unary(op, x - step)) / ((double)(x + step) - (x - step));
            double quotient = ((4 * Difference(Step / 2)) - Difference(Step)) / 3;
            Assert.True(Math.Abs(quotient - slope) < 2e-4 * (1 + Math.Abs(slope)), $"{op}'({x}): {slope}, difference quotient {quotient}");
        }
    }

    [Theory]
    [MemberData(nameof(BinaryOps))]
    public void BinaryEqualsTheReference(BinaryOp op)
    {
        foreach ((Compute compute, int count) in Cases())
        {
            float[] a = KernelTesting.Anything(count, count), b = KernelTesting.Anything(count + 1, count);
            float[] expected = [.. Enumerable.Range(0, count).Select(i => Elementwise.Reference.Binary(op, a[i], b[i]))];
            Guarded y = new(count);
            Elementwise.Binary(compute, op, a, b, y.Span);
            KernelTesting.SameBits(expected, y.Span, $"{op}, {compute.Name()}");
            y.CheckWalls(compute.Name());
        }
    }

    [Fact]
    public void ScaleAndAddScalarEqualTheReference()
    {
        foreach ((Compute compute, int count) in Cases())
        {
            float[] x = KernelTesting.Anything(count, count);
            Guarded y = new(count);
            Elementwise.Scale(compute, x, 0.3f, y.Span);
            KernelTesting.SameBits([.. x.Select(value => value * 0.3f)], y.Span, compute.Name());
            Elementwise.AddScalar(compute, x, 0.3f, y.Span);
            KernelTesting.SameBits([.. x.Select(value => value + 0.3f)], y.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    public static TheoryData<int[], int[], int[]> Broadcasts => new()
    {
        { [], [], [] },
        { [5], [1], [0] },
        { [5], [0], [1] },
        { [3, 17], [17, 1], [0, 1] },
        { [3, 17], [0, 1], [17, 1] },
        { [3, 17], [17, 1], [1, 0] },
        { [3, 17], [1, 3], [17, 1] },
        { [2, 3, 5], [15, 5, 1], [5, 0, 1] },
        { [2, 3, 5], [0, 0, 0], [15, 5, 1] },
        { [2, 1, 3, 9], [27, 27, 9, 1], [9, 9, 0, 1] },
        { [50, 40, 30], [1200, 30, 1], [30, 0, 1] },
        { [60000], [1], [0] },
        { [2, 0, 3], [0, 3, 1], [0, 3, 1] },
    };

    [Theory]
    [MemberData(nameof(Broadcasts))]
    public void BroadcastEqualsTheReference(int[] shape, int[] stridesA, int[] stridesB)
    {
        int count = shape.Aggregate(1, (product, size) => product * size);
        int reachA = 1 + shape.Zip(stridesA, (size, stride) => Math.Max(0, size - 1) * stride).Sum();
        int reachB = 1 + shape.Zip(stridesB, (size, stride) => Math.Max(0, size - 1) * stride).Sum();
        float[] a = KernelTesting.Awkward(1, reachA), b = KernelTesting.Awkward(2, reachB), expected = new float[count];
        for (int i = 0; i < count; i++)
        {
            (int rest, int atA, int atB) = (i, 0, 0);
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                atA += rest % shape[d] * stridesA[d];
                atB += rest % shape[d] * stridesB[d];
                rest /= shape[d];
            }

            expected[i] = a[atA] / b[atB];
        }

        foreach (Compute compute in KernelTesting.Computes)
        {
            Guarded y = new(count);
            Elementwise.BinaryBroadcast(compute, BinaryOp.Divide, shape, new Guarded(a).Span, stridesA, new Guarded(b).Span, stridesB, y.Span);
            KernelTesting.SameBits(expected, y.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    [Fact]
    public void ShapeErrorsNameTheOperationAndBothShapes()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Elementwise.Binary(KernelTesting.Computes[0], BinaryOp.Add, new float[3], new float[4], new float[3]));
        Assert.Contains("Elementwise.Add", error.Message, StringComparison.Ordinal);
        Assert.Contains("4", error.Message, StringComparison.Ordinal);
        Assert.Contains("[3]", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<(Compute Compute, int Count)> Cases() =>
        KernelTesting.SingleThreaded.SelectMany(compute => s_counts.Select(count => (compute, count)))
            .Concat(KernelTesting.Computes.Where(compute => compute.Threads > 1).Select(compute => (compute, Threaded)));
}
