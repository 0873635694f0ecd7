using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Idem.Numerics.Random;
using Xunit;

namespace Idem.Tests.Randomness;

public class RandomStreamNormalTests
{
    private static readonly RandomStream Stream = new(42, "init", "h.0.attn.weight");

    [Fact]
    public void EqualsAnIndependentProgram()
    {
        // Computed from arithmetic.md in Python, with exact fractions for the fused step.
        float[] values = new float[4096];
        Stream.FillNormal(values, 0.5f, 0.02f, 0, 9, 10);
        Assert.Equal(
            "567aef33ecd4660027c7355a04719db0025b443ecfbedbc2b04a973af033895f",
            Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))));
    }

    [Fact]
    public void ElementDependsOnItsIndexOnly()
    {
        float[] whole = new float[3000];
        Stream.FillNormal(whole, -1, 2, 0, 3, 4);
        foreach ((int start, int length) in new[] { (0, 1), (1, 1), (1, 2), (2, 1000), (3, 1025), (1021, 7), (1023, 1977), (2999, 1), (5, 0) })
        {
            float[] part = new float[length];
            Stream.FillNormal(part, -1, 2, (ulong)start, 3, 4);
            Assert.Equal(
                MemoryMarshal.Cast<float, uint>(whole.AsSpan(start, length)).ToArray(), MemoryMarshal.Cast<float, uint>(part).ToArray());
        }
    }

    [Fact]
    public void IsSpreadAsANormal()
    {
        float[] values = new float[1 << 16];
        Stream.FillNormal(values);
        // 65536 * P(|z| < 1) = 44740, P(|z| < 2) = 62555, P(z < 0) = 32768; four standard deviations each side.
        Assert.InRange(values.Count(z => MathF.Abs(z) < 1), 44740 - 4 * 119, 44740 + 4 * 119);
        Assert.InRange(values.Count(z => MathF.Abs(z) < 2), 62555 - 4 * 53, 62555 + 4 * 53);
        Assert.InRange(values.Count(z => z < 0), 32768 - 4 * 128, 32768 + 4 * 128);
        Assert.All(values, z => Assert.True(MathF.Abs(z) < 5.8f));
    }

    [Fact]
    public void RefusesWhatIsNoDeviation()
    {
        Assert.Throws<ArgumentException>(() => Stream.FillNormal(new float[1], 0, -1));
        Assert.Throws<ArgumentException>(() => Stream.FillNormal(new float[1], float.NaN, 1));
        Assert.Throws<ArgumentException>(() => Stream.FillNormal(new float[1], 0, float.PositiveInfinity));
    }
}
