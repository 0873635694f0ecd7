using Idem.Numerics.Random;
using Xunit;

namespace Idem.Tests.Randomness;

public class PermutationTests
{
    private static readonly RandomStream Stream = new(3, "data", "train");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    [InlineData(4097)]
    public void IsABijectionWithItsInverse(int count)
    {
        Permutation permutation = new(Stream, 5, count);
        bool[] seen = new bool[count];
        for (int i = 0; i < count; i++)
        {
            long element = permutation[i];
            Assert.False(seen[element], $"{element} occurs twice");
            seen[element] = true;
            Assert.Equal(i, permutation.IndexOf(element));
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData((1L << 62) + 1)]
    [InlineData(3_000_000_000_000)]
    public void WorksAtAnySize(long count)
    {
        Permutation permutation = new(Stream, ulong.MaxValue, count);
        foreach (long index in new[] { 0, 1, 2, count / 3, count - 2, count - 1 })
        {
            Assert.InRange(permutation[index], 0, count - 1);
            Assert.Equal(index, permutation.IndexOf(permutation[index]));
        }
    }

    [Fact]
    public void EpochsAndSeedsDiffer()
    {
        long[] Order(ulong seed, ulong epoch) =>
            [.. Enumerable.Range(0, 100).Select(i => new Permutation(new(seed, "data", "train"), epoch, 100)[i])];
        Assert.NotEqual(Order(1, 0), Order(1, 1));
        Assert.NotEqual(Order(1, 0), Order(1, 1UL << 32));
        Assert.NotEqual(Order(1, 0), Order(2, 0));
        Assert.Equal(Order(1, 7), Order(1, 7));
    }

    [Fact]
    public void EveryOrderOfFourIsAboutEquallyFrequent()
    {
        // 24 orders, 4800 epochs, 200 expected each: sum of squares is 200 chi2 with 23 degrees of freedom.
        Dictionary<string, int> counts = [];
        for (ulong epoch = 0; epoch < 4800; epoch++)
        {
            // five elements, the first four ranked: the domain 2^3 is walked, so odd permutations occur too
            Permutation permutation = new(Stream, epoch, 5);
            long[] places = [permutation[0], permutation[1], permutation[2], permutation[3]];
            string order = string.Join(',', places.Select(p => places.Count(q => q < p)));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        Assert.True(counts.Values.Sum(c => (c - 200) * (c - 200)) < 200 * 65, string.Join(' ', counts.Values));
    }

    [Fact]
    public void RefusesWhatIsOutside()
    {
        Permutation permutation = new(Stream, 0, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => permutation[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => permutation[10]);
        Assert.Throws<ArgumentOutOfRangeException>(() => permutation.IndexOf(10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(Stream, 0, 0));
    }
}
