using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class DropoutTests
{
    private static readonly RandomStream s_stream = new(7, "dropout", "site");

    [Theory]
    [InlineData(1, 0, 0.5)]
    [InlineData(1, 5, 0.5)]
    [InlineData(3, 1023, 0.1)]
    [InlineData(2, 1025, 0.0)]
    [InlineData(5, 9001, 0.2)]
    public void EqualsTheDefinition(int sequences, int size, double probability)
    {
        DropoutSite site = new(s_stream, probability, 4, 10);
        float[] x = KernelTesting.Anything(size, sequences * size), expected = new float[x.Length];
        float scale = (float)(1 / (1 - probability));
        for (int b = 0; b < sequences; b++)
        {
            byte[] keep = new byte[size];
            s_stream.FillDropoutMask(keep, probability, 10 + (uint)b, 4);
            for (int i = 0; i < size; i++)
            {
                expected[(b * size) + i] = keep[i] != 0 ? x[(b * size) + i] * scale : 0f;
            }
        }

        foreach (Compute compute in KernelTesting.For(4 * x.Length))
        {
            Guarded y = new(x.Length), dx = new(x);
            Dropout.Forward(compute, site, sequences, x, y.Span);
            Dropout.Backward(compute, site, sequences, dx.Span, dx.Span);
            KernelTesting.SameBits(expected, y.Span, compute.Name());
            KernelTesting.SameBits(expected, dx.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    [Fact]
    public void NothingCanDropEverything() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DropoutSite(s_stream, 1, 0, 0));
}
