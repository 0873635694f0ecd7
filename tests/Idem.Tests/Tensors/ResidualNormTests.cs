using Idem.Tensors;
using static Idem.Tests.Support.TensorTesting;

namespace Idem.Tests.Tensors;

/// <summary>The sum and its norm in one pass give the values and gradients of the two operations, also where the sum is used again.</summary>
public class ResidualNormTests
{
    [Theory]
    [InlineData(3, 5, true)]
    [InlineData(300, 48, true)]
    [InlineData(17, 130, false)]
    public void EqualsTheSumFollowedByTheNorm(int rows, int width, bool hasBias)
    {
        Tensor[] leaves = [Random(1, rows, width), Random(2, rows, width), Random(3, width), Random(4, width), Random(5, rows, width)];
        Tensor? bias = hasBias ? leaves[3] : null;
        int[] composed = LossAndGradients(() =>
        {
            Tensor sum = leaves[0] + leaves[1];
            return ((Ops.LayerNorm(sum, leaves[2], bias, 1e-5f) * leaves[4]) + sum).Sum();
        }, leaves);
        int[] fused = LossAndGradients(() =>
        {
            Tensor y = Ops.AddLayerNorm(leaves[0], leaves[1], leaves[2], bias, 1e-5f, out Tensor sum);
            return ((y * leaves[4]) + sum).Sum();
        }, leaves);
        Assert.Equal(composed, fused);
        using (Autograd.NoGrad())
        {
            Tensor y = Ops.AddLayerNorm(leaves[0], leaves[1], leaves[2], bias, 1e-5f, out Tensor sum);
            Assert.Equal(Bits(leaves[0] + leaves[1]), Bits(sum));
            Assert.Equal(Bits(Ops.LayerNorm(sum, leaves[2], bias, 1e-5f)), Bits(y));
        }
    }

    [Fact]
    public void ShapesThatDifferAreNamed() =>
        Assert.Throws<ShapeException>(() => Ops.AddLayerNorm(Tensor.Zeros([2, 3]), Tensor.Zeros([3, 3]), Tensor.Zeros([3]), null, 1e-5f, out _));
}
