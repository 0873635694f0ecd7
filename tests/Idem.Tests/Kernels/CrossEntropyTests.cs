using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class CrossEntropyTests
{
    private const int Ignore = -100;

    [Theory]
    [InlineData(4, 1)]
    [InlineData(3, 7)]
    [InlineData(3, 33)]
    [InlineData(5, 65)]
    [InlineData(90, 1001)]
    public void EqualsTheReference(int rows, int classes)
    {
        foreach (float[] x in new[] { KernelTesting.Moderate(rows, rows * classes, 10f), KernelTesting.Awkward(rows, rows * classes) })
        {
            int[] targets = [.. Enumerable.Range(0, rows).Select(i => i % 3 == 1 ? Ignore : i * 37 % classes)];
            float[] scale = KernelTesting.Moderate(9, rows), losses = new float[rows], max = new float[rows], sum = new float[rows], dx = new float[rows * classes];
            for (int r = 0; r < rows; r++)
            {
                Range row = (r * classes)..((r + 1) * classes);
                if (targets[r] != Ignore)
                {
                    losses[r] = CrossEntropy.Reference.Forward(x.AsSpan(row), targets[r], out max[r], out sum[r]);
                    CrossEntropy.Reference.Backward(x.AsSpan(row), targets[r], max[r], sum[r], scale[r], dx.AsSpan(row));
                }
            }

            foreach (Compute compute in KernelTesting.For(4 * rows * classes))
            {
                string where = $"[{rows},{classes}], {compute.Name()}";
                Guarded gl = new(rows), gm = new(rows), gs = new(rows), gdx = new(rows * classes), inPlace = new(x);
                CrossEntropy.Forward(compute, rows, classes, new Guarded(x).Span, targets, Ignore, gl.Span, gm.Span, gs.Span);
                CrossEntropy.Backward(compute, rows, classes, new Guarded(x).Span, targets, Ignore, max, sum, scale, gdx.Span);
                CrossEntropy.Backward(compute, rows, classes, inPlace.Span, targets, Ignore, max, sum, scale, inPlace.Span);
                KernelTesting.SameBits(losses, gl.Span, where);
                KernelTesting.SameBits(max, gm.Span, where);
                KernelTesting.SameBits(sum, gs.Span, where);
                KernelTesting.SameBits(dx, gdx.Span, where);
                KernelTesting.SameBits(dx, inPlace.Span, where);
                gdx.CheckWalls(where);
                inPlace.CheckWalls(where);
            }
        }
    }

    /// <summary>The gradient of some classes is that part of the whole gradient, wherever the block begins and the targets lie.</summary>
    [Theory]
    [InlineData(7, 33, 1)]
    [InlineData(90, 1001, 256)]
    public void BlocksOfClassesArePartsOfTheReference(int rows, int classes, int block)
    {
        float[] x = KernelTesting.Moderate(rows, rows * classes, 10f), scale = KernelTesting.Moderate(9, rows), max = new float[rows], sum = new float[rows], dx = new float[rows * classes];
        int[] targets = [.. Enumerable.Range(0, rows).Select(i => i % 3 == 1 ? Ignore : i * 37 % classes)];
        for (int r = 0; r < rows; r++)
        {
            Range row = (r * classes)..((r + 1) * classes);
            if (targets[r] != Ignore)
            {
                CrossEntropy.Reference.Forward(x.AsSpan(row), targets[r], out max[r], out sum[r]);
                CrossEntropy.Reference.Backward(x.AsSpan(row), targets[r], max[r], sum[r], scale[r], dx.AsSpan(row));
            }
        }

        foreach (Compute compute in KernelTesting.For(4 * rows * classes))
        {
            for (int first = 0; first < classes; first += block)
            {
                int count = Math.Min(block, classes - first);
                float[] Part(float[] whole) => [.. Enumerable.Range(0, rows).SelectMany(r => whole.Skip((r * classes) + first).Take(count))];
                Guarded part = new(Part(x));
                CrossEntropy.BackwardBlock(compute, rows, classes, first, count, part.Span, targets, Ignore, max, sum, scale, part.Span);
                KernelTesting.SameBits(Part(dx), part.Span, $"classes {first} to {first + count - 1} of {classes}, {compute.Name()}");
                part.CheckWalls($"classes {first}, {compute.Name()}");
            }
        }
    }

    /// <summary>The loss is minus the target's log-softmax, bit for bit.</summary>
    [Fact]
    public void AgreesWithLogSoftmax()
    {
        float[] x = KernelTesting.Moderate(1, 100, 5f), logY = new float[100], losses = new float[1], max = new float[1], sum = new float[1];
        LogSoftmax.Forward(KernelTesting.Computes[0], 1, 100, x, logY);
        for (int target = 0; target < 100; target++)
        {
            CrossEntropy.Forward(KernelTesting.Computes[0], 1, 100, x, [target], Ignore, losses, max, sum);
            Assert.Equal(-logY[target], losses[0]);
        }
    }

    [Fact]
    public void ATargetBeyondTheClassesIsNamed()
    {
        float[] one = new float[1];
        ArgumentException error = Assert.Throws<ArgumentException>(() => CrossEntropy.Forward(KernelTesting.Computes[0], 1, 3, new float[3], [3], Ignore, one, one, one));
        Assert.Contains("target 0 is 3", error.Message, StringComparison.Ordinal);
    }
}
