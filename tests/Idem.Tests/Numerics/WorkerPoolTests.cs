namespace Idem.Tests.Numerics;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryIndexRunsOnce(int threads)
    {
        Compute compute = new(SimdPath.Scalar, threads);
        for (int round = 0; round < 300; round++)
        {
            int[] calls = new int[round];
            compute.For(round, i => Interlocked.Increment(ref calls[i]));
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void LoopsNestAndOverlap()
    {
        Compute compute = new(SimdPath.Scalar, 3);
        int total = 0;
        Parallel.For(0, 4, _ => compute.For(50, i => compute.For(20, j => Interlocked.Increment(ref total))));
        Assert.Equal(4 * 50 * 20, total);
    }

    [Fact]
    public void AFailureReachesTheCallerAndThePoolGoesOn()
    {
        Compute compute = new(SimdPath.Scalar, 3);
        for (int round = 0; round < 50; round++)
        {
            Assert.Throws<InvalidOperationException>(() => compute.For(100, i =>
            {
                if (i == 57)
                {
                    throw new InvalidOperationException("57");
                }
            }));
        }

        int total = 0;
        compute.For(100, _ => Interlocked.Increment(ref total));
        Assert.Equal(100, total);
    }
}
