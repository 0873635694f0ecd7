// Philox4x32-10: the counter-based generator of Salmon, Moraes, Dror and Shaw ("Parallel random numbers: as easy as
// 1, 2, 3", 2011). A block of four words is a pure function of a 128-bit counter and a 64-bit key; there is no state.
// Only integers occur here. What may never change: constants, ten rounds, the order of words. Random123's known-answer
// vectors are the tests.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Random;

/// <summary>Four 32-bit words: a counter or a block of Philox4x32, word 0 first.</summary>
/// <param name="W0">Word 0.</param>
/// <param name="W1">Word 1.</param>
/// <param name="W2">Word 2.</param>
/// <param name="W3">Word 3.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PhiloxBlock(uint W0, uint W1, uint W2, uint W3);

/// <summary>The 64-bit key of Philox4x32, as two words.</summary>
/// <param name="K0">Word 0, the low half.</param>
/// <param name="K1">Word 1, the high half.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PhiloxKey(uint K0, uint K1);

/// <summary>Philox4x32 with ten rounds, one block at a time or many consecutive blocks at once.</summary>
public static class Philox4x32
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9; // golden ratio
    private const uint Weyl1 = 0xBB67AE85; // sqrt(3) - 1
    private const int Rounds = 10;

    /// <summary>The block of <paramref name="counter"/> under <paramref name="key"/>.</summary>
    public static PhiloxBlock Next(PhiloxBlock counter, PhiloxKey key)
    {
        (uint x0, uint x1, uint x2, uint x3) = (counter.W0, counter.W1, counter.W2, counter.W3);
        (uint k0, uint k1) = (key.K0, key.K1);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * x0;
            ulong product1 = (ulong)Multiplier1 * x2;
            x0 = (uint)(product1 >> 32) ^ x1 ^ k0;
            x1 = (uint)product1;
            x2 = (uint)(product0 >> 32) ^ x3 ^ k1;
            x3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return new PhiloxBlock(x0, x1, x2, x3);
    }

    /// <summary>
    /// Words of consecutive blocks: word 4j+i of <paramref name="words"/> is word i of the block whose counter is
    /// (low half of first+j, high half of first+j, a, b). The last block may be cut short.
    /// </summary>
    public static void Fill(Span<uint> words, ulong first, uint a, uint b, PhiloxKey key)
    {
        int done = 0;
        if (Avx2.IsSupported)
        {
            for (; words.Length - done >= 32; done += 32, first += 8)
            {
                EightBlocks(ref words[done], first, a, b, key);
            }
        }

        Span<PhiloxBlock> blocks = MemoryMarshal.Cast<uint, PhiloxBlock>(words[done..]);
        for (int i = 0; i < blocks.Length; i++, first++)
        {
            blocks[i] = Next(Counter(first, a, b), key);
        }

        Span<uint> rest = words[(done + 4 * blocks.Length)..];
        if (rest.Length > 0)
        {
            PhiloxBlock last = Next(Counter(first, a, b), key);
            MemoryMarshal.CreateReadOnlySpan(in last.AsWord0(), rest.Length).CopyTo(rest);
        }
    }

    /// <summary>The counter of an address: (low half of position, high half of position, a, b).</summary>
    internal static PhiloxBlock Counter(ulong position, uint a, uint b) => new((uint)position, (uint)(position >> 32), a, b);

    private static ref readonly uint AsWord0(this in PhiloxBlock block) =>
        ref Unsafe.As<PhiloxBlock, uint>(ref Unsafe.AsRef(in block));

    // Two groups of four blocks, one block per 64-bit lane, its words in the lanes' low halves. Groups are independent, so
    // that one hides the other's multiplication latency.
    private static void EightBlocks(ref uint words, ulong first, uint a, uint b, PhiloxKey key)
    {
        Vector256<ulong> lanes = Vector256.Create(first) + Vector256.Create(0UL, 1, 2, 3);
        Vector256<ulong> low = Vector256.Create(0xFFFFFFFFUL);
        Vector256<ulong> m0 = Vector256.Create((ulong)Multiplier0);
        Vector256<ulong> m1 = Vector256.Create((ulong)Multiplier1);
        Vector256<ulong> x0 = lanes & low, x1 = lanes >>> 32, x2 = Vector256.Create((ulong)a), x3 = Vector256.Create((ulong)b);
        lanes += Vector256.Create(4UL);
        Vector256<ulong> y0 = lanes & low, y1 = lanes >>> 32, y2 = x2, y3 = x3;
        (uint k0, uint k1) = (key.K0, key.K1);
        for (int round = 0; round < Rounds; round++)
        {
            Vector256<ulong> key0 = Vector256.Create((ulong)k0), key1 = Vector256.Create((ulong)k1);
            Vector256<ulong> p0 = Avx2.Multiply(x0.AsUInt32(), m0.AsUInt32());
            Vector256<ulong> p1 = Avx2.Multiply(x2.AsUInt32(), m1.AsUInt32());
            Vector256<ulong> q0 = Avx2.Multiply(y0.AsUInt32(), m0.AsUInt32());
            Vector256<ulong> q1 = Avx2.Multiply(y2.AsUInt32(), m1.AsUInt32());
            // The low halves of x1, x3, y1, y3 matter only when stored or moved into x0, x2, y0, y2, whose high halves the
            // multiplication ignores: they are masked once, at the end.
            x0 = (p1 >>> 32) ^ x1 ^ key0;
            x1 = p1;
            x2 = (p0 >>> 32) ^ x3 ^ key1;
            x3 = p0;
            y0 = (q1 >>> 32) ^ y1 ^ key0;
            y1 = q1;
            y2 = (q0 >>> 32) ^ y3 ^ key1;
            y3 = q0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        ref ulong pairs = ref Unsafe.As<uint, ulong>(ref words);
        StoreFour(ref pairs, (x0 & low) | (x1 << 32), (x2 & low) | (x3 << 32));
        StoreFour(ref Unsafe.Add(ref pairs, 8), (y0 & low) | (y1 << 32), (y2 & low) | (y3 << 32));
    }

    // Lane j of words01 and lane j of words23 are the two halves of block j.
    private static void StoreFour(ref ulong destination, Vector256<ulong> words01, Vector256<ulong> words23)
    {
        Vector256<ulong> even = Avx2.UnpackLow(words01, words23);
        Vector256<ulong> odd = Avx2.UnpackHigh(words01, words23);
        Avx2.Permute2x128(even, odd, 0x20).StoreUnsafe(ref destination);
        Avx2.Permute2x128(even, odd, 0x31).StoreUnsafe(ref destination, 4);
    }
}
