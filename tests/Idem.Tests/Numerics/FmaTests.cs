using System.Runtime.Intrinsics;
using Idem.Conformance;

namespace Idem.Tests.Numerics;

/// <summary>The emulated fused multiply-add equals the hardware's on operands that stress rounding, ties and underflow.</summary>
public class FmaTests
{
    [Fact]
    public void SoftwareSingleEqualsHardware()
    {
        Assert.SkipUnless(Fma.IsHardware, "this machine has no fused multiply-add instruction to compare with");
        Assert.Null(FmaCases.FirstDifferenceSingle(1, 1_000_000));
    }

    [Fact]
    public void SoftwareDoubleEqualsHardware()
    {
        Assert.SkipUnless(Fma.IsHardware, "this machine has no fused multiply-add instruction to compare with");
        Assert.Null(FmaCases.FirstDifferenceDouble(1, 1_000_000));
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
}
