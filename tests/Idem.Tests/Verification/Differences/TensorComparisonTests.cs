using Idem.Formats;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

public class TensorComparisonTests
{
    [Theory]
    [InlineData(1f, 1f, 0ul)]
    [InlineData(1f, 1.0000001f, 1ul)]
    [InlineData(0f, float.Epsilon, 1ul)]
    [InlineData(-0f, 0f, 1ul)]
    [InlineData(-float.Epsilon, float.Epsilon, 3ul)]
    [InlineData(float.MinValue, float.MaxValue, 4278190079ul)]
    public void UlpsCountTheNumbersBetween(float a, float b, ulong ulps)
    {
        TensorDifference? difference = TensorComparison.Find("x", Of(a), Of(b));
        Assert.Equal(ulps == 0, difference is null);
        Assert.Equal(ulps, difference?.First!.Ulps ?? 0);
    }

    [Fact]
    public void TheFirstElementIsNamedWithBothEncodings()
    {
        float[] a = [1, 2, 3, 4, 5, 6], b = [1, 2, 3, 4, 5.5f, 7];
        TensorDifference difference = TensorComparison.Find("w", NamedTensor.Of("w", [3, 2], a), NamedTensor.Of("w", [3, 2], b))!;
        Assert.Equal([2, 0], difference.First!.Index);
        Assert.Equal(("5", "5.5", "40a00000", "40b00000"), (difference.First.A, difference.First.B, difference.First.BitsA, difference.First.BitsB));
        Assert.Equal((6, 2, 1.0), (difference.Elements, difference.Different, difference.AbsoluteMax));
        Assert.Equal(1.0 / 7, difference.RelativeMax);
    }

    [Fact]
    public void EveryNotANumberIsOne()
    {
        Assert.Null(TensorComparison.Find("x", Of(float.NaN), Of(BitConverter.UInt32BitsToSingle(0xFFC00001))));
        TensorDifference difference = TensorComparison.Find("x", Of(float.NaN), Of(1f))!;
        Assert.Null(difference.First!.Ulps);
    }

    [Fact]
    public void TypesOfOtherWidthsAreComparedByValue()
    {
        NamedTensor half = new("x", DType.BF16, [2], TensorData.Of<ushort>(new ushort[] { 0x3F80, 0x4040 }));
        Assert.Null(TensorComparison.Find("x", half, NamedTensor.Of("x", [2], new[] { 1f, 3f })));
        TensorDifference difference = TensorComparison.Find("x", half, NamedTensor.Of("x", [2], new[] { 1f, 3.0000002f }))!;
        Assert.Equal(("4040", "40400001", 1ul), (difference.First!.BitsA, difference.First.BitsB, difference.First.Ulps!.Value));
        Assert.Null(TensorComparison.Find("x", Of(0.1f), new NamedTensor("x", DType.F64, [1], TensorData.Of<double>(new[] { (double)0.1f }))));
        Assert.NotNull(TensorComparison.Find("x", Of(0.1f), new NamedTensor("x", DType.F64, [1], TensorData.Of<double>(new[] { 0.1 }))));
    }

    private static NamedTensor Of(float value) => NamedTensor.Of("x", [1], new[] { value });
}
