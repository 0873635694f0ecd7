using Idem.Numerics.Random;
using Xunit;

namespace Idem.Tests.Randomness;

public class TorchRandomTests
{
    [Fact]
    public void EngineIsTheStandardsMersenneTwister()
    {
        // ISO C++ [rand.predef]: the 10000th value of mt19937 with its default seed.
        TorchRandom random = new(5489L);
        Assert.Equal(3499211612u, random.NextUInt32());
        for (int i = 2; i < 10000; i++)
        {
            random.NextUInt32();
        }

        Assert.Equal(4123659995u, random.NextUInt32());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(311)]
    [InlineData(312)]
    [InlineData(1000)]
    public void StateCarriesEverything(int pairs)
    {
        TorchRandom random = new(-1L);
        random.Rand(new double[pairs]);
        random.RandN(new float[3]); // leaves the second value of a pair behind
        TorchRandom restored = new(7L);
        restored.SetState(random.GetState());
        Assert.Equal(ulong.MaxValue, restored.InitialSeed);
        Assert.Equal(random.StateDigest(), restored.StateDigest());
        (double[] expected, double[] actual) = (new double[700], new double[700]);
        random.Normal(expected.AsSpan(0, 5));
        restored.Normal(actual.AsSpan(0, 5));
        random.Normal(expected.AsSpan(5));
        restored.Normal(actual.AsSpan(5));
        Assert.Equal(expected.Select(BitConverter.DoubleToInt64Bits), actual.Select(BitConverter.DoubleToInt64Bits));
    }

    [Fact]
    public void RefusesForeignStates()
    {
        TorchRandom random = new(0L);
        byte[] state = random.GetState();
        Assert.Throws<ArgumentException>(() => random.SetState(state.AsSpan(1)));
        state[8] = 0; // left = 0
        Assert.Throws<ArgumentException>(() => random.SetState(state));
    }

    [Fact]
    public void OnlyTheLowHalfOfASeedMatters()
    {
        Assert.Equal(new TorchRandom(5UL).NextUInt32(), new TorchRandom(5UL + (1UL << 32)).NextUInt32());
        Assert.NotEqual(new TorchRandom(5UL).StateDigest(), new TorchRandom(5UL + (1UL << 32)).StateDigest());
    }

    [Fact]
    public void CertainDropoutDrawsNothing()
    {
        TorchRandom random = new(3L);
        string before = random.StateDigest();
        float[] mask = new float[5];
        random.DropoutMask(mask, 0);
        Assert.All(mask, factor => Assert.Equal(1f, factor));
        random.DropoutMask(mask, 1);
        Assert.All(mask, factor => Assert.Equal(0f, factor));
        Assert.Equal(before, random.StateDigest());
    }

    [Fact]
    public void RefusesBadArguments()
    {
        TorchRandom random = new(0L);
        Assert.Throws<ArgumentException>(() => random.RandInt(new long[1], 3, 3));
        Assert.Throws<ArgumentException>(() => random.Uniform(new float[1], 1, 0));
        Assert.Throws<ArgumentException>(() => random.Uniform(new float[1], 0, 1e39));
        Assert.Throws<ArgumentException>(() => random.Normal(new float[1], 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Bernoulli(new float[1], 1.5));
        Assert.Throws<ArgumentException>(() => random.Multinomial(new long[3], [1f, 2f]));
        Assert.Throws<ArgumentException>(() => random.Multinomial(new long[1], [0f, 0f]));
        Assert.Throws<ArgumentException>(() => TorchInit.Fans([3]));
        Assert.Throws<ArgumentException>(() => TorchInit.XavierUniform(random, new float[5], [2, 3]));
        Assert.Throws<NotSupportedException>(() => random.Random(new decimal[1]));
    }
}
