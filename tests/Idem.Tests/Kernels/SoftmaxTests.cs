using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Softmax and log-softmax, forward and backward.</summary>
public class SoftmaxTests
{
    private delegate void Rowwise(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y);

    private delegate void RowwiseGradient(Compute compute, int rows, int columns, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx);

    private delegate void RowReference(ReadOnlySpan<float> x, Span<float> y);

    private delegate void RowGradientReference(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx);

    public static TheoryData<int, int> Shapes => new()
    {
        { 3, 1 }, { 2, 2 }, { 3, 7 }, { 3, 8 }, { 2, 9 }, { 2, 15 }, { 2, 31 }, { 2, 32 }, { 2, 33 }, { 2, 63 }, { 3, 65 }, { 2, 100 }, { 131, 257 }, { 2, 4200 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SoftmaxEqualsTheReference(int rows, int columns) =>
        Check(rows, columns, Softmax.Forward, Softmax.Backward, Softmax.Reference.Forward, Softmax.Reference.Backward);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void LogSoftmaxEqualsTheReference(int rows, int columns) =>
        Check(rows, columns, LogSoftmax.Forward, LogSoftmax.Backward, LogSoftmax.Reference.Forward, LogSoftmax.Reference.Backward);

    [Fact]
    public void ProbabilitiesAreProbabilities()
    {
        float[] x = KernelTesting.Moderate(5, 1000, 3f), y = new float[1000], logY = new float[1000];
        Softmax.Forward(KernelTesting.Computes[0], 1, 1000, x, y);
        LogSoftmax.Forward(KernelTesting.Computes[0], 1, 1000, x, logY);
        Assert.Equal(1.0, y.Sum(value => (double)value), 6);
        double denominator = x.Sum(value => Math.Exp(value));
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(Math.Exp(x[i]) / denominator, y[i], 1e-7);
            Assert.Equal(x[i] - Math.Log(denominator), logY[i], 1e-5);
        }
    }

    private static void Check(int rows, int columns, Rowwise forward, RowwiseGradient backward, RowReference reference, RowGradientReference gradientReference)
    {
        foreach (float[] x in new[] { KernelTesting.Moderate(rows, rows * columns, 20f), KernelTesting.Awkward(rows, rows * columns), KernelTesting.Anything(rows, rows * columns) })
        {
            float[] dy = KernelTesting.Awkward(columns, rows * columns), y = new float[rows * columns], dx = new float[rows * columns];
            for (int r = 0; r < rows; r++)
            {
                Range row = (r * columns)..((r + 1) * columns);
                reference(x.AsSpan(row), y.AsSpan(row));
                gradientReference(y.AsSpan(row), dy.AsSpan(row), dx.AsSpan(row));
            }

            foreach (Compute compute in KernelTesting.For(5 * rows * columns))
            {
                string where = $"[{rows},{columns}], {compute.Name()}";
                Guarded result = new(rows * columns), inPlace = new(x), gradient = new(rows * columns);
                forward(compute, rows, columns, new Guarded(x).Span, result.Span);
                forward(compute, rows, columns, inPlace.Span, inPlace.Span);
                backward(compute, rows, columns, new Guarded(y).Span, new Guarded(dy).Span, gradient.Span);
                KernelTesting.SameBits(y, result.Span, where);
                KernelTesting.SameBits(y, inPlace.Span, where);
                KernelTesting.SameBits(dx, gradient.Span, where);
                result.CheckWalls(where);
                gradient.CheckWalls(where);
            }
        }
    }
}
