using System.Numerics;
using System.Runtime.Intrinsics;

namespace Idem.Tests.Numerics;

/// <summary>The emulated fused multiply-add equals the hardware's on operands that stress rounding, ties and underflow.</summary>
public class FmaTests
{
    [Fact]
    public void SoftwareSingleEqualsHardware()
    {
        Assert.SkipUnless(Fma.IsHardware, "this machine has no fused multiply-add instruction to compare with");
        Random random = new(1);
        for (int i = 0; i < 400_000; i++)
        {
            float a = Single(random), b = Single(random), c = i % 3 == 0 ? Near(-a * b, random) : Single(random);
            AssertSame(Fma.Single(a, b, c), SoftwareFma.Single(a, b, c), a, b, c);
            Vector128<float> lanes = SoftwareFma.Single(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c));
            AssertSame(Fma.Single(a, b, c), lanes[i & 3], a, b, c);
        }
    }

    [Fact]
    public void SoftwareDoubleEqualsHardware()
    {
        Assert.SkipUnless(Fma.IsHardware, "this machine has no fused multiply-add instruction to compare with");
        Random random = new(2);
        for (int i = 0; i < 400_000; i++)
        {
            double a = Double(random, i), b = Double(random, i), c = i % 3 == 0 ? Near(-a * b, random) : Double(random, i);
            double expected = Fma.Double(a, b, c);
            AssertSame(expected, SoftwareFma.Double(a, b, c), a, b, c);
            AssertSame(expected, SoftwareFma.ExactDouble(a, b, c), a, b, c);
        }
    }

    /// <summary>The JIT never contracts a multiplication and an addition into one rounding.</summary>
    [Fact]
    public void MultiplyThenAddRoundsTwice()
    {
        float a = 1f + MathF.ScaleB(1, -12), product = a * a;
        Assert.Equal(0f, ContractionBait(a, a, -product));
        Assert.NotEqual(0f, Fma.Single(a, a, -product));
        Vector256<float> lanes = (Vector256.Create(a) * Vector256.Create(a)) - Vector256.Create(product);
        Assert.Equal(Vector256<float>.Zero, lanes);
    }

    private static float ContractionBait(float a, float b, float c) => a * b + c;

    private static float Single(Random random) => random.Next(12) switch
    {
        0 => 0f,
        1 => -0f,
        2 => float.PositiveInfinity,
        3 => float.Epsilon * random.Next(1, 100),
        4 => float.MaxValue,
        5 => MathF.ScaleB(1 + random.Next(4), random.Next(-149, 128)),
        6 => 1f + (random.Next(-4, 5) * MathF.ScaleB(1, -23)),
        _ => BitConverter.Int32BitsToSingle((int)random.NextInt64(int.MinValue, int.MaxValue)),
    };

    private static double Double(Random random, int i) => random.Next(12) switch
    {
        0 => 0.0,
        1 => -0.0,
        2 => double.NegativeInfinity,
        3 => double.Epsilon * random.Next(1, 100),
        4 => double.MaxValue,
        5 => Math.ScaleB(1 + random.Next(4), random.Next(-1074, 1024)),
        6 => 1.0 + (random.Next(-4, 5) * Math.ScaleB(1, -52)),
        _ when i % 2 == 0 => Math.ScaleB(1 + random.NextDouble(), random.Next(-60, 60)),
        _ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
    };

    private static float Near(float x, Random random) =>
        float.IsFinite(x) ? BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) + random.Next(-3, 4)) : x;

    private static double Near(double x, Random random) =>
        double.IsFinite(x) ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(x) + random.Next(-3, 4)) : x;

    private static void AssertSame<T>(T expected, T actual, T a, T b, T c)
        where T : IFloatingPointIeee754<T>
    {
        bool same = T.IsNaN(expected) ? T.IsNaN(actual) : expected.Equals(actual) && T.IsNegative(expected) == T.IsNegative(actual);
        Assert.True(same, $"fma({a:R}, {b:R}, {c:R}): expected {expected:R}, got {actual:R}");
    }
}
