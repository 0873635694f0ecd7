using Idem.Numerics.Random;
using Xunit;

// The namespace is not "Random": that would hide System.Random from the other tests.
namespace Idem.Tests.Randomness;

public class PhiloxTests
{
    // Random123, kat_vectors, philox4x32 10.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(
        0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void KnownAnswers(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal(new PhiloxBlock(w0, w1, w2, w3), Philox4x32.Next(new(c0, c1, c2, c3), new(k0, k1)));

    [Fact]
    public void FillEqualsTheBlocksOneByOne()
    {
        PhiloxKey key = new(0x243f6a88, 0x85a308d3);
        // The second start makes the low word of the position carry into the high word in the middle of a vector.
        foreach (ulong first in new[] { 0UL, 0xFFFFFFFDUL, 0x1234_5678_9ABC_DEF0UL, ulong.MaxValue - 20 })
        {
            foreach (int length in new[] { 0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 67, 127, 128, 130 })
            {
                uint[] words = new uint[length + 2];
                words[^1] = words[^2] = 0xDEADBEEF;
                Philox4x32.Fill(words.AsSpan(0, length), first, 7, 0xFFFFFFFF, key);
                for (int i = 0; i < length; i++)
                {
                    PhiloxBlock block = Philox4x32.Next(Philox4x32.Counter(first + (ulong)(i / 4), 7, 0xFFFFFFFF), key);
                    uint expected = (i % 4) switch { 0 => block.W0, 1 => block.W1, 2 => block.W2, _ => block.W3 };
                    Assert.True(expected == words[i], $"word {i} of {length} from block {first}: {words[i]:x8}, not {expected:x8}");
                }

                Assert.Equal(0xDEADBEEF, words[^1]);
                Assert.Equal(0xDEADBEEF, words[^2]);
            }
        }
    }
}
