using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class ReduceTests
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(2, 31)]
    [InlineData(2, 33)]
    [InlineData(5, 100)]
    [InlineData(301, 257)]
    public void RowsEqualTheReference(int rows, int columns)
    {
        float[] x = KernelTesting.Awkward(rows, rows * columns), sums = new float[rows], means = new float[rows];
        for (int r = 0; r < rows; r++)
        {
            sums[r] = Reduce.Reference.SumRow(x.AsSpan(r * columns, columns));
            means[r] = Reduce.Reference.MeanRow(x.AsSpan(r * columns, columns));
        }

        foreach (Compute compute in KernelTesting.For(x.Length))
        {
            Guarded y = new(rows);
            Reduce.SumRows(compute, rows, columns, new Guarded(x).Span, y.Span);
            KernelTesting.SameBits(sums, y.Span, compute.Name());
            Reduce.MeanRows(compute, rows, columns, new Guarded(x).Span, y.Span);
            KernelTesting.SameBits(means, y.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 5)]
    [InlineData(3, 17)]
    [InlineData(255, 7)]
    [InlineData(256, 9)]
    [InlineData(257, 33)]
    [InlineData(513, 300)]
    [InlineData(1281, 31)]
    [InlineData(1793, 1)]
    public void ColumnsEqualTheReference(int rows, int columns)
    {
        float[] x = KernelTesting.Awkward(rows, rows * columns);
        float[] expected = [.. Enumerable.Range(0, columns).Select(c => Reduce.Reference.SumColumn(rows, columns, x, c))];
        foreach (Compute compute in KernelTesting.For(x.Length))
        {
            Guarded y = new(columns);
            Reduce.SumColumns(compute, rows, columns, new Guarded(x).Span, y.Span);
            KernelTesting.SameBits(expected, y.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    public static TheoryData<int[], int[]> Targets => new()
    {
        { [], [] },
        { [7], [0] },
        { [7], [1] },
        { [600], [0] },
        { [3, 5], [0, 1] },
        { [3, 5], [1, 0] },
        { [5, 1, 700], [1, 1, 0] },
        { [2, 3, 4, 5], [0, 4, 1, 0] },
        { [300, 3, 2], [0, 1, 0] },
        { [3, 4, 5], [0, 0, 0] },
        { [2, 300, 7], [7, 0, 1] },
        { [40, 50, 30], [0, 1, 0] },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void SumToShapeEqualsTheReference(int[] shape, int[] strides)
    {
        int count = shape.Aggregate(1, (product, size) => product * size);
        int targets = 1 + shape.Zip(strides, (size, stride) => (size - 1) * stride).Sum();
        float[] x = KernelTesting.Awkward(count, count), expected = new float[targets];
        Reduce.Reference.SumToShape(shape, x, strides, expected);
        foreach (Compute compute in KernelTesting.For(x.Length))
        {
            Guarded y = new(targets);
            Reduce.SumToShape(compute, shape, new Guarded(x).Span, strides, y.Span);
            KernelTesting.SameBits(expected, y.Span, compute.Name());
            y.CheckWalls(compute.Name());
        }
    }

    [Fact]
    public void WholeSumsEqualTheReference()
    {
        foreach (int count in new[] { 0, 1, 31, 32, 33, 100, 5000 })
        {
            float[] x = KernelTesting.Awkward(count, count);
            double squares = Idem.Numerics.Reduction.Lanes.Reference.SumOfSquaresInDouble(x);
            foreach (Compute compute in KernelTesting.For(x.Length))
            {
                Assert.Equal(BitConverter.DoubleToInt64Bits(squares), BitConverter.DoubleToInt64Bits(Reduce.SumOfSquares(compute, new Guarded(x).Span)));
            }
        }

        Assert.Equal(6.0, Reduce.Sum([1f, 2f, 3f]));
    }

    [Fact]
    public void AddInPlaceAdds()
    {
        float[] target = [1f, 2f, -0f];
        Reduce.AddInPlace(KernelTesting.Computes[0], target, [0.5f, -2f, -0f]);
        KernelTesting.SameBits([1.5f, 0f, -0f], target, "AddInPlace");
    }
}
