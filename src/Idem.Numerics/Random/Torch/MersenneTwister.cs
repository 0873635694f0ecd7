// mt19937 of Matsumoto and Nishimura (1998), seeded as init_genrand does, with the two counters that PyTorch keeps beside
// the 624 words (they enter torch.get_rng_state()). Integers only.
// What may never change: the sequence, and the meaning of Left and Next between two draws.

namespace Idem.Numerics.Random;

/// <summary>The 32-bit Mersenne Twister as PyTorch's CPU generator steps it.</summary>
internal sealed class MersenneTwister
{
    public const int StateWords = 624;
    private const int Shift = 397;

    private readonly uint[] _state = new uint[StateWords];

    public MersenneTwister(ulong seed)
    {
        Seed = seed;
        _state[0] = (uint)seed; // the upper half of a 64-bit seed is kept for the record only
        for (int i = 1; i < StateWords; i++)
        {
            _state[i] = 1812433253u * (_state[i - 1] ^ _state[i - 1] >> 30) + (uint)i;
        }
    }

    public MersenneTwister(ulong seed, int left, uint next, ReadOnlySpan<uint> state)
    {
        Seed = seed;
        Left = left;
        NextIndex = next;
        state.CopyTo(_state);
    }

    /// <summary>The 64-bit seed as given.</summary>
    public ulong Seed { get; }

    /// <summary>One more than the number of words left; 1 asks for a new block at the next draw.</summary>
    public int Left { get; private set; } = 1;

    /// <summary>Index of the next word.</summary>
    public uint NextIndex { get; private set; }

    public ReadOnlySpan<uint> State => _state;

    public uint Next()
    {
        if (--Left == 0)
        {
            Twist();
        }

        uint y = _state[NextIndex++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ y >> 18;
    }

    /// <summary>64 bits: the first draw is the high half.</summary>
    public ulong Next64()
    {
        ulong high = Next();
        return high << 32 | Next();
    }

    private void Twist()
    {
        Left = StateWords;
        NextIndex = 0;
        for (int i = 0; i < StateWords; i++)
        {
            uint following = _state[i + 1 < StateWords ? i + 1 : 0];
            uint mixed = (_state[i] & 0x80000000) | (following & 0x7FFFFFFF);
            uint distant = _state[i + Shift < StateWords ? i + Shift : i + Shift - StateWords];
            _state[i] = distant ^ mixed >> 1 ^ ((following & 1) != 0 ? 0x9908B0DFu : 0u);
        }
    }
}
