// A named stream of random draws as a pure function: (seed, purpose, name) make the key, (position, a, b) the counter of
// Philox4x32-10. Nothing is consumed, so nothing shifts when a layer is added, a worker leaves or a batch is resized.
// This is deliberately not a sequential generator: the caller says which draw, always.
// What may never change: the bytes that are hashed, the layout of the counter, the use of each word.

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Idem.Numerics.Random;

/// <summary>
/// Random draws addressed by (position, a, b) under a key made from (seed, purpose, name). See arithmetic.md#randomness.
/// </summary>
public readonly partial record struct RandomStream
{
    /// <summary>The version that enters every key; a new arithmetic gets new streams.</summary>
    public const string Version = "idem-1";

    /// <summary>A stream with a key made elsewhere.</summary>
    public RandomStream(PhiloxKey key) => Key = key;

    /// <summary>The stream of a seed, a purpose ("init", "dropout", "data", "sampling") and a name within it.</summary>
    /// <param name="seed">The run's or request's seed.</param>
    /// <param name="purpose">What the draws are for.</param>
    /// <param name="name">The parameter, layer or site; may be empty.</param>
    public RandomStream(ulong seed, string purpose, string name)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        ArgumentNullException.ThrowIfNull(name);
        Key = DeriveKey(seed, purpose, name);
    }

    /// <summary>The Philox key.</summary>
    public PhiloxKey Key { get; }

    /// <summary>The four words at an address.</summary>
    public PhiloxBlock Block(ulong position, uint a = 0, uint b = 0) => Philox4x32.Next(Philox4x32.Counter(position, a, b), Key);

    /// <summary>32 random bits: word 0 of the block.</summary>
    public uint Bits(ulong position, uint a = 0, uint b = 0) => Block(position, a, b).W0;

    /// <summary>64 random bits: word 0 is the low half, word 1 the high half.</summary>
    public ulong Bits64(ulong position, uint a = 0, uint b = 0)
    {
        PhiloxBlock block = Block(position, a, b);
        return (ulong)block.W1 << 32 | block.W0;
    }

    /// <summary>A float32 in [0, 1): the top 24 bits of word 0, times 2^-24 (exact).</summary>
    public float Uniform(ulong position, uint a = 0, uint b = 0) => UnitFloat(Bits(position, a, b));

    /// <summary>
    /// An integer in [0, n): floor(x * n / 2^128), where x is the block as a 128-bit number (word 0 least significant).
    /// No rejection, so it stays a function of the address; every value's probability is 1/n within n/2^128.
    /// </summary>
    /// <param name="n">The number of values, 1 to 2^63.</param>
    /// <param name="position">The position within the stream.</param>
    /// <param name="a">The third word of the counter.</param>
    /// <param name="b">The fourth word of the counter.</param>
    public long Bounded(ulong n, ulong position, uint a = 0, uint b = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, 1UL << 63);
        PhiloxBlock block = Block(position, a, b);
        ulong low = (ulong)block.W1 << 32 | block.W0;
        ulong high = (ulong)block.W3 << 32 | block.W2;
        // x*n = high*n*2^64 + low*n; its bits from 128 up, with the carry out of the middle.
        ulong top = Math.BigMul(high, n, out ulong middle);
        ulong carryIn = Math.BigMul(low, n, out _);
        return (long)(top + (middle + carryIn < middle ? 1UL : 0UL));
    }

    /// <summary>The top 24 bits of a word as a float32 in [0, 1). Exact.</summary>
    internal static float UnitFloat(uint word) => (int)(word >> 8) * (1f / (1 << 24));

    private static PhiloxKey DeriveKey(ulong seed, string purpose, string name)
    {
        // "idem-1", seed (8 bytes), then purpose and name in UTF-8, each behind its length (4 bytes). Little endian.
        byte[] version = Encoding.ASCII.GetBytes(Version);
        byte[] purposeBytes = Encoding.UTF8.GetBytes(purpose);
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        byte[] message = new byte[version.Length + 8 + 4 + purposeBytes.Length + 4 + nameBytes.Length];
        Span<byte> rest = message;
        version.CopyTo(rest);
        rest = rest[version.Length..];
        BinaryPrimitives.WriteUInt64LittleEndian(rest, seed);
        rest = rest[8..];
        foreach (byte[] text in new[] { purposeBytes, nameBytes })
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, text.Length);
            text.CopyTo(rest[4..]);
            rest = rest[(4 + text.Length)..];
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, hash);
        return new PhiloxKey(BinaryPrimitives.ReadUInt32LittleEndian(hash), BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]));
    }
}
