// torch.get_rng_state() and torch.set_rng_state(): the 5056 bytes of CPUGeneratorImplState on a 64-bit little-endian machine.
//   0    u64     seed                        5016 f64  normal_x = 0
//   8    i32     left                        5024 f64  normal_y: the cached second double of a pair, else 0
//   12   i32     seeded = 1                  5032 f64  normal_rho = 0
//   16   u64     next                        5040 i32  normal_is_valid; 4 bytes of padding
//   24   u64[624] the words of mt19937       5048 f32  cached float; 5052 bool valid; 3 bytes of padding

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>Length of a state in bytes.</summary>
    public const int StateBytes = 5056;

    private const int WordsOffset = 24;
    private const int NormalOffset = WordsOffset + 8 * MersenneTwister.StateWords + 8; // behind normal_x

    /// <summary>The bytes of torch.get_rng_state().</summary>
    public byte[] GetState()
    {
        byte[] state = new byte[StateBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(state, _engine.Seed);
        BinaryPrimitives.WriteInt32LittleEndian(state.AsSpan(8), _engine.Left);
        BinaryPrimitives.WriteInt32LittleEndian(state.AsSpan(12), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(16), _engine.NextIndex);
        for (int i = 0; i < MersenneTwister.StateWords; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(WordsOffset + 8 * i), _engine.State[i]);
        }

        Span<byte> normal = state.AsSpan(NormalOffset);
        BinaryPrimitives.WriteDoubleLittleEndian(normal, _nextDoubleNormal ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(normal[16..], _nextDoubleNormal is null ? 0 : 1);
        BinaryPrimitives.WriteSingleLittleEndian(normal[24..], _nextFloatNormal ?? 0);
        normal[28] = _nextFloatNormal is null ? (byte)0 : (byte)1;
        return state;
    }

    /// <summary>SHA-256 of <see cref="GetState"/>, in lower-case hexadecimal.</summary>
    public string StateDigest() => Convert.ToHexStringLower(SHA256.HashData(GetState()));

    /// <summary>torch.set_rng_state(state).</summary>
    /// <exception cref="ArgumentException">The bytes are no state of PyTorch's CPU generator.</exception>
    public void SetState(ReadOnlySpan<byte> state)
    {
        if (state.Length != StateBytes)
        {
            throw new ArgumentException(
                $"TorchRandom.SetState: {state.Length} bytes; torch.get_rng_state() of a CPU generator has {StateBytes}.",
                nameof(state));
        }

        int left = BinaryPrimitives.ReadInt32LittleEndian(state[8..]);
        ulong next = BinaryPrimitives.ReadUInt64LittleEndian(state[16..]);
        bool seeded = BinaryPrimitives.ReadInt32LittleEndian(state[12..]) == 1;
        if (!seeded || left < 1 || left > MersenneTwister.StateWords || next > MersenneTwister.StateWords)
        {
            throw new ArgumentException(
                $"TorchRandom.SetState: left {left}, next {next}, seeded {seeded} are no state of mt19937; "
                + "pass the bytes of torch.get_rng_state() unchanged.",
                nameof(state));
        }

        uint[] words = new uint[MersenneTwister.StateWords];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = (uint)BinaryPrimitives.ReadUInt64LittleEndian(state[(WordsOffset + 8 * i)..]);
        }

        ReadOnlySpan<byte> normal = state[NormalOffset..];
        _engine = new MersenneTwister(BinaryPrimitives.ReadUInt64LittleEndian(state), left, (uint)next, words);
        _nextDoubleNormal = BinaryPrimitives.ReadInt32LittleEndian(normal[16..]) == 0
            ? null
            : BinaryPrimitives.ReadDoubleLittleEndian(normal);
        _nextFloatNormal = normal[28] == 0 ? null : BinaryPrimitives.ReadSingleLittleEndian(normal[24..]);
    }
}
