// PyTorch's CPU generator: the stream of torch.manual_seed(s) and what torch draws from it, bit for bit, for those who bring
// a PyTorch seed. A sequential generator with state, unlike RandomStream: every call advances it as PyTorch's call does.
// Emulated is PyTorch 1.13 built for AVX2 with FMA, single thread, on Linux with glibc; every operation is spelled out, so the
// bits are the same on every machine. It is not a tensor library: it fills spans in row-major order, as for contiguous tensors.
// What may never change: anything that changes a bit of a result or the number of words a call takes.

namespace Idem.Numerics.Random;

/// <summary>Which PyTorch decides where versions differ.</summary>
public enum TorchVersion
{
    /// <summary>PyTorch 1.13: integers take 64-bit draws from a range of 2^32 on.</summary>
    V113,

    /// <summary>PyTorch 2.10: integers take 64-bit draws from a range of 2^28 on.</summary>
    V210,
}

/// <summary>The CPU random number generator of PyTorch. Not thread-safe.</summary>
public sealed partial class TorchRandom
{
    private MersenneTwister _engine;
    private double? _nextDoubleNormal;
    private float? _nextFloatNormal; // only kept: CPU draws never set it, a restored state may

    /// <summary>A generator as after <c>torch.manual_seed(seed)</c>; negative seeds are taken modulo 2^64.</summary>
    public TorchRandom(long seed, TorchVersion version = TorchVersion.V113)
        : this(unchecked((ulong)seed), version)
    {
    }

    /// <summary>A generator as after <c>torch.manual_seed(seed)</c>.</summary>
    public TorchRandom(ulong seed, TorchVersion version = TorchVersion.V113)
    {
        _engine = new MersenneTwister(seed);
        Version = version;
    }

    /// <summary>The version emulated where versions differ.</summary>
    public TorchVersion Version { get; }

    /// <summary>torch.initial_seed().</summary>
    public ulong InitialSeed => _engine.Seed;

    /// <summary>torch.manual_seed(seed): starts the stream again.</summary>
    public void ManualSeed(ulong seed)
    {
        _engine = new MersenneTwister(seed);
        _nextDoubleNormal = null;
        _nextFloatNormal = null;
    }

    /// <summary>The engine's next 32 bits.</summary>
    public uint NextUInt32() => _engine.Next();

    /// <summary>64 bits from two draws, the first one high.</summary>
    public ulong NextUInt64() => _engine.Next64();
}
