using Idem.Nn;
using Idem.Tensors;
using static Idem.Tests.Support.TensorTesting;

namespace Idem.Tests.Tensors;

/// <summary>The fused last layer and loss give the bits of the two operations, whether logits are kept, cut by rows or by classes.</summary>
[Collection(typeof(Models.Alone))]
public class LinearCrossEntropyTests
{
    [Theory]
    [InlineData(5, 7, 61)]
    [InlineData(70, 16, 4096)]
    [InlineData(33, 9, 4096 + 17)]
    [InlineData(300, 8, (5 * 4096) + 700)]
    public void EqualsTheProductFollowedByTheLoss(int rows, int width, int classes)
    {
        Tensor x = Random(1, rows, width), table = Random(2, classes, width);
        int[] targets = [.. Enumerable.Range(0, rows).Select(i => i % 11 == 3 ? -100 : i * 7919 % classes)];
        int[] expected = LossAndGradients(() => new CrossEntropyLoss().Forward(Ops.MatMul(x, table, transposeB: true), targets), x, table);
        (long kept, long atOnce) = (LinearCrossEntropy.KeptLogitsMax, LinearCrossEntropy.LogitsMax);
        try
        {
            foreach ((long keptMax, long atOnceMax) in new[] { (long.MaxValue, 1L), (0, 1), (0, 3L * classes), (0, 1L << 24) })
            {
                (LinearCrossEntropy.KeptLogitsMax, LinearCrossEntropy.LogitsMax) = (keptMax, atOnceMax);
                Assert.Equal(expected, LossAndGradients(() => new CrossEntropyLoss().Forward(x, table, targets), x, table));
                using (Autograd.NoGrad())
                {
                    Assert.Equal(expected[0], BitConverter.SingleToInt32Bits(new CrossEntropyLoss().Forward(x, table, targets).Item()));
                }
            }
        }
        finally
        {
            (LinearCrossEntropy.KeptLogitsMax, LinearCrossEntropy.LogitsMax) = (kept, atOnce);
        }
    }

    [Fact]
    public void ATableThatIsAlsoLookedUpGetsTheSumOfBothGradients()
    {
        int[] ids = [3, 5, 3, 60, 5, 5], targets = [5, 3, 60, 5, 5, 0];
        Tensor table = Random(2, 61, 8);
        int[] fused = LossAndGradients(() => new CrossEntropyLoss().Forward(Ops.Embedding(table, ids), table, targets), table);
        Tensor[] copies = [table.Clone(), table.Clone()];
        LossAndGradients(() => new CrossEntropyLoss().Forward(Ops.MatMul(Ops.Embedding(copies[0], ids), copies[1], transposeB: true), targets), copies);
        Assert.Equal(Bits(copies[1].Grad! + copies[0].Grad!), fused[1..(1 + table.Length)]);
    }

    [Fact]
    public void TargetsOfAnotherCountAreNamed()
    {
        Tensor x = Tensor.Zeros([2, 3]), table = Tensor.Zeros([5, 3]);
        ShapeException error = Assert.Throws<ShapeException>(() => new CrossEntropyLoss().Forward(x, table, [1]));
        Assert.Contains("2 rows need 2 targets", error.Message, StringComparison.Ordinal);
    }
}
