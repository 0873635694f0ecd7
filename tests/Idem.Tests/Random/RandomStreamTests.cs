using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Idem.Numerics.Random;
using Xunit;

namespace Idem.Tests.Randomness;

public class RandomStreamTests
{
    private static readonly RandomStream Stream = new(42, "init", "h.0.attn.weight");

    [Fact]
    public void KeyIsTheStatedHash()
    {
        byte[] message =
        [
            .. "idem-1"u8, 42, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, .. "init"u8, 15, 0, 0, 0, .. "h.0.attn.weight"u8,
        ];
        byte[] hash = SHA256.HashData(message);
        Assert.Equal(BitConverter.ToUInt64(hash), (ulong)Stream.Key.K1 << 32 | Stream.Key.K0);
    }

    [Fact]
    public void PurposeAndNameAreKeptApart() =>
        Assert.NotEqual(new RandomStream(1, "ab", "c").Key, new RandomStream(1, "a", "bc").Key);

    [Fact]
    public void DrawsUseTheStatedWords()
    {
        PhiloxBlock block = Philox4x32.Next(new PhiloxBlock(0x89ABCDEF, 0x01234567, 5, 6), Stream.Key);
        Assert.Equal(block, Stream.Block(0x0123_4567_89AB_CDEF, 5, 6));
        Assert.Equal(block.W0, Stream.Bits(0x0123_4567_89AB_CDEF, 5, 6));
        Assert.Equal(block.W0 | (ulong)block.W1 << 32, Stream.Bits64(0x0123_4567_89AB_CDEF, 5, 6));
        Assert.Equal((block.W0 >> 8) / 16777216f, Stream.Uniform(0x0123_4567_89AB_CDEF, 5, 6));
    }

    [Fact]
    public void BoundedIsTheHighPartOfTheProduct()
    {
        foreach (ulong n in new ulong[] { 1, 2, 3, 10, 50257, uint.MaxValue, 1UL << 32, (1UL << 62) + 1, (1UL << 63) - 1, 1UL << 63 })
        {
            for (ulong position = 0; position < 500; position++)
            {
                PhiloxBlock block = Stream.Block(position, 1, 2);
                BigInteger x = block.W0 | (BigInteger)block.W1 << 32 | (BigInteger)block.W2 << 64 | (BigInteger)block.W3 << 96;
                Assert.Equal((long)(x * n >> 128), Stream.Bounded(n, position, 1, 2));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Bounded(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Bounded((1UL << 63) + 1, 0));
    }

    [Fact]
    public void UniformElementDependsOnItsIndexOnly()
    {
        float[] whole = new float[3000];
        Stream.FillUniform(whole, -0.5f, 0.5f, 0, 3, 4);
        Assert.All(whole, x => Assert.InRange(x, -0.5f, 0.5f));
        foreach ((int start, int length) in new[] { (0, 1), (1, 1), (2, 1000), (3, 1025), (1021, 7), (1024, 1976), (2999, 1) })
        {
            float[] part = new float[length];
            Stream.FillUniform(part, -0.5f, 0.5f, (ulong)start, 3, 4);
            Assert.Equal(Bits(whole.AsSpan(start, length)), Bits(part));
        }

        float[] unit = new float[8];
        Stream.FillUniform(unit);
        PhiloxBlock block = Stream.Block(1);
        Assert.Equal(new[] { block.W0, block.W1, block.W2, block.W3 }.Select(w => (w >> 8) / 16777216f), unit[4..]);
    }

    [Fact]
    public void UniformAffineMapIsOneFusedMultiplyAdd()
    {
        float[] values = new float[4];
        Stream.FillUniform(values, -0.1f, 0.3f, 40);
        float width = 0.3f - -0.1f;
        uint word = Stream.Bits(10);
        Assert.Equal(Bits([Idem.Numerics.Fma.Single((word >> 8) / 16777216f, width, -0.1f)]), Bits(values.AsSpan(0, 1)));
        Assert.Throws<ArgumentException>(() => Stream.FillUniform(values, 1, 0));
        Assert.Throws<ArgumentException>(() => Stream.FillUniform(values, float.NaN, 0));
        Assert.Throws<ArgumentException>(() => Stream.FillUniform(values, -3e38f, 3e38f));
    }

    [Fact]
    public void UniformIsEvenlySpread()
    {
        uint[] words = new uint[1 << 16];
        Philox4x32.Fill(words, 0, 0, 0, Stream.Key);
        int[] bins = new int[256];
        long ones = 0;
        foreach (uint word in words)
        {
            bins[word >> 24]++;
            ones += BitOperations.PopCount(word);
        }

        // 256 expected per bin: the sum of (count-256)^2 is 256 chi2; 255 degrees of freedom, so chi2 < 400 fails once in 10^8.
        Assert.True(bins.Sum(count => (long)(count - 256) * (count - 256)) < 256 * 400);
        Assert.InRange(ones, (1 << 20) - 4 * 724, (1 << 20) + 4 * 724); // sigma = sqrt(2^21)/2 = 724
    }

    [Theory]
    [InlineData(0.0, 0UL)]
    [InlineData(0.1, 429496730UL)]
    [InlineData(0.5, 1UL << 31)]
    [InlineData(1.0, 1UL << 32)]
    [InlineData(0.5 / 4294967296.0, 0UL)]
    [InlineData(1.5 / 4294967296.0, 2UL)]
    public void DropoutThresholdIsRoundedToEven(double probability, ulong threshold) =>
        Assert.Equal(threshold, RandomStream.DropoutThreshold(probability));

    [Fact]
    public void DropoutMaskFollowsItsAddress()
    {
        RandomStream site = new(7, "dropout", "h.3.mlp");
        byte[] keep = new byte[5000];
        site.FillDropoutMask(keep, 0.1, sequence: 12, step: 34);
        for (int e = 0; e < keep.Length; e++)
        {
            PhiloxBlock block = Philox4x32.Next(new PhiloxBlock((uint)(e / 4), 0, 12, 34), site.Key);
            uint word = (e % 4) switch { 0 => block.W0, 1 => block.W1, 2 => block.W2, _ => block.W3 };
            Assert.Equal(word >= 429496730 ? 1 : 0, keep[e]);
        }

        Assert.InRange(keep.Count(k => k == 0), 500 - 4 * 21, 500 + 4 * 21); // sigma = sqrt(5000*0.09) = 21
        byte[] part = new byte[1030];
        site.FillDropoutMask(part, 0.1, 12, 34, start: 1999);
        Assert.Equal(keep[1999..3029], part);

        site.FillDropoutMask(part, 0, 12, 34);
        Assert.DoesNotContain((byte)0, part);
        site.FillDropoutMask(part, 1, 12, 34);
        Assert.DoesNotContain((byte)1, part);
        Assert.Throws<ArgumentOutOfRangeException>(() => site.FillDropoutMask(part, double.NaN, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => site.FillDropoutMask(part, 1.1, 0, 0));
    }

    [Fact]
    public void GoldenDigests()
    {
        uint[] words = new uint[1 << 20];
        Philox4x32.Fill(words, 0, 0, 0, new RandomStream(0, "init", "").Key);
        Assert.Equal("3c2b73ec9ff1721cbb054773f7c43c04d1b7cc820fc89b3a48a0720b3e274fb7", Digest(words));

        float[] values = new float[1 << 16];
        Stream.FillUniform(values, -0.02f, 0.02f);
        Assert.Equal("7286c82be69a17a07603385e7ecb067dcd19e7d73b2923981a6a3ddb62e544ac", Digest(values));
    }

    private static string Digest<T>(T[] values)
        where T : unmanaged => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan())));

    private static uint[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, uint>(values).ToArray();
}
